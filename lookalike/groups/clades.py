"""The clades of a tree as a table: how sure each is, how near its models are, within it and to the
others.
"""

from collections.abc import Iterable, Sequence
from itertools import compress

import numpy as np

from lookalike.compare.dissimilarities import Dissimilarities
from lookalike.compare.image_table import ImageTable
from lookalike.core.types import Row
from lookalike.groups.multiscale import TESTED, clade_tests
from lookalike.groups.trees import (
    clade_members,
    clade_support,
    cophenetic_correlation,
    is_clade,
    sisters_of,
)

# `si_holm` is added by the correction of `si_p` for the clades of the tree.
COLUMNS = {
    "left": int,
    "right": int,
    "height": float,
    "size": int,
    "support": float,
    "au": float,
    "au_standard_error": float,
    "si_p": float,
    "si_standard_error": float,
    "si_holm": float,
    "within": float,
    "between": float,
    "residual_support": float,
    "cophenetic_correlation": float,
    "members": str,
}


def describe_clades(
    tree: np.ndarray,
    matrix: Dissimilarities,
    table: ImageTable | None,
    aggregate: str = "mean",
    seed: int = 0,
    linkage: str = "average",
) -> list[Row]:
    """Return one row per merge of a tree of a matrix.

    Parameters
    ----------
    tree : ndarray, shape (m - 1, 4)
        Of `link`.
    matrix : Dissimilarities
        Without unknown dissimilarities.
    table : ImageTable or None
        Of these models; None for a user-supplied matrix.
    aggregate : {"mean", "mean_std"}
    seed : int
    linkage : str
        Of the tree.

    Returns
    -------
    list of dict
        With `COLUMNS` but for `si_holm`: the nodes or models that are merged, their height, how
        many models are below; `clade_support`; `clade_tests`; the mean dissimilarity within the
        clade, and between it and the others; `residual_support`; the cophenetic correlation of the
        whole tree. NaN where there are no images, and for the root and what is no clade.
    """
    members = clade_members(tree)
    tested = dict.fromkeys(TESTED, np.full(len(tree), np.nan))
    if table is not None:
        tested = clade_tests(tree, table, aggregate, len(matrix.replicates), seed, linkage)
    within, between, _ = mean_over_pairs(members, members, matrix.condensed[None])
    columns: dict[str, Iterable[object]] = {
        "left": tree[:, 0].astype(int),
        "right": tree[:, 1].astype(int),
        "height": tree[:, 2],
        "size": tree[:, 3].astype(int),
        "support": clade_support(tree, matrix.replicates, linkage),
        **tested,
        "within": within[:, 0],
        "between": between[:, 0],
        "residual_support": residual_support(tree, matrix.complete_replicates),
        "cophenetic_correlation": [cophenetic_correlation(tree, matrix.values)] * len(tree),
        "members": [" ".join(compress(matrix.names, below)) for below in members],
    }
    return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]


def residual_support(tree: np.ndarray, replicates: np.ndarray) -> np.ndarray:
    """Return the share of bootstrap replicates in which the models of each clade are nearer to one
    another than to its sister, and than to all others, beyond the main effects of the models.

    Parameters
    ----------
    tree : ndarray, shape (m - 1, 4)
    replicates : ndarray, shape (B, pairs)
        Without unknown dissimilarities.

    Returns
    -------
    ndarray, shape (m - 1,)
        NaN for the root, and where a merge `is_clade` not.
    """
    clade = is_clade(tree)
    clade[-1:] = False
    if not clade.any() or not len(replicates):
        return np.full(len(tree), np.nan)
    within, others, sister = mean_over_pairs(clade_members(tree), sisters_of(tree), replicates)
    return np.where(clade, ((within < others) & (within < sister)).mean(axis=1), np.nan)


def mean_over_pairs(
    members: np.ndarray, sisters: np.ndarray, dissimilarities: np.ndarray
) -> np.ndarray:
    """Return the mean dissimilarities of pairs within each clade, between it and all others, and
    between it and its sister.

    Parameters
    ----------
    members, sisters : ndarray of bool, shape (k, m)
    dissimilarities : ndarray, shape (B, pairs)

    Returns
    -------
    ndarray, shape (3, k, B)
        NaN where there is no pair.
    """
    first, second = np.triu_indices(members.shape[1], 1)
    a, b = members[:, first], members[:, second]
    chosen = np.stack([a & b, a ^ b, (a & sisters[:, second]) | (b & sisters[:, first])])
    with np.errstate(invalid="ignore"):
        return chosen @ dissimilarities.T / chosen.sum(axis=2, keepdims=True)


def parse_clades(rows: Sequence[Row]) -> list[Row]:
    """Return the rows of a table of clades, as they were read, with their numbers."""
    return [{column: COLUMNS[column](cell) for column, cell in row.items()} for row in rows]
