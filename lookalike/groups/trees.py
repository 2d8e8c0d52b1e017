"""Hierarchical clustering of a dissimilarity matrix: trees, and the support of their clades."""

import re
from collections.abc import Sequence

import numpy as np

from lookalike.core.condensed import ROUNDING, condensed
from lookalike.core.errors import InputError
from lookalike.core.types import Row
from lookalike.groups.many_trees import clade_codes, leaf_codes

LINKAGES = ("average", "single", "complete", "weighted")
EUCLIDEAN_LINKAGES = ("ward", "centroid", "median")
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


def clade_members(tree: np.ndarray) -> np.ndarray:
    """Return which models (m - 1, m) are below each inner node, in the order of the merges."""
    m = len(tree) + 1
    members = np.zeros((2 * m - 1, m), bool)
    members[:m] = np.eye(m, dtype=bool)
    for merge, children in enumerate(tree[:, :2].astype(int)):
        members[m + merge] = members[children].any(axis=0)
    return members[m:]


def sisters_of(tree: np.ndarray) -> np.ndarray:
    """Return which models (m - 1, m) are below the node that each inner node is merged with; none
    for the root.
    """
    m = len(tree) + 1
    below = np.vstack([np.eye(m, dtype=bool), clade_members(tree)])
    sisters = np.zeros_like(below)
    for left, right in tree[:, :2].astype(int):
        sisters[left], sisters[right] = below[right], below[left]
    return sisters[m:]


def resolved(tree: np.ndarray) -> np.ndarray:
    """Return whether each inner node (m - 1,) lies below its parent.

    At equal heights, the order of the merges is arbitrary, and so is the clade. The root is
    resolved.
    """
    heights = tree[:, 2]
    above = np.full(2 * len(tree) + 1, np.inf)
    above[tree[:, :2].astype(int)] = heights[:, None]
    return above[len(tree) + 1 :] - heights > ROUNDING


def is_clade(tree: np.ndarray) -> np.ndarray:
    """Return whether each merge (m - 1,) makes a clade.

    Those that are not `resolved` do not, nor do those of identical models, which are one leaf. The
    root does.
    """
    clade = resolved(tree) & (tree[:, 2] > ROUNDING)
    clade[-1:] = True
    return clade


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
        1 for the root. NaN where no replicate is complete, and where a merge makes no clade: those
        that are not `resolved`, and those of identical models, which make one leaf.

    References
    ----------
    Felsenstein 1985, doi:10.1111/j.1558-5646.1985.tb00420.x
    """
    hits, complete = clade_counts(tree, replicates, method)
    with np.errstate(invalid="ignore"):
        return np.where(is_clade(tree), hits / complete, np.nan)


def clade_counts(
    tree: np.ndarray, replicates: np.ndarray, method: str = "average"
) -> tuple[np.ndarray, int]:
    """Return in how many bootstrap trees each clade of a tree is, shape (m - 1,), and how many
    trees there are; parameters as for `clade_support`.
    """
    complete = replicates[np.isfinite(replicates).all(axis=1)]
    if not len(complete) or not len(tree):
        return np.zeros(len(tree), int), 0
    present, leaves = np.sort(clade_codes(complete, method), axis=None), leaf_codes(len(tree) + 1)
    needed = np.array([leaves[members].sum() for members in clade_members(tree)])
    first, last = (np.searchsorted(present, needed, side) for side in ("left", "right"))
    return last - first, len(complete)


def leaf_order(rows: Sequence[Row]) -> list[int]:
    """Return the leaves of a tree, given by its parsed clades, in the order of the drawing."""
    members = [[leaf] for leaf in range(len(rows) + 1)]
    for row in rows:
        members.append(members[row["left"]] + members[row["right"]])
    return members[-1]


def newick(tree: np.ndarray, support: Sequence[float] | np.ndarray, names: Sequence[str]) -> str:
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
