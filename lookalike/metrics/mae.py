"""Mean absolute error: sees scale, offset and sign."""

import numpy as np

from lookalike.core.registry import metric
from lookalike.metrics.preparation import mean_absolute_differences
from lookalike.metrics.products import pixels


@metric(
    prepare=pixels,
    range=(0, np.inf),
    raw=lambda d: d,
    raw_name="mean absolute error",
    formula="mean |x - y|",
    law="squares",
    triangle=True,
    cost="pairs",
    saliencytools="`mean_absolute_error`: the same",
)
def mae(x: np.ndarray, y: np.ndarray, *, upper: bool = False) -> np.ndarray:
    """Return the mean absolute difference of pixels, for all pairs.

    Parameters
    ----------
    x : ndarray, shape (a, p)
    y : ndarray, shape (b, p)
        Maps of one image by two blocks of models, flat.
    upper : bool
        Whether only the pairs above the diagonal are needed.

    Returns
    -------
    ndarray, shape (a, b)
    """
    return mean_absolute_differences(x, y, upper=upper)
