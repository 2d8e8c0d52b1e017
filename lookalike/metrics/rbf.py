"""Radial basis function dissimilarity: the mean squared error on a bounded scale."""

import numpy as np

from lookalike.core.registry import metric
from lookalike.metrics.products import Vectors, mean_squared_differences, vectors

# The width is stated for the 224 x 224 maps of the first studies, and carried over to any size by
# the mean.
PIXELS_OF_SIGMA = 224 * 224


@metric(
    prepare=vectors,
    range=(0, 1),
    raw=lambda d: 1 - d,
    raw_name="RBF similarity",
    formula="1 - exp(-g MSE), g = 224^2 / (2 sigma^2)",
    law="product",
)
def rbf(x: Vectors, y: Vectors, *, sigma: float = 80.0, upper: bool = False) -> np.ndarray:
    """Return 1 - exp(-g MSE), with g = 224^2 / (2 sigma^2), 3.92 for the default, for all pairs.

    Parameters
    ----------
    x : Vectors of shape (a, p)
    y : Vectors of shape (b, p)
        Maps of one image by two blocks of models, prepared for inner products.
    sigma : float
        Width of the kernel for maps of 224 x 224 pixels; one value for all pairs, never tuned per
        pair.
    upper : bool
        Whether only the pairs above the diagonal are needed.

    Returns
    -------
    ndarray, shape (a, b)
    """
    return -np.expm1(
        -PIXELS_OF_SIGMA / (2 * sigma**2) * mean_squared_differences(x, y, upper=upper)
    )
