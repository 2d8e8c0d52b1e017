"""Cosine dissimilarity: blind to the scale of a map, not to its offset or sign."""

import numpy as np

from lookalike.core.registry import metric
from lookalike.metrics.products import Vectors, cosines, vectors


@metric(
    prepare=vectors,
    range=(0, 2),
    raw=lambda d: 1 - d,
    raw_name="cosine similarity",
    formula="1 - cos",
    law="product",
    ignores=("scale",),
    undefined="a map is all zero",
    saliencytools=(
        "`cosine_distance`: the same, but NaN reaches the mean where a map is all zero; here "
        "such an image is left out and counted"
    ),
)
def cosine(x: Vectors, y: Vectors, *, upper: bool = False) -> np.ndarray:
    """Return 1 - cos of the angle between maps, for all pairs.

    Parameters
    ----------
    x : Vectors of shape (a, p)
    y : Vectors of shape (b, p)
        Maps of one image by two blocks of models, prepared for inner products.
    upper : bool
        Whether only the pairs above the diagonal are needed.

    Returns
    -------
    ndarray, shape (a, b)
        NaN where either map is all zero.
    """
    return 1 - cosines(x, y, upper=upper)
