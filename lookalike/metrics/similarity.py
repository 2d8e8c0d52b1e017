"""Similarity of maps as distributions, the SIM of the saliency benchmarks, as a dissimilarity."""

import numpy as np

from lookalike.core.registry import metric
from lookalike.metrics.preparation import distributions, mean_absolute_differences


@metric(
    prepare=distributions,
    range=(0, 1),
    raw=lambda d: 1 - d,
    raw_name="SIM",
    formula="1 - sum min(p, q), maps scaled to sum 1",
    law="product",
    ignores=("scale",),
    triangle=True,
    views="unsigned",
    undefined="a map is all zero",
    cost="pairs",
    reference="Judd et al. 2012, MIT-CSAIL-TR-2012-001",
)
def similarity(x: np.ndarray, y: np.ndarray, *, upper: bool = False) -> np.ndarray:
    """Return 1 - sum min(p, q) of maps as distributions, for all pairs.

    Parameters
    ----------
    x : ndarray, shape (a, p)
    y : ndarray, shape (b, p)
        Maps of one image by two blocks of models, prepared to sum 1.
    upper : bool
        Whether only the pairs above the diagonal are needed.

    Returns
    -------
    ndarray, shape (a, b)
        NaN where either map is all zero.
    """
    return mean_absolute_differences(x, y, upper=upper) * (x.shape[1] / 2)
