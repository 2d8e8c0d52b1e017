"""Spearman dissimilarity: blind to every monotone change of a map's values."""

from lookalike.core.registry import metric
from lookalike.core.vectors import average_ranks
from lookalike.metrics.preparation import correlations, pixels


def ranks(maps):
    """Return the average ranks of the pixels, shape (a, p)."""
    return average_ranks(pixels(maps))


@metric(
    prepare=ranks,
    range=(0, 2),
    raw=lambda d: 1 - d,
    raw_name="Spearman correlation",
    formula="1 - rho, average ranks",
    ignores=("scale", "offset"),
    undefined="a map is constant",
)
def spearman(x, y):
    """Return 1 - rho, Pearson's correlation of the pixels' ranks, for all pairs.

    Parameters
    ----------
    x : ndarray, shape (a, p)
    y : ndarray, shape (b, p)
        Maps of one image by two blocks of models, prepared to ranks.

    Returns
    -------
    ndarray, shape (a, b)
        NaN where either map is constant.
    """
    return 1 - correlations(x, y)
