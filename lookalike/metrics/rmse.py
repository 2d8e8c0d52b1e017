"""Root mean squared error: sees scale, offset and sign."""

import numpy as np

from lookalike.core.registry import metric
from lookalike.metrics.preparation import mean_squared_differences, pixels


@metric(
    prepare=pixels,
    range=(0, np.inf),
    raw=lambda d: d,
    raw_name="root mean squared error",
    formula="sqrt(mean (x - y)^2)",
    triangle=True,
    saliencytools=(
        "`euclidean_distance` is the root of the sum, not of the mean: sqrt(pixels) times larger"
    ),
)
def rmse(x, y):
    """Return the root mean squared difference of pixels, for all pairs.

    Parameters
    ----------
    x : ndarray, shape (a, p)
    y : ndarray, shape (b, p)
        Maps of one image by two blocks of models, flat.

    Returns
    -------
    ndarray, shape (a, b)
    """
    return np.sqrt(mean_squared_differences(x, y))
