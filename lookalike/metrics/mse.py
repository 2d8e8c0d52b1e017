"""Mean squared error: sees scale, offset and sign."""

import numpy as np

from lookalike.core.registry import metric
from lookalike.metrics.preparation import mean_squared_differences, pixels


@metric(
    prepare=pixels,
    range=(0, np.inf),
    raw=lambda d: d,
    raw_name="mean squared error",
    formula="mean (x - y)^2",
    saliencytools="`mean_squared_error`: the same",
)
def mse(x, y):
    """Return the mean squared difference of pixels, for all pairs.

    Parameters
    ----------
    x : ndarray, shape (a, p)
    y : ndarray, shape (b, p)
        Maps of one image by two blocks of models, flat.

    Returns
    -------
    ndarray, shape (a, b)
    """
    return mean_squared_differences(x, y)
