"""Mean squared error: sees scale, offset and sign."""

import numpy as np

from lookalike.core.registry import metric
from lookalike.metrics.products import Vectors, mean_squared_differences, vectors


@metric(
    prepare=vectors,
    range=(0, np.inf),
    raw=lambda d: d,
    raw_name="mean squared error",
    formula="mean (x - y)^2",
    law="product",
    saliencytools="`mean_squared_error`: the same",
)
def mse(x: Vectors, y: Vectors, *, upper: bool = False) -> np.ndarray:
    """Return the mean squared difference of pixels, for all pairs.

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
    """
    return mean_squared_differences(x, y, upper=upper)
