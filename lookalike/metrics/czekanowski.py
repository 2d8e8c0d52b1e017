"""Czekanowski distance (Bray-Curtis) of unsigned maps."""

import numpy as np

from lookalike.core.registry import metric
from lookalike.metrics.preparation import mean_absolute_differences, unsigned
from lookalike.metrics.products import sums


@metric(
    prepare=unsigned,
    range=(0, 1),
    raw=lambda d: 1 - d,
    raw_name="Czekanowski index",
    formula="1 - 2 sum min / sum (x + y); 0 for two zero maps",
    law="product",
    views="unsigned",
    cost="pairs",
    saliencytools=(
        "`czenakowski_distance`: the same on maps that are not negative; on signed ones it is "
        "unbounded, which is refused here"
    ),
)
def czekanowski(x: np.ndarray, y: np.ndarray, *, upper: bool = False) -> np.ndarray:
    """Return 1 - 2 sum min(x, y) / sum (x + y), for all pairs; 0 for two maps that are all zero.

    Parameters
    ----------
    x : ndarray, shape (a, p)
    y : ndarray, shape (b, p)
        Maps of one image by two blocks of models, flat and not negative.
    upper : bool
        Whether only the pairs above the diagonal are needed.

    Returns
    -------
    ndarray, shape (a, b)
    """
    total = np.add.outer(sums(x), sums(y)) / x.shape[1]
    return mean_absolute_differences(x, y, upper=upper) / np.where(total > 0, total, 1)
