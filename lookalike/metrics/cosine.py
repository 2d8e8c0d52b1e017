"""Cosine dissimilarity: blind to the scale of a map, not to its offset or sign."""

from lookalike.core.registry import metric
from lookalike.metrics.preparation import cosines, pixels


@metric(
    prepare=pixels,
    range=(0, 2),
    raw=lambda d: 1 - d,
    raw_name="cosine similarity",
    formula="1 - cos",
    ignores=("scale",),
    undefined="a map is all zero",
    saliencytools=(
        "`cosine_distance`: the same, but NaN reaches the mean where a map is all zero; here "
        "such an image is left out and counted"
    ),
)
def cosine(x, y):
    """Return 1 - cos of the angle between maps, for all pairs.

    Parameters
    ----------
    x : ndarray, shape (a, p)
    y : ndarray, shape (b, p)
        Maps of one image by two blocks of models, flat.

    Returns
    -------
    ndarray, shape (a, b)
        NaN where either map is all zero.
    """
    return 1 - cosines(x, y)
