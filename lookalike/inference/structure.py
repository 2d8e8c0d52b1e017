"""What is there to see in a matrix? Whether models differ in how far they are from all others,
whether there is structure beyond that, and groups; each compared with exchangeable models.
"""

import numpy as np

from lookalike.compare import laws
from lookalike.compare.aggregation import dissimilarities_of, weighted_dissimilarities
from lookalike.compare.calibration import mean_of_derangements
from lookalike.compare.image_table import ImageTable
from lookalike.compare.resampling import SPLITS, split_halves
from lookalike.core.cards import Metric
from lookalike.core.condensed import AT_ONCE, ROUNDING, models_of
from lookalike.core.seeding import rng_of
from lookalike.core.types import Row
from lookalike.inference.exchange import (
    batches,
    exchangeable,
    movable,
    permuted_main_effects,
    permuted_means,
)
from lookalike.inference.significance import (
    ALL_EQUAL,
    FEWEST_MODELS,
    permutation_p,
    too_few_models,
    why_too_few,
)

RELIABILITY_SPLITS = 200
# If fewer of the models' labels can be exchanged, hardly anything is permuted.
LEAST_MOVABLE = 0.25
# Each has its statistic under its name, and its p value under NAME_p.
TESTS = ("main_effects", "structure", "grouping")
COLUMNS = (
    "reliability",
    "n",
    "units",
    *(f"{test}{part}" for test in TESTS for part in ("", "_p")),
    "groups",
    "untested",
    "unresolved",
)


def structure_test(
    table: ImageTable, metric: Metric, aggregate: str, permutations: int, seed: int
) -> Row:
    """Test what some models have in common.

    Under the null hypothesis the models' labels mean nothing: they may be shuffled within each unit
    of images. That keeps how dissimilar the maps of each image are, and breaks what models have in
    common across images. For structure and groups, what may be shuffled is what each value has
    beyond the main effects of its models; these are fitted again to every permutation.

    Parameters
    ----------
    table : ImageTable
        Of independent models.
    metric : Metric
        That made the table; its `law` says what main effects do.
    aggregate : {"mean", "mean_std"}
        Of the matrix whose reliability is told. The tests are about means, of which the laws hold.
    permutations : int
    seed : int

    Returns
    -------
    dict
        With `COLUMNS`. `reliability`, by split halves; the numbers `n` of images and of their
        `units`.
        `main_effects`, the standard deviation of how far models are from all others; `structure`,
        that of what is left beyond main effects; `grouping`, how much more of that is left between
        `groups` than within them, at the cut of the tree by average linkage that `best_cut` finds.
        Each p is the share of permutations that reach as much, the identity counted. `untested`:
        why there is no p at all, or empty; `unresolved`: why there is none for structure and
        grouping.
    """
    values, units, models = table.values, table.units, len(table.names)
    found: Row = dict.fromkeys(COLUMNS, np.nan)
    found["reliability"] = split_half_reliability(values, aggregate, seed, table.units)
    counted = np.isfinite(values).any(axis=1)
    found["n"] = int(counted.sum())
    found["units"] = len(np.unique(units[counted]))
    observed = dissimilarities_of(values, "mean")[None]
    if models >= FEWEST_MODELS:
        found["main_effects"] = float(laws.main_effects(observed).std())
    reason = why_untested(observed, values, units)
    if reason:
        return found | {"untested": reason, "unresolved": reason}
    chance = mean_of_derangements(table.chance)
    far = dissimilarities_of(chance, "mean")[None]
    unresolved = why_unresolved(far, metric)
    if not unresolved:
        # What is left of each value; of chance as well, which is not known exactly.
        expected, far_expected = laws.fitted(observed, far, metric.law), laws.sums(far)
        left = values - expected
        far_left = np.nan_to_num(chance - far_expected)
        beyond = laws.residuals(observed, far, metric.law)
        strength, difference, groups = best_cut(beyond[0])
        found |= {"structure": float(beyond.std()), "grouping": difference, "groups": groups}
    rng = rng_of(seed, "structure", len(values), models)
    null: dict[str, list[float]] = {test: [] for test in TESTS}
    for order in batches(exchangeable(values, units), units, permutations, rng):
        null["main_effects"] += permuted_main_effects(values, order).std(axis=1).tolist()
        if not unresolved:
            shuffled = laws.residuals(
                expected + permuted_means(left, order),
                far_expected + permuted_means(far_left, order),
                metric.law,
            )
            null["structure"] += shuffled.std(axis=1).tolist()
            null["grouping"] += [best_cut(one)[0] for one in shuffled]
    reached = {"main_effects": found["main_effects"], "structure": found["structure"]}
    if not unresolved:
        reached["grouping"] = strength
    for test, statistic in reached.items():
        found[f"{test}_p"] = permutation_p(statistic, np.array(null[test]))
    return found | {"untested": "", "unresolved": unresolved}


def split_half_reliability(
    values: np.ndarray, aggregate: str, seed: int, units: np.ndarray | None = None
) -> float:
    """Return how well a matrix would be reproduced with as many other images.

    Parameters
    ----------
    values : ndarray, shape (n, pairs)
    aggregate : {"mean", "mean_std"}
    seed : int
    units : ndarray of int, shape (n,), optional
        Of images that are never in both halves.

    Returns
    -------
    float
        Mean of Pearson's correlation between the matrices of two random halves of the images,
        corrected to their full number by the Spearman-Brown formula if positive; its root bounds
        the correlation that this matrix can be expected to have with any other. NaN for fewer than
        4 images or 3 pairs, or where a half lacks a dissimilarity, or all are equal.

    References
    ----------
    Spearman 1910, doi:10.1111/j.2044-8295.1910.tb00206.x
    """
    n, pairs = values.shape
    if n < 4 or pairs < 3:
        return np.nan
    # Of many pairs, few splits are enough, and many do not fit into memory.
    splits = min(RELIABILITY_SPLITS, max(SPLITS, AT_ONCE // (2 * pairs)))
    halves = split_halves(values, aggregate, splits, seed, units)
    if np.isnan(halves).any() or (np.ptp(halves, axis=2) <= ROUNDING).any():
        return np.nan
    centred = halves - halves.mean(axis=2, keepdims=True)
    first, second = (centred / np.linalg.norm(centred, axis=2, keepdims=True)).swapaxes(0, 1)
    r = np.vecdot(first, second).mean()
    # The formula is about halves that have something in common.
    return float(2 * r / (1 + r) if r > 0 else r)


def why_untested(observed: np.ndarray, values: np.ndarray, units: np.ndarray) -> str:
    """Say why nothing can be tested about a matrix (1, pairs); empty if it can."""
    models = models_of(values)
    if models < FEWEST_MODELS:
        return too_few_models(models)
    if reason := why_too_few(values, units):
        return reason
    if np.isnan(observed).any():
        return "some dissimilarities between models are not known"
    if np.ptp(observed) <= ROUNDING:
        return ALL_EQUAL
    return why_not_exchangeable(values, units)


def why_not_exchangeable(values: np.ndarray, units: np.ndarray) -> str:
    """Say why models' labels cannot be shuffled; empty if they can."""
    counted = np.unique(units[np.isfinite(values).any(axis=1)])
    if movable(exchangeable(values, units)[counted]) < LEAST_MOVABLE:
        return "models lack values of so different images that they cannot be exchanged"
    return ""


def why_unresolved(far: np.ndarray, metric: Metric) -> str:
    """Say why main effects cannot be told from structure; empty if they can.

    Parameters
    ----------
    far : ndarray, shape (1, pairs)
        The dissimilarities of maps of different images.
    metric : Metric
    """
    if not metric.law:
        return "how the noise of single models changes this metric follows no known law"
    if np.isnan(far).any():
        return "the dissimilarity of maps of different images is not known for all pairs"
    return ""


def best_cut(beyond: np.ndarray) -> tuple[float, float, int]:
    """Return how clear groups are at best, over all cuts of the tree by average linkage.

    Parameters
    ----------
    beyond : ndarray, shape (pairs,)
        What main effects leave of the dissimilarities; of at least 4 models.

    Returns
    -------
    strength, difference : float
        The mean between groups less that within them is the `difference`; times the root of within
        x between / pairs it is the `strength`, by which cuts are compared.
    groups : int
        Their number, single models counted.
    """
    from scipy.cluster.hierarchy import linkage

    pairs, models = len(beyond), models_of(beyond)
    tree = linkage(beyond, "average")
    sizes = np.append(np.ones(models), tree[:, 3])
    joined = sizes[tree[:, :2].astype(int)].prod(axis=1)
    # A merge's height is the mean of the pairs that it brings together. The last brings all.
    within, sums = np.cumsum(joined)[:-1], np.cumsum(joined * tree[:, 2])[:-1]
    between = pairs - within
    differences = (beyond.sum() - sums) / between - sums / within
    strengths = differences * np.sqrt(within * between / pairs)
    best = int(np.argmax(strengths))
    return float(strengths[best]), float(differences[best]), models - 1 - best


def groups_at(beyond: np.ndarray, groups: int) -> np.ndarray:
    """Return the group of each model, shape (models,), at the cut into so many; parameters as for
    `best_cut`.
    """
    from scipy.cluster.hierarchy import cut_tree, linkage

    tree = linkage(beyond, "average")
    # Residuals may be negative, which heights may not; ties are cut in the order of the merges.
    tree[:, 2] = np.arange(len(tree))
    return cut_tree(tree, groups)[:, 0]


def grouping_under(
    table: ImageTable, law: str, groups: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """Return how much more is left between some groups than within them, beyond main effects that
    are fitted again under each row of weights of the images.

    Parameters
    ----------
    table : ImageTable
    law : str
        Of the metric's card.
    groups : ndarray of int, shape (models,)
    weights : ndarray, shape (B, n)

    Returns
    -------
    ndarray, shape (B,)
        NaN where a dissimilarity is not known.
    """
    rows, columns = np.triu_indices(len(groups), 1)
    within = groups[rows] == groups[columns]
    near, far = (
        weighted_dissimilarities(weights, values, "mean")
        for values in (table.values, mean_of_derangements(table.chance))
    )
    known = np.isfinite(near).all(axis=1) & np.isfinite(far).all(axis=1)
    found = np.full(len(weights), np.nan)
    if known.any():
        beyond = laws.residuals(near[known], far[known], law)
        found[known] = beyond[:, ~within].mean(axis=1) - beyond[:, within].mean(axis=1)
    return found
