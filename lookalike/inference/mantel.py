"""Correlations of dissimilarity matrices with one another: Mantel's test, by permuting the models,
and the partial rank correlation.
"""

import numpy as np

from lookalike.compare.resampling import with_interval
from lookalike.core.condensed import CACHED, condensed, in_slices, pair_numbers
from lookalike.core.memoising import shared
from lookalike.core.types import Row
from lookalike.inference.permutation_tests import ranks_of, test_result


def mantel(matrix: np.ndarray, other: np.ndarray, orders: np.ndarray) -> Row:
    """Test by Mantel's test whether models that are far apart in one matrix are so in another.

    Parameters
    ----------
    matrix, other : ndarray, shape (m, m)
        Neither may be constant off the diagonal, which does not count.
    orders : ndarray of int, shape (P, m)
        Permutations of the models.

    Returns
    -------
    dict
        `statistic`, Spearman's rho, `p`, one-sided, `least_p`, the smallest that `p` could be, and
        `arrangements`, the standardised statistics, shape (1 + P,).

    References
    ----------
    Mantel 1967, Cancer Research 27, 209-220
    """
    x, y = ranks_of([condensed(matrix), condensed(other)])
    ((observed,),), null = permuted_correlations(x[None], y[None, None], orders)
    return test_result(observed, observed, null[:, 0, 0])


def partial_mantel(
    matrix: np.ndarray,
    other: np.ndarray,
    given: np.ndarray,
    replicates: np.ndarray,
    units: int | None = None,
) -> Row:
    """Measure how far two matrices go together beyond what both have in common with a third.

    There is no p value: where models are related to one another, as by a family, permutations make
    it too small.

    Parameters
    ----------
    matrix, other, given : ndarray, shape (m, m)
        None may be constant off the diagonal.
    replicates : ndarray, shape (B, pairs)
        Of the first, from resampled images; of length 0 where there are none.
    units : int, optional
        Of images: how many the replicates draw. For few, the interval is widened.

    Returns
    -------
    dict
        `statistic`, the partial rank correlation, and `low` and `high`, the bounds of its 95%
        interval over images, where there are replicates; or `untested`.

    References
    ----------
    Smouse, Long and Sokal 1986, doi:10.2307/2413122; Guillot and Rousset 2013,
    doi:10.1111/2041-210x.12018
    """
    y, z = centred_units(ranks_of([condensed(other), condensed(given)]))
    if 1 - (y @ z) ** 2 < 1e-9:
        return {"untested": "the two go together entirely"}
    x = resampled_ranks(matrix, replicates)
    found = with_interval(partial_correlation(x @ y, x @ z, y @ z), "r", units)
    bounds = {"low": found["r_low"], "high": found["r_high"]} if len(replicates) else {}
    return {"statistic": found["r"]} | bounds


@shared
def resampled_ranks(matrix: np.ndarray, replicates: np.ndarray) -> np.ndarray:
    """Return the ranks of a matrix (m, m) and of its replicates (B, pairs) as centred vectors of
    length 1, shape (1 + B, pairs).
    """
    return centred_units(ranks_of([condensed(matrix), *replicates]))


def partial_correlation(
    xy: np.ndarray | float, xz: np.ndarray | float, yz: np.ndarray | float
) -> np.ndarray:
    """Return the correlation of x and y given z, from the three correlations; 0 where z explains
    x entirely.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(1 - xz**2 > 1e-9, (xy - xz * yz) / np.sqrt((1 - xz**2) * (1 - yz**2)), 0.0)


def permuted_correlations(
    x: np.ndarray, y: np.ndarray, orders: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Correlate condensed values with others, as they are and after permutations of the models of
    the first.

    Parameters
    ----------
    x : ndarray, shape (s, pairs)
    y : ndarray, shape (s, k, pairs)
        What each x is correlated with. None may be constant.
    orders : ndarray of int, shape (P, m)
        The same permutations for each x: to find a pair's place takes longer than the rest.

    Returns
    -------
    observed : ndarray, shape (s, k)
        Pearson's correlations; of ranks, Spearman's.
    null : ndarray, shape (P, s, k)
    """
    x, y = (centred_units(values) for values in (x, y))
    number = pair_numbers(orders.shape[1]).astype(np.int32)
    rows, columns = np.triu_indices(orders.shape[1], 1)
    null = np.empty((len(orders), *y.shape[:2]))
    for part in in_slices(len(orders), len(rows), CACHED):
        places = number[orders[part][:, rows], orders[part][:, columns]]
        for one, values, others in zip(x, y, null.swapaxes(0, 1), strict=True):
            others[part] = one[places] @ values.T
    return np.einsum("skp,sp->sk", y, x), null


def centred_units(values: np.ndarray) -> np.ndarray:
    """Return values less their mean, of length 1, along the last axis."""
    values = values - values.mean(axis=-1, keepdims=True)
    return values / np.linalg.norm(values, axis=-1, keepdims=True)
