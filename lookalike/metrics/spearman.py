"""Spearman dissimilarity: blind to every monotone change of a map's values."""

import numpy as np

from lookalike.core.registry import metric
from lookalike.core.vectors import average_ranks
from lookalike.metrics.products import Vectors, correlations, pixels, vectors


def ranks(maps: np.ndarray) -> Vectors:
    """Return the average ranks of the pixels, prepared for inner products."""
    return vectors(average_ranks(pixels(maps)))


@metric(
    prepare=ranks,
    range=(0, 2),
    raw=lambda d: 1 - d,
    raw_name="Spearman correlation",
    formula="1 - rho, average ranks",
    law="product",
    ignores=("scale", "offset"),
    undefined="a map is constant",
)
def spearman(x: Vectors, y: Vectors, *, upper: bool = False) -> np.ndarray:
    """Return 1 - rho, Pearson's correlation of the pixels' ranks, for all pairs.

    Parameters
    ----------
    x : Vectors of shape (a, p)
    y : Vectors of shape (b, p)
        Ranks of maps of one image by two blocks of models.
    upper : bool
        Whether only the pairs above the diagonal are needed.

    Returns
    -------
    ndarray, shape (a, b)
        NaN where either map is constant.
    """
    return 1 - correlations(x, y, upper=upper)
