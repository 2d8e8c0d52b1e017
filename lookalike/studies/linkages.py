"""Does the linkage matter? Trees of one matrix under all linkages."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from lookalike.compare.dissimilarities import Dissimilarities
from lookalike.core.condensed import all_equal, square
from lookalike.core.types import Row
from lookalike.groups.trees import (
    LINKAGES,
    clade_members,
    cophenetic_correlation,
    cophenetic_distances,
    is_clade,
    link,
)
from lookalike.inference.significance import ALL_EQUAL, too_few_models

COLUMNS = (
    "method",
    "metric",
    "linkage",
    "other",
    "cophenetic_correlation",
    "best_share",
    "tree_correlation",
    "clades",
    "shared_clades",
    "untested",
)
FEWEST_MODELS = 4
# Clades in a sentence.
MOST_NAMED = 2


def compare_linkages(matrix: Dissimilarities, resamples: int) -> list[Row]:
    """Compare the trees of one matrix under all linkages.

    Parameters
    ----------
    matrix : Dissimilarities
        Without unknown dissimilarities.
    resamples : int
        Of the matrix's bootstrap replicates, the first so many that are complete.

    Returns
    -------
    list of dict
        With `COLUMNS`. A row for each linkage, `other` empty: how well its tree keeps the
        dissimilarities (`cophenetic_correlation`), the share of the resamples in which it keeps
        them best of all linkages (NaN without resamples), and how many `clades` it has, the root
        left out. A row for each two linkages: Pearson's correlation of the heights at which their
        trees join two models, the number of clades in either tree, and of those in both.
        `untested`: why there is nothing to compare, or empty.

    References
    ----------
    Sokal and Rohlf 1962, doi:10.2307/1217208
    """
    about = dict.fromkeys(COLUMNS, np.nan) | {
        "method": matrix.key.method,
        "metric": matrix.key.metric,
        "other": "",
        "untested": "",
    }
    few = len(matrix) < FEWEST_MODELS
    if few or all_equal(matrix.condensed):
        reason = too_few_models(len(matrix), fewest=FEWEST_MODELS) if few else ALL_EQUAL
        return [about | {"linkage": "", "untested": reason}]
    trees = {name: link(matrix.values, name) for name in LINKAGES}
    clades = {name: clades_of(tree) for name, tree in trees.items()}
    shares = best_shares(matrix, resamples)
    rows = [
        about
        | {
            "linkage": name,
            "cophenetic_correlation": cophenetic_correlation(tree, matrix.values),
            "best_share": shares[name],
            "clades": len(clades[name]),
        }
        for name, tree in trees.items()
    ]
    heights = {name: cophenetic_distances(tree) for name, tree in trees.items()}
    return rows + [
        about
        | {
            "linkage": one,
            "other": other,
            "tree_correlation": correlation(heights[one], heights[other]),
            "clades": len(clades[one] | clades[other]),
            "shared_clades": len(clades[one] & clades[other]),
        }
        for one, other in combinations(LINKAGES, 2)
    ]


def clades_of(tree: np.ndarray) -> set[frozenset[int]]:
    """Return the models of each clade of a tree; the root, which every tree has, is left out."""
    chosen = is_clade(tree) & (tree[:, 3] <= len(tree))
    return {frozenset(np.flatnonzero(below).tolist()) for below in clade_members(tree)[chosen]}


def common_clades(matrix: Dissimilarities) -> list[list[str]]:
    """Return the models of each clade that all linkages find, the smallest first."""
    if len(matrix) < FEWEST_MODELS:
        return []
    common = set.intersection(*(clades_of(link(matrix.values, name)) for name in LINKAGES))
    return [
        [matrix.names[model] for model in sorted(clade)]
        for clade in sorted(common, key=lambda clade: (len(clade), sorted(clade)))
    ]


def best_shares(matrix: Dissimilarities, resamples: int) -> dict[str, float]:
    """Return the share of the resamples in which each linkage keeps the dissimilarities best."""
    used = matrix.complete_replicates[:resamples]
    if not len(used):
        return dict.fromkeys(LINKAGES, np.nan)
    found = []
    for replicate in used:
        values = square(replicate, len(matrix))
        found.append([cophenetic_correlation(link(values, name), values) for name in LINKAGES])
    best = np.nan_to_num(found, nan=-1).argmax(axis=1)
    return {name: float((best == place).mean()) for place, name in enumerate(LINKAGES)}


def correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Return Pearson's correlation, NaN where either is constant."""
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return np.nan
    return float(np.corrcoef(one, other)[0, 1])


def conclude(rows: Sequence[Row], common: Sequence[Sequence[str]]) -> list[str]:
    """Say what the trees of one matrix under all linkages have in common.

    Parameters
    ----------
    rows : list of dict
        Of `compare_linkages`, for one matrix.
    common : list of list of str
        Of `common_clades`.
    """
    name = f"{rows[0]['method']}, {rows[0]['metric']}"
    if rows[0]["untested"]:
        return [f"{name}: cannot tell whether the linkage matters: {rows[0]['untested']}."]
    single = [row for row in rows if not row["other"]]
    pairs = [row for row in rows if row["other"]]
    by_fit = sorted(single, key=lambda row: np.nan_to_num(row["cophenetic_correlation"], nan=-1))
    worst, best = by_fit[0], by_fit[-1]
    sure = (
        "without images, how sure that is cannot be told"
        if np.isnan(best["best_share"])
        else f"the best in {best['best_share']:.0%} of the resamples of the images"
    )
    least = min(pairs, key=lambda row: row["shared_clades"] / max(row["clades"], 1))
    largest = [", ".join(clade) for clade in common[-MOST_NAMED:][::-1]]
    named = f" (the largest: {'; '.join(largest)})" if largest else ""
    return [
        f"{name}: {best['linkage']} linkage keeps the dissimilarities best (cophenetic correlation "
        f"{best['cophenetic_correlation']:.3f}; {sure}), {worst['linkage']} worst "
        f"({worst['cophenetic_correlation']:.3f}).",
        f"{name}: {len(common)} of the {int(best['clades'])} clades of its tree are found by "
        f"all linkages{named}; {least['linkage']} and {least['other']} have least in common, "
        f"{int(least['shared_clades'])} of {int(least['clades'])} clades.",
    ]
