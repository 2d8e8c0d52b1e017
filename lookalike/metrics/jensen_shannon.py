"""Jensen-Shannon distance of maps as distributions."""

import numpy as np

from lookalike.core.registry import metric
from lookalike.metrics.preparation import distributions, pairs_of


def half_divergence(p: np.ndarray, q: np.ndarray) -> float:
    """Return sum p log2(p / m), m the mean of p and q, along the last axis."""
    with np.errstate(divide="ignore", invalid="ignore"):
        # p / m = 1 + (p - q) / (p + q): exactly 1 where the maps are equal.
        terms = p * np.log1p((p - q) / (p + q))
    return np.where(p == 0, 0.0, terms).sum(axis=-1) / np.log(2)


@metric(
    prepare=distributions,
    range=(0, 1),
    raw=lambda d: d,
    raw_name="Jensen-Shannon distance",
    formula="sqrt(JSD), base 2, maps scaled to sum 1",
    law="product",
    ignores=("scale",),
    triangle=True,
    views="unsigned",
    undefined="a map is all zero",
    cost="pairs",
    reference="Endres and Schindelin 2003, doi:10.1109/TIT.2003.813506",
)
def jensen_shannon(x: np.ndarray, y: np.ndarray, *, upper: bool = False) -> np.ndarray:
    """Return the square root of the Jensen-Shannon divergence, base 2, for all pairs.

    Parameters
    ----------
    x : ndarray, shape (a, p)
    y : ndarray, shape (b, p)
        Maps of one image by two blocks of models, prepared to sum 1.
    upper : bool
        Whether only the pairs above the diagonal are needed.

    Returns
    -------
    ndarray, shape (a, b)
        NaN where either map is all zero.
    """
    divergences = np.zeros((len(x), len(y)))
    for row, column in pairs_of(x, y, upper):
        p, q = x[row], y[column]
        divergences[row, column] = (half_divergence(p, q) + half_divergence(q, p)) / 2
    return np.sqrt(np.maximum(divergences, 0))
