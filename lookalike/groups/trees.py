"""Hierarchical clustering of a dissimilarity matrix: trees, and the support of their clades."""

import re
from collections.abc import Sequence

import numpy as np

from lookalike.compare.dissimilarities import Dissimilarities
from lookalike.core.condensed import ROUNDING, condensed
from lookalike.core.errors import InputError
from lookalike.core.types import Row

LINKAGES = ("average", "single", "complete", "weighted")
EUCLIDEAN_LINKAGES = ("ward", "centroid", "median")
CLADE_COLUMNS = ("left", "right", "height", "size", "support", "cophenetic_correlation", "members")
# Names that Newick leaves without quotes. A bare underscore would be read as a space.
PLAIN_NAME = re.compile(r"[A-Za-z0-9.+-]+")


def link(values: np.ndarray, method: str = "average") -> np.ndarray:
    """Cluster a dissimilarity matrix hierarchically.

    Parameters
    ----------
    values : ndarray, shape (m, m)
        Without unknown dissimilarities.
    method : {"average", "single", "complete", "weighted"}

    Returns
    -------
    ndarray, shape (m - 1, 4)
        As SciPy's `linkage`.

    Raises
    ------
    InputError
        For ward, centroid and median, which are defined for Euclidean distances only.
    """
    if method in EUCLIDEAN_LINKAGES:
        raise InputError(
            f"linkage {method!r} is right for Euclidean distances only, which these "
            f"dissimilarities are not; use one of {', '.join(LINKAGES)}"
        )
    from scipy.cluster.hierarchy import linkage

    return linkage(condensed(values), method) if len(values) > 1 else np.empty((0, 4))


def cophenetic_distances(tree: np.ndarray) -> np.ndarray:
    """Return the height at which a tree joins each pair of models, condensed, shape (pairs,)."""
    from scipy.cluster.hierarchy import cophenet

    return cophenet(tree)


def cophenetic_correlation(tree: np.ndarray, values: np.ndarray) -> float:
    """Return Pearson's correlation of a tree's heights with the dissimilarities (m, m).

    It is NaN where either is constant, and for fewer than three models.
    """
    if len(values) < 3:
        return np.nan
    heights, distances = cophenetic_distances(tree), condensed(values)
    if np.ptp(heights) == 0 or np.ptp(distances) == 0:
        return np.nan
    return float(np.corrcoef(heights, distances)[0, 1])


def clades(tree: np.ndarray) -> list[int]:
    """Return the members of every inner node of a tree, as bit masks in the order of the merges."""
    m = len(tree) + 1
    masks = [1 << leaf for leaf in range(m)]
    for left, right in tree[:, :2].astype(int):
        masks.append(masks[left] | masks[right])
    return masks[m:]


def resolved(tree: np.ndarray) -> np.ndarray:
    """Return whether each inner node (m - 1,) lies below its parent.

    At equal heights, the order of the merges is arbitrary, and so is the clade. The root is
    resolved.
    """
    heights = tree[:, 2]
    above = np.full(2 * len(tree) + 1, np.inf)
    above[tree[:, :2].astype(int)] = heights[:, None]
    return above[len(tree) + 1 :] - heights > ROUNDING


def clade_support(tree: np.ndarray, replicates: np.ndarray, method: str = "average") -> np.ndarray:
    """Return the share of bootstrap trees that hold each clade of a tree.

    Parameters
    ----------
    tree : ndarray, shape (m - 1, 4)
        Of `link`.
    replicates : ndarray, shape (B, m (m - 1) / 2)
        Condensed bootstrap dissimilarities. Those with an unknown value are left out.
    method : str
        Linkage of the bootstrap trees.

    Returns
    -------
    ndarray, shape (m - 1,)
        1 for the root. NaN where no replicate is complete, and for clades that are not `resolved`.

    References
    ----------
    Felsenstein 1985, doi:10.1111/j.1558-5646.1985.tb00420.x
    """
    from scipy.cluster.hierarchy import linkage

    needed = clades(tree)
    complete = replicates[np.isfinite(replicates).all(axis=1)]
    if not len(complete) or not len(tree):
        return np.full(len(tree), np.nan)
    hits = dict.fromkeys(needed, 0)
    for replicate in complete:
        other = linkage(replicate, method)
        for clade, is_resolved in zip(clades(other), resolved(other).tolist(), strict=True):
            if is_resolved and clade in hits:
                hits[clade] += 1
    return np.where(
        resolved(tree), np.array([hits[clade] for clade in needed]) / len(complete), np.nan
    )


def describe_clades(tree: np.ndarray, support: np.ndarray, matrix: Dissimilarities) -> list[Row]:
    """Return one row per merge of a tree of a matrix, with `CLADE_COLUMNS`.

    The cophenetic correlation is that of the whole tree.
    """
    correlation = cophenetic_correlation(tree, matrix.values)
    rows = []
    for (left, right, height, size), share, mask in zip(tree, support, clades(tree), strict=True):
        members = [name for index, name in enumerate(matrix.names) if mask >> index & 1]
        cells = (int(left), int(right), height, int(size), share, correlation, " ".join(members))
        rows.append(dict(zip(CLADE_COLUMNS, cells, strict=True)))
    return rows


def parse_clades(rows: Sequence[Row]) -> list[Row]:
    """Return the rows of `describe_clades`, read from a table, with their numbers."""
    kinds = dict(zip(CLADE_COLUMNS, (int, int, float, int, float, float, str), strict=True))
    return [{column: kind(row[column]) for column, kind in kinds.items()} for row in rows]


def leaf_order(rows: Sequence[Row]) -> list[int]:
    """Return the leaves of a tree, given by its parsed clades, in the order of the drawing."""
    members = [[leaf] for leaf in range(len(rows) + 1)]
    for row in rows:
        members.append(members[row["left"]] + members[row["right"]])
    return members[-1]


def newick(tree: np.ndarray, support: np.ndarray, names: Sequence[str]) -> str:
    """Return a tree in Newick format.

    Branch lengths are in units of dissimilarity; the label of a node is its support in percent.
    """
    texts, heights = [newick_name(name) for name in names], [0.0] * len(names)
    for (left, right, height, _), share in zip(tree, support, strict=True):
        # Half a dissimilarity on either side: the path between two models is as long as their
        # dissimilarity in the tree.
        children = (
            f"{texts[int(node)]}:{max(height - heights[int(node)], 0.0) / 2:.6g}"
            for node in (left, right)
        )
        label = "" if np.isnan(share) else f"{100 * share:.0f}"
        texts.append(f"({','.join(children)}){label}")
        heights.append(height)
    return texts[-1] + ";\n"


def newick_name(name: str) -> str:
    """Return a name as Newick writes it, in quotes where it needs them."""
    return name if PLAIN_NAME.fullmatch(name) else "'" + name.replace("'", "''") + "'"
