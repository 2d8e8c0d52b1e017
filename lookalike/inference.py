"""What tests of hypotheses share: p values from permutations, and their correction where several are reported together."""

import numpy as np


def permutation_p(observed, null):
    """Return the share of permutations, the identity counted among them, that reach the observed statistic.

    Parameters
    ----------
    observed : float
    null : ndarray, shape (permutations,)

    Returns
    -------
    float
        Never 0. Values that differ by rounding alone count as equal.

    References
    ----------
    Phipson and Smyth 2010, doi:10.2202/1544-6115.1585
    """
    tolerance = 1e-9 * max(abs(observed), np.abs(null).max(initial=0))
    return float((1 + (null >= observed - tolerance).sum()) / (1 + len(null)))


def holm(p):
    """Correct p values for being several, so that the chance of any false finding stays at the level.

    Parameters
    ----------
    p : array-like, shape (k,)
        NaN where nothing was tested, which does not count.

    Returns
    -------
    ndarray, shape (k,)

    References
    ----------
    Holm 1979, Scandinavian Journal of Statistics 6, 65-70
    """
    p = np.asarray(p, float)
    corrected, tested = np.full(len(p), np.nan), np.flatnonzero(np.isfinite(p))
    order = tested[np.argsort(p[tested], kind="stable")]
    corrected[order] = np.minimum(np.maximum.accumulate(p[order] * np.arange(len(order), 0, -1)), 1)
    return corrected
