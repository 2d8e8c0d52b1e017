"""Spearman dissimilarity: blind to every monotone change of a map's values."""

from lookalike.metrics.preparation import average_ranks, centred_unit_vectors, flat
from lookalike.registry import metric


def centred_ranks(maps):
    """Return the maps' average ranks as vectors of mean 0 and length 1, shape (a, p); NaN for a constant map."""
    return centred_unit_vectors(average_ranks(flat(maps)))


@metric(
    prepare=centred_ranks,
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
        Maps of one image by two blocks of models, prepared to centred unit vectors of their ranks.

    Returns
    -------
    ndarray, shape (a, b)
        NaN where either map is constant.
    """
    return 1 - x @ y.T
