"""Pearson dissimilarity: blind to the scale and the offset of a map."""

import numpy as np

from lookalike.core.registry import metric
from lookalike.metrics.products import Vectors, correlations, vectors


@metric(
    prepare=vectors,
    range=(0, 2),
    raw=lambda d: 1 - d,
    raw_name="Pearson correlation",
    formula="1 - r",
    law="product",
    ignores=("scale", "offset"),
    undefined="a map is constant",
    saliencytools=(
        "`correlation_distance`: the same, but NaN reaches the mean where a map is constant; "
        "here such an image is left out and counted"
    ),
)
def pearson(x: Vectors, y: Vectors, *, upper: bool = False) -> np.ndarray:
    """Return 1 - r, Pearson's correlation over pixels, for all pairs.

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
        NaN where either map is constant.
    """
    return 1 - correlations(x, y, upper=upper)
