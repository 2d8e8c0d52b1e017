"""Is there any structure? A matrix of dissimilarities compared with what it would be if models were
exchangeable in every image.
"""

from collections.abc import Iterator

import numpy as np

from lookalike.compare.aggregation import dissimilarities_of, summarise
from lookalike.compare.image_table import ImageTable
from lookalike.compare.resampling import split_halves
from lookalike.core.condensed import ROUNDING, pair_numbers, square
from lookalike.core.seeding import rng_of
from lookalike.core.types import Row
from lookalike.groups.trees import link
from lookalike.inference.significance import (
    ALL_EQUAL,
    FEWEST_MODELS,
    permutation_p,
    too_few_images,
    too_few_models,
)

# A partition into more groups than this says little about groups.
MOST_GROUPS = 10
RELIABILITY_SPLITS = 200
COLUMNS = (
    "reliability",
    "variance",
    "variance_p",
    "silhouette",
    "groups",
    "silhouette_p",
    "untested",
)


def structure_test(table: ImageTable, aggregate: str, permutations: int, seed: int) -> Row:
    """Test whether some models are nearer to one another than others are.

    Under the null hypothesis the models' labels mean nothing: they may be shuffled within each
    image. That keeps how dissimilar the maps of each image are, and breaks what models have in
    common across images.

    Parameters
    ----------
    table : ImageTable
        Of independent models.
    aggregate : {"mean", "mean_std"}
    permutations : int
    seed : int

    Returns
    -------
    dict
        With `COLUMNS`. `reliability`, by split halves; `variance`, of the `equalised`
        dissimilarities between models, and `variance_p`; `silhouette`, the best mean silhouette of
        a partition into `groups` of these by average linkage, and `silhouette_p`; each p the share
        of permutations that reach as much, the identity counted. `untested`: why there is none, or
        empty.
    """
    values, models = table.values, len(table.names)
    observed = statistics(equalised(values, aggregate), models)
    images = int(np.isfinite(values).any(axis=1).sum())
    found: Row = {"reliability": split_half_reliability(values, aggregate, seed)}
    found |= dict(zip(("variance", "silhouette", "groups"), observed, strict=True)) | {
        "variance_p": np.nan,
        "silhouette_p": np.nan,
    }
    if reason := why_untested(observed, models, images):
        return found | {"untested": reason}
    rng = rng_of(seed, "structure", len(values), models)
    null = np.array(
        [
            statistics(equalised(permute(values, models, rng), aggregate), models)[:2]
            for _ in range(permutations)
        ]
    )
    p = [permutation_p(one, reached) for one, reached in zip(observed[:2], null.T, strict=True)]
    return found | {"variance_p": p[0], "silhouette_p": p[1], "untested": ""}


def split_half_reliability(values: np.ndarray, aggregate: str, seed: int) -> float:
    """Return how well a matrix would be reproduced with as many other images.

    Parameters
    ----------
    values : ndarray, shape (n, pairs)
    aggregate : {"mean", "mean_std"}
    seed : int

    Returns
    -------
    float
        Mean of Pearson's correlation between the matrices of two random halves of the images,
        corrected to their full number by the Spearman-Brown formula; no other matrix can be
        expected to correlate better with this one. NaN for fewer than 4 images or 3 pairs, or where
        a half lacks a dissimilarity, or all are equal.

    References
    ----------
    Spearman 1910, doi:10.1111/j.2044-8295.1910.tb00206.x
    """
    n, pairs = values.shape
    if n < 4 or pairs < 3:
        return np.nan
    halves = split_halves(values, aggregate, RELIABILITY_SPLITS, seed)
    if np.isnan(halves).any() or (np.ptp(halves, axis=2) <= ROUNDING).any():
        return np.nan
    correlations = [np.corrcoef(*both)[0, 1] for both in halves]
    r = np.mean(correlations)
    return float(2 * r / (1 + r))


def why_untested(observed: tuple[float, float, int], models: int, images: int) -> str:
    """Say why the structure of a matrix cannot be tested; empty if it can."""
    if models < FEWEST_MODELS:
        return too_few_models(models)
    if images < 2:
        return too_few_images(images)
    if np.isnan(observed[0]):
        return "some dissimilarities between models are not known"
    return "" if observed[0] > ROUNDING**2 else ALL_EQUAL


def equalised(values: np.ndarray, aggregate: str) -> np.ndarray:
    """Return the dissimilarities of all pairs, shape (pairs,), with equal uncertainty: those of few
    images are drawn towards the mean.

    Otherwise pairs with fewer images would vary more than others. Permutations within images remove
    that difference, so that a lack of images would pass for structure.
    """
    if np.isfinite(values).all():
        return dissimilarities_of(values, aggregate)
    found = summarise(values, aggregate)
    if np.isnan(found["dissimilarity"]).any():
        return found["dissimilarity"]
    centre = np.average(found["dissimilarity"], weights=found["n"])
    return centre + (found["dissimilarity"] - centre) * np.sqrt(found["n"] / found["n"].mean())


def permute(values: np.ndarray, models: int, rng: np.random.Generator) -> np.ndarray:
    """Return values (n, pairs) with model labels shuffled within each image."""
    number = pair_numbers(models)
    rows, columns = np.triu_indices(models, 1)
    labels = rng.permuted(np.tile(np.arange(models), (len(values), 1)), axis=1)
    return np.take_along_axis(values, number[labels[:, rows], labels[:, columns]], axis=1)


def statistics(dissimilarities: np.ndarray, models: int) -> tuple[float, float, int]:
    """Return the variance of condensed dissimilarities, the best mean silhouette of a partition,
    and its number of groups.
    """
    if np.isnan(dissimilarities).any() or models < FEWEST_MODELS:
        return np.nan, np.nan, 0
    scores = silhouettes(square(dissimilarities, models), min(models - 1, MOST_GROUPS))
    best = int(np.argmax(scores))
    return float(dissimilarities.var()), float(scores[best]), best + 2


def silhouettes(matrix: np.ndarray, most: int) -> np.ndarray:
    """Return the mean silhouettes of the partitions into 2, 3, ... `most` groups by average
    linkage.

    Parameters
    ----------
    matrix : ndarray, shape (m, m)
    most : int
        At most m - 1.

    Returns
    -------
    ndarray, shape (most - 1,)
        A model alone in its group counts as 0.

    References
    ----------
    Rousseeuw 1987, doi:10.1016/0377-0427(87)90125-7
    """
    tree = link(matrix)
    models, merges = len(matrix), len(tree)
    members = np.zeros((models + merges, models), bool)
    members[:models] = np.eye(models, dtype=bool)
    # The merge that makes a node, and the one that takes it up.
    made, taken = (
        np.maximum(np.arange(models + merges) - models + 1, 0),
        np.full(models + merges, models),
    )
    for merge, pair in enumerate(tree[:, :2].astype(int)):
        members[models + merge] = members[pair].any(axis=0)
        taken[pair] = merge + 1
    sizes, sums = members.sum(axis=1), members @ matrix
    return np.array(
        [
            silhouette(members[there], sizes[there], sums[there])
            for there in partitions(made, taken, models, most)
        ]
    )


def partitions(made: np.ndarray, taken: np.ndarray, models: int, most: int) -> Iterator[np.ndarray]:
    """Yield which nodes of a tree are the groups of its partitions into 2, 3, ... `most`."""
    for count in range(2, most + 1):
        yield (made <= models - count) & (taken > models - count)


def silhouette(members: np.ndarray, sizes: np.ndarray, sums: np.ndarray) -> float:
    """Return the mean silhouette of a partition.

    Parameters
    ----------
    members : ndarray of bool, shape (groups, m)
    sizes : ndarray, shape (groups,)
    sums : ndarray, shape (groups, m)
        Of each model's dissimilarities to the members of each group.
    """
    own = members.argmax(axis=0)
    alone = sizes[own] == 1
    within = sums[own, np.arange(len(own))] / np.maximum(sizes[own] - 1, 1)
    nearest = np.where(members, np.inf, sums / sizes[:, None]).min(axis=0)
    larger = np.maximum(within, nearest)
    return np.where(
        alone | (larger == 0), 0, (nearest - within) / np.where(larger > 0, larger, 1)
    ).mean()
