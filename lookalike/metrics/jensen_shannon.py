"""Jensen-Shannon distance of maps as distributions."""

import numpy as np

from lookalike.metrics.preparation import distributions
from lookalike.registry import metric


def half_divergence(p, q):
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
    ignores=("scale",),
    triangle=True,
    views="unsigned",
    undefined="a map is all zero",
    cost="pairs",
    reference="Endres and Schindelin 2003, doi:10.1109/TIT.2003.813506",
    saliencytools="`kl_divergence` is a symmetric KL divergence of shifted maps, unbounded and led by the epsilon in empty places; this is its bounded kin",
)
def jensen_shannon(x, y):
    """Return the square root of the Jensen-Shannon divergence, base 2, for all pairs.

    Parameters
    ----------
    x : ndarray, shape (a, p)
    y : ndarray, shape (b, p)
        Maps of one image by two blocks of models, prepared to sum 1.

    Returns
    -------
    ndarray, shape (a, b)
        NaN where either map is all zero.
    """
    divergences = np.stack([half_divergence(row, y) + half_divergence(y, row) for row in x]) / 2
    return np.sqrt(np.maximum(divergences, 0))
