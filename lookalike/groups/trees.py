"""Hierarchical clustering of a dissimilarity matrix: trees, and the support of their clades."""

import re

import numpy as np

from lookalike.compare.resampling import complete_replicates
from lookalike.core.condensed import ROUNDING, condensed
from lookalike.core.errors import InputError

LINKAGES = ("average", "single", "complete", "weighted")
EUCLIDEAN_LINKAGES = ("ward", "centroid", "median")
CLADE_COLUMNS = ("left", "right", "height", "size", "support", "cophenetic_correlation", "members")
PLAIN_NAME = re.compile(r"[A-Za-z0-9_.+-]+")


def link(matrix, method="average"):
    """Cluster a dissimilarity matrix hierarchically.

    Parameters
    ----------
    matrix : ndarray, shape (m, m)
    method : {"average", "single", "complete", "weighted"}

    Returns
    -------
    ndarray, shape (m - 1, 4)
        As SciPy's `linkage`.

    Raises
    ------
    InputError
        For ward, centroid and median, whose heights are right for Euclidean distances alone.
    """
    if method in EUCLIDEAN_LINKAGES:
        raise InputError(
            f"linkage {method!r} is right for Euclidean distances only, which these "
            f"dissimilarities are not; use one of {', '.join(LINKAGES)}"
        )
    from scipy.cluster.hierarchy import linkage

    return linkage(condensed(matrix), method) if len(matrix) > 1 else np.empty((0, 4))


def cophenetic_distances(tree):
    """Return the height at which each two models are joined, condensed."""
    from scipy.cluster.hierarchy import cophenet

    return cophenet(tree)


def cophenetic_correlation(tree, matrix):
    """Return Pearson's correlation of the tree's heights with the dissimilarities; NaN where one is
    constant.
    """
    if len(matrix) < 3:
        return np.nan
    heights, distances = cophenetic_distances(tree), condensed(matrix)
    if np.ptp(heights) == 0 or np.ptp(distances) == 0:
        return np.nan
    return float(np.corrcoef(heights, distances)[0, 1])


def clades(tree):
    """Return the members of every inner node of a tree, as bit masks in the order of the merges."""
    m = len(tree) + 1
    masks = [1 << leaf for leaf in range(m)]
    for left, right in tree[:, :2].astype(int):
        masks.append(masks[left] | masks[right])
    return masks[m:]


def resolved(tree):
    """Tell which inner nodes lie below their parents; at equal heights any other clade might stand
    there as well. The root is resolved.
    """
    heights = tree[:, 2]
    above = np.full(2 * len(tree) + 1, np.inf)
    above[tree[:, :2].astype(int)] = heights[:, None]
    return above[len(tree) + 1 :] - heights > ROUNDING


def clade_support(tree, replicates, method="average"):
    """Return the share of bootstrap trees that hold each clade of a tree.

    Parameters
    ----------
    tree : ndarray, shape (m - 1, 4)
    replicates : ndarray, shape (B, m (m - 1) / 2)
        Condensed bootstrap dissimilarities. Those with an unknown value are left out.
    method : str

    Returns
    -------
    ndarray, shape (m - 1,)
        The root's is 1; NaN where no replicate is complete, and for clades that only the order of
        equal models makes.

    References
    ----------
    Felsenstein 1985, doi:10.1111/j.1558-5646.1985.tb00420.x
    """
    from scipy.cluster.hierarchy import linkage

    wanted = clades(tree)
    complete = complete_replicates(replicates)
    if not len(complete) or not len(tree):
        return np.full(len(tree), np.nan)
    hits = dict.fromkeys(wanted, 0)
    for replicate in complete:
        other = linkage(replicate, method)
        for clade, stands in zip(clades(other), resolved(other).tolist(), strict=True):
            if stands and clade in hits:
                hits[clade] += 1
    return np.where(
        resolved(tree), np.array([hits[clade] for clade in wanted]) / len(complete), np.nan
    )


def describe_clades(tree, support, matrix, names):
    """Return one row a merge, with `CLADE_COLUMNS`; the cophenetic correlation is the whole
    tree's.
    """
    correlation = cophenetic_correlation(tree, matrix)
    rows = []
    for (left, right, height, size), share, mask in zip(tree, support, clades(tree), strict=True):
        members = [name for place, name in enumerate(names) if mask >> place & 1]
        cells = (int(left), int(right), height, int(size), share, correlation, " ".join(members))
        rows.append(dict(zip(CLADE_COLUMNS, cells, strict=True)))
    return rows


def parse_clades(rows):
    """Return the rows of `describe_clades`, read from a table, with their numbers."""
    kinds = dict(zip(CLADE_COLUMNS, (int, int, float, int, float, float, str), strict=True))
    return [{column: kind(row[column]) for column, kind in kinds.items()} for row in rows]


def leaf_order(rows):
    """Return the leaves of a tree, given by its parsed clades, in the order in which it is
    drawn.
    """
    members = [[leaf] for leaf in range(len(rows) + 1)]
    for row in rows:
        members.append(members[row["left"]] + members[row["right"]])
    return members[-1]


def newick(tree, support, names):
    """Return a tree in Newick format: branch lengths in units of dissimilarity, support in percent
    at the nodes.
    """
    texts, heights = (
        [name if PLAIN_NAME.fullmatch(name) else quoted(name) for name in names],
        [0.0] * len(names),
    )
    for (left, right, height, _), share in zip(tree, support, strict=True):
        # Half a dissimilarity on either side, so that the path between two models is as long as
        # they are apart.
        children = (
            f"{texts[int(node)]}:{max(height - heights[int(node)], 0.0) / 2:.6g}"
            for node in (left, right)
        )
        label = "" if np.isnan(share) else f"{100 * share:.0f}"
        texts.append(f"({','.join(children)}){label}")
        heights.append(height)
    return texts[-1] + ";\n"


def quoted(name):
    """Return a name as Newick wants it where it holds more than letters, digits and a few signs."""
    return "'" + name.replace("'", "''") + "'"
