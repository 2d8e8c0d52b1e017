"""Wasserstein-1 distance between the values of pixels: the seed studies' EMD, blind to place."""

import numpy as np

from lookalike.core.registry import metric
from lookalike.core.vectors import in_order
from lookalike.metrics.preparation import mean_absolute_differences
from lookalike.metrics.products import pixels


def sorted_values(maps: np.ndarray) -> np.ndarray:
    """Return the maps' values in ascending order, shape (a, p)."""
    vectors = pixels(maps)
    order, _ = in_order(vectors)
    return np.stack([values.take(own) for values, own in zip(vectors, order, strict=True)])


@metric(
    prepare=sorted_values,
    range=(0, np.inf),
    raw=lambda d: d,
    raw_name="Wasserstein-1 distance of values",
    formula="mean |sort x - sort y|",
    ignores=("place",),
    triangle=True,
    cost="pairs",
    saliencytools=(
        "`emd` compares histograms of 256 bins over each map's own range, in units of bins; here "
        "the values themselves"
    ),
)
def emd_values(x: np.ndarray, y: np.ndarray, *, upper: bool = False) -> np.ndarray:
    """Return the Wasserstein-1 distance between the distributions of pixel values, for all pairs.

    Parameters
    ----------
    x : ndarray, shape (a, p)
    y : ndarray, shape (b, p)
        Maps of one image by two blocks of models, their values sorted.
    upper : bool
        Whether only the pairs above the diagonal are needed.

    Returns
    -------
    ndarray, shape (a, b)
    """
    return mean_absolute_differences(x, y, upper=upper)
