"""Spatial earth mover's distance: how far saliency must be carried to turn one map into the
other.
"""

import numpy as np

from lookalike.core.registry import metric
from lookalike.metrics.preparation import Sign, block_means, pairs_of, with_sum_1, without_sign


def distributions(maps: np.ndarray, *, grid: int = 28, sign: Sign = "absolute") -> np.ndarray:
    """Return maps on a coarse grid, without sign and with sum 1, shape (a, h, w); NaN for a map
    that is all zero.
    """
    coarse = block_means(without_sign(maps, sign), grid)
    return with_sum_1(coarse.reshape(len(coarse), -1)).reshape(coarse.shape)


@metric(
    prepare=distributions,
    range=(0, 1),
    raw=lambda d: d,
    raw_name="earth mover's distance",
    formula="cost of the optimal transport, ground distance over the grid's diagonal",
    ignores=("scale", "sign"),
    triangle=True,
    undefined="a map is all zero",
    cost="pairs",
    reference="Rubner et al. 2000, doi:10.1023/A:1026543900054",
    saliencytools="its `emd` is blind to place (see `emd_values`); this one is not",
)
def emd(x: np.ndarray, y: np.ndarray, *, upper: bool = False) -> np.ndarray:
    """Return the exact transport cost between maps as distributions of saliency, for all pairs.

    The ground distance is Euclidean over the grid's diagonal, so that 1 means from corner to
    opposite corner.

    Parameters
    ----------
    x : ndarray, shape (a, h, w)
    y : ndarray, shape (b, h, w)
        Maps of one image by two blocks of models, prepared to distributions.
    upper : bool
        Whether only the pairs above the diagonal are needed.

    Returns
    -------
    ndarray, shape (a, b)
        NaN where either map is all zero.
    """
    from lookalike.metrics.compiled.network_simplex import transport_cost

    diagonal = max(np.hypot(x.shape[1] - 1, x.shape[2] - 1), 1)
    values = np.full((len(x), len(y)), np.nan)
    for row, column in pairs_of(x, y, upper):
        # The common mass stays where it is in some optimal plan, because the ground distance is a
        # metric.
        surplus = x[row] - y[column]
        if np.isfinite(surplus[0, 0]):
            values[row, column] = transport_cost(surplus) / diagonal
            if np.isnan(values[row, column]):
                raise RuntimeError("emd: the transport solver did not end, which it always should")
    return values
