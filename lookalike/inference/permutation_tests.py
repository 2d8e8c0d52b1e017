"""Tests of the levels of a factor by permuting the models: ANOSIM, PERMANOVA, PERMDISP. Many
permutations of small matrices are made at once, as one product of matrices.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from lookalike.core.condensed import CACHED, condensed, in_slices
from lookalike.core.types import Row
from lookalike.core.vectors import average_ranks
from lookalike.inference.significance import min_attainable_p, permutation_p, standardised


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


def ranks_of(tables: Sequence[np.ndarray]) -> np.ndarray:
    """Return the average ranks of condensed matrices (k, pairs); values that differ by rounding
    alone are tied.
    """
    values = np.array(tables, float)
    scales = np.abs(values).max(axis=1, keepdims=True)
    return average_ranks(np.round(values / np.where(scales > 0, scales, 1), 12)).astype(float)


def in_parts(orders: np.ndarray, identity: bool = False) -> Iterator[np.ndarray]:
    """Yield permutations (P, m), some at once; first, if asked for, the identity."""
    if identity:
        yield np.arange(orders.shape[1])[None]
    for part in in_slices(len(orders), orders.shape[1] ** 2 // 2, CACHED):
        yield orders[part]


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
