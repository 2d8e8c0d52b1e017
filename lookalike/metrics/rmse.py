"""Root mean squared error: sees scale, offset and sign."""

import numpy as np

from lookalike.core.registry import metric
from lookalike.metrics.products import Vectors, mean_squared_differences, vectors


@metric(
    prepare=vectors,
    range=(0, np.inf),
    raw=lambda d: d,
    raw_name="root mean squared error",
    formula="sqrt(mean (x - y)^2)",
    law="squares",
    triangle=True,
    saliencytools=(
        "`euclidean_distance` is the root of the sum, not of the mean: sqrt(pixels) times larger"
    ),
)
def rmse(x: Vectors, y: Vectors, *, upper: bool = False) -> np.ndarray:
    """Return the root mean squared difference of pixels, for all pairs.

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
    return np.sqrt(mean_squared_differences(x, y, upper=upper))
