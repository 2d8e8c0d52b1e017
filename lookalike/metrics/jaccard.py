"""Jaccard distance of weighted sets: one minus the Ruzicka index of unsigned maps."""

import numpy as np

from lookalike.core.registry import metric
from lookalike.metrics.preparation import mean_absolute_differences, unsigned
from lookalike.metrics.products import sums


@metric(
    prepare=unsigned,
    range=(0, 1),
    raw=lambda d: 1 - d,
    raw_name="Ruzicka index",
    formula="1 - sum min / sum max; 0 for two zero maps",
    law="product",
    triangle=True,
    views="unsigned",
    cost="pairs",
    saliencytools=(
        "`jaccard_distance`: the same on maps that are not negative, but 1 for two zero maps; "
        "here 0"
    ),
)
def jaccard(x: np.ndarray, y: np.ndarray, *, upper: bool = False) -> np.ndarray:
    """Return 1 - sum min(x, y) / sum max(x, y), for all pairs; 0 for two maps that are all zero.

    Parameters
    ----------
    x : ndarray, shape (a, p)
    y : ndarray, shape (b, p)
        Maps of one image by two blocks of models, flat and not negative.
    upper : bool
        Whether only the pairs above the diagonal are needed.

    Returns
    -------
    ndarray, shape (a, b)
    """
    differences = mean_absolute_differences(x, y, upper=upper)
    # sum max = (sum x + sum y + sum |x - y|) / 2, and sum max - sum min = sum |x - y|.
    largest = (np.add.outer(sums(x), sums(y)) / x.shape[1] + differences) / 2
    return differences / np.where(largest > 0, largest, 1)
