"""Tests of matrices by permuting the models: Mantel, ANOSIM, PERMANOVA, PERMDISP; and the partial
rank correlation. Many permutations of small matrices are made at once, as one product of matrices.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from lookalike.compare.resampling import with_interval
from lookalike.core.condensed import condensed, pair_numbers
from lookalike.core.memoising import shared
from lookalike.core.types import Row
from lookalike.core.vectors import average_ranks
from lookalike.inference.significance import min_attainable_p, permutation_p, standardised

# Permutations at once at most, so that those of a hundred models fit into memory.
AT_ONCE, MOST_CELLS = 1000, 2**25


def test_result(statistic: float, observed: float, null: np.ndarray) -> Row:
    """Return a test's statistic, its p value with the smallest that it could have, and the
    `standardised` statistics of all arrangements.

    Parameters
    ----------
    statistic : float
        To report.
    observed : float
        To compare with the permutations.
    null : ndarray, shape (permutations,)
    """
    return {
        "statistic": float(statistic),
        "p": permutation_p(observed, null),
        "least_p": min_attainable_p(observed, null),
        "arrangements": standardised(observed, null),
    }


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
    observed, null = permuted_correlations(x, y[None], orders)
    return test_result(observed[0], observed[0], null[:, 0])


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


def ranks_of(tables: Sequence[np.ndarray]) -> np.ndarray:
    """Return the average ranks of condensed matrices (k, pairs); values that differ by rounding
    alone are tied.
    """
    values = np.array(tables, float)
    scales = np.abs(values).max(axis=1, keepdims=True)
    return average_ranks(np.round(values / np.where(scales > 0, scales, 1), 12)).astype(float)


def permuted_correlations(
    x: np.ndarray, y: np.ndarray, orders: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Correlate condensed values with others, as they are and after permutations of the models of
    the first.

    Parameters
    ----------
    x : ndarray, shape (pairs,)
    y : ndarray, shape (k, pairs)
        None may be constant.
    orders : ndarray of int, shape (P, m)

    Returns
    -------
    observed : ndarray, shape (k,)
        Pearson's correlations; of ranks, Spearman's.
    null : ndarray, shape (P, k)
    """
    x, y = (centred_units(values) for values in (x, y))
    number = pair_numbers(orders.shape[1])
    rows, columns = np.triu_indices(orders.shape[1], 1)
    null = [x[number[some[:, rows], some[:, columns]]] @ y.T for some in in_parts(orders)]
    return y @ x, np.concatenate(null)


def centred_units(values: np.ndarray) -> np.ndarray:
    """Return values less their mean, of length 1, along the last axis."""
    values = values - values.mean(axis=-1, keepdims=True)
    return values / np.linalg.norm(values, axis=-1, keepdims=True)


def in_parts(orders: np.ndarray, identity: bool = False) -> Iterator[np.ndarray]:
    """Yield permutations (P, m), some at once; first, if asked for, the identity."""
    if identity:
        yield np.arange(orders.shape[1])[None]
    step = max(1, min(AT_ONCE, MOST_CELLS // max(1, orders.shape[1] ** 2 // 2)))
    for start in range(0, len(orders), step):
        yield orders[start : start + step]


def anosim(matrix: np.ndarray, codes: np.ndarray, orders: np.ndarray) -> Row:
    """Test by ANOSIM whether models of one level are nearer than others are.

    Parameters
    ----------
    matrix : ndarray, shape (m, m)
    codes : ndarray of int, shape (m,)
        Levels, numbered from 0.
    orders : ndarray of int, shape (P, m)
        Permutations of the models.

    Returns
    -------
    dict
        `statistic`, R in [-1, 1], `p`, `least_p` and `arrangements`.

    References
    ----------
    Clarke 1993, doi:10.1111/j.1442-9993.1993.tb00438.x
    """
    ranks, models = ranks_of([condensed(matrix)])[0], len(codes)
    within = same_level(codes[None])[0].sum()
    sums = np.concatenate(
        [same_level(codes[some]) @ ranks for some in in_parts(orders, identity=True)]
    )
    gap = (ranks.sum() - sums) / (len(ranks) - within) - sums / within
    statistics = gap / (models * (models - 1) / 4)
    return test_result(statistics[0], statistics[0], statistics[1:])


def same_level(codes: np.ndarray) -> np.ndarray:
    """Return which pairs are of one level, shape (P, pairs) of 0 and 1, of levels (P, m)."""
    rows, columns = np.triu_indices(codes.shape[1], 1)
    return (codes[:, rows] == codes[:, columns]).astype(float)


def permanova(matrix: np.ndarray, codes: np.ndarray, orders: np.ndarray) -> Row:
    """Test by PERMANOVA whether the centres of levels differ.

    Parameters
    ----------
    As for `anosim`.

    Returns
    -------
    dict
        `statistic`, pseudo-F, `r2`, the levels' share of the sum of squares, `p`, `least_p` and
        `arrangements`. Levels that differ only in their spread may seem to differ in their centres;
        PERMDISP shows whether they do.

    References
    ----------
    Anderson 2001, doi:10.1111/j.1442-9993.2001.01070.pp.x
    """
    squares, models, groups = condensed(matrix) ** 2, len(codes), codes.max() + 1
    shares, rows = 1 / np.bincount(codes), np.triu_indices(models, 1)[0]
    within = np.concatenate(
        [
            (same_level(codes[some]) * shares[codes[some][:, rows]]) @ squares
            for some in in_parts(orders, identity=True)
        ]
    )
    whole = squares.sum() / models
    with np.errstate(divide="ignore"):
        statistics = ((whole - within) / (groups - 1)) / (within / (models - groups))
    # By the share, which is the same ranking and stays finite where models of one level are equal.
    return test_result(statistics[0], -within[0], -within[1:]) | {
        "r2": float(1 - within[0] / whole)
    }


def permdisp(matrix: np.ndarray, codes: np.ndarray, orders: np.ndarray) -> Row:
    """Test by PERMDISP whether levels differ in how far their models are from their centre.

    Levels of a single model have no spread and are left out. Distances to the centre are taken
    straight from the dissimilarities, and corrected for the size of the level, since the centre of
    few models is close to each of them.

    Parameters
    ----------
    As for `anosim`.

    Returns
    -------
    dict
        `statistic`, F, `p`, `least_p` and `arrangements`; or `untested`.

    References
    ----------
    Anderson 2006, doi:10.1111/j.1541-0420.2005.00440.x; Stier et al. 2013, doi:10.1890/12-1616.1
    """
    sizes = np.bincount(codes)
    kept = np.flatnonzero(sizes[codes] > 1)
    if (sizes > 1).sum() < 2:
        return {"untested": "needs at least two levels of at least two models"}
    codes = np.unique(codes[kept], return_inverse=True)[1]
    spread = distances_to_centres(matrix[np.ix_(kept, kept)], codes)
    if np.ptp(spread) <= 1e-9 * spread.max():
        # No arrangement differs from any other.
        return test_result(0.0, 0.0, np.zeros(len(orders)))
    # Every permutation of all models, as one of the models that are left.
    orders = np.argsort(np.argsort(orders[:, kept], axis=1), axis=1)
    member = np.eye(codes.max() + 1)[codes] / np.bincount(codes)
    means = np.concatenate([spread[some] @ member for some in in_parts(orders, identity=True)])
    between = ((means - spread.mean()) ** 2) @ np.bincount(codes)
    whole = ((spread - spread.mean()) ** 2).sum()
    # Both models of a level of two are equally far from their centre, but for rounding.
    within = np.where(whole - between > 1e-12 * whole, whole - between, 0)
    groups = codes.max() + 1
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = np.nan_to_num(
            between[0] / (groups - 1) / (within[0] / (len(codes) - groups)), posinf=np.inf
        )
    return test_result(statistic, between[0], between[1:])


def distances_to_centres(matrix: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Return how far every model is from the centre of its level, corrected for the level's size,
    which must be at least two.
    """
    own = (codes[:, None] == codes).astype(float)
    sizes = own.sum(axis=1)
    squares = own * matrix**2
    # Half the mean of a level's squares is the mean square distance of its models to the centre.
    spreads = own @ squares.sum(axis=1) / (2 * sizes**2)
    to_centre = squares.sum(axis=1) / sizes - spreads
    return np.sqrt(np.maximum(to_centre, 0) * sizes / (sizes - 1))
