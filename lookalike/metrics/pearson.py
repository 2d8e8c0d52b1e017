"""Pearson dissimilarity: blind to the scale and the offset of a map."""

from lookalike.core.registry import metric
from lookalike.metrics.preparation import correlations, pixels


@metric(
    prepare=pixels,
    range=(0, 2),
    raw=lambda d: 1 - d,
    raw_name="Pearson correlation",
    formula="1 - r",
    ignores=("scale", "offset"),
    undefined="a map is constant",
    saliencytools=(
        "`correlation_distance`: the same, but NaN reaches the mean where a map is constant; "
        "here such an image is left out and counted"
    ),
)
def pearson(x, y):
    """Return 1 - r, Pearson's correlation over pixels, for all pairs.

    Parameters
    ----------
    x : ndarray, shape (a, p)
    y : ndarray, shape (b, p)
        Maps of one image by two blocks of models, flat.

    Returns
    -------
    ndarray, shape (a, b)
        NaN where either map is constant.
    """
    return 1 - correlations(x, y)
