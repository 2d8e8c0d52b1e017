"""The whole of inference on planted data: groups that are there are found, and those that are not
are not; intervals hold what they should.
"""

import numpy as np
import pytest

from lookalike.compare.aggregation import summarise
from lookalike.compare.dissimilarities import Dissimilarities, Key
from lookalike.compare.image_table import ImageTable
from lookalike.compare.resampling import bootstrap, percentile_interval
from lookalike.core import registry
from lookalike.core.condensed import condensed, models_of, square
from lookalike.groups.communities import consensus_communities
from lookalike.groups.partitions import EVERY_RESOLUTION
from lookalike.groups.trees import clade_members, clade_support, link
from lookalike.inference.structure import structure_test

MODELS, IMAGES = 12, 64
NAMES = [f"m{number:02}" for number in range(MODELS)]


def table_of(values):
    """Return a table of images of values (n, pairs), with chance values of 1."""
    images = tuple(f"i{number}" for number in range(len(values)))
    names = tuple(f"m{number:02}" for number in range(models_of(values)))
    return ImageTable(values, np.ones((1, *values.shape)), images, names, Key("planted", "pearson"))


def plant(rng, groups, within, between, images=IMAGES, models=MODELS, side=6):
    """Return the values (n, pairs) of Pearson's dissimilarity between maps of models in groups of
    equal size.

    `within` and `between` are the maps' expected correlations in a group and across groups.
    """
    pearson, values = registry.get("metric", "pearson"), []
    for _ in range(images):
        everyone, own = rng.normal(size=(1, side, side)), rng.normal(size=(models, side, side))
        group = np.repeat(rng.normal(size=(groups, side, side)), models // groups, axis=0)
        maps = (
            np.sqrt(between) * everyone
            + np.sqrt(within - between) * group
            + np.sqrt(1 - within) * own
        )
        values.append(condensed(pearson(maps, maps)))
    return np.array(values)


@pytest.mark.parametrize("groups", [2, pytest.param(3, marks=pytest.mark.slow), 4])
@pytest.mark.parametrize(("within", "between"), [(0.6, 0.2), (0.5, 0.3)])
def test_planted_groups_are_recovered(groups, within, between):
    values = plant(np.random.default_rng(groups), groups, within, between)
    matrix = Dissimilarities(
        square(summarise(values)["dissimilarity"], MODELS),
        tuple(NAMES),
        Key("planted", "pearson"),
        bootstrap(values, "mean", 1000, 0),
    )
    size = MODELS // groups
    planted = [frozenset(NAMES[start : start + size]) for start in range(0, MODELS, size)]
    tree = link(matrix.values)
    members = [frozenset(np.array(NAMES)[below].tolist()) for below in clade_members(tree)]
    support = dict(zip(members, clade_support(tree, matrix.replicates), strict=True))
    for group in planted:
        assert support[group] >= 0.95
    rows, _ = consensus_communities(matrix, [0.8, 0.9, 1.0, 1.1, 1.2], 0)
    for resolution in (1.0, EVERY_RESOLUTION):
        of = {row["model"]: row["community"] for row in rows if row["resolution"] == resolution}
        assert {frozenset(name for name in NAMES if of[name] == one) for one in of.values()} == set(
            planted
        )
    pearson = registry.get("metric", "pearson")
    found = structure_test(table_of(values), pearson, "mean", 199, 0)
    assert found["structure_p"] < 0.01 and found["grouping_p"] < 0.01 and found["groups"] == groups


def test_without_groups_the_test_finds_some_as_rarely_as_its_level_says_and_hardly_a_clade_holds():
    rng, found, held = np.random.default_rng(11), [], []
    for draw in range(200):
        values = plant(rng, 1, 0.3, 0.3, images=32, side=4)
        found.append(
            structure_test(table_of(values), registry.get("metric", "pearson"), "mean", 39, draw)
        )
        tree = link(square(summarise(values)["dissimilarity"], MODELS))
        held.append((clade_support(tree, bootstrap(values, "mean", 100, draw))[:-1] >= 0.95).any())
    for name in ("main_effects_p", "structure_p", "grouping_p"):
        assert 0.02 <= np.mean([one[name] <= 0.05 for one in found]) <= 0.09, name
    # bench/RESULTS.md: in at most 2 of 100 trees, and those of few models and images.
    assert np.mean(held) <= 0.02


def own_pairs(compare, maps):
    """Return the values of the first map of each image with the image's other maps."""
    images, others = len(maps), maps.shape[1] - 1
    values = compare(maps[:, 0], maps[:, 1:].reshape(-1, *maps.shape[2:]))
    return values.reshape(images, images, others)[np.arange(images), np.arange(images)]


def coverage_of(metric, images, draws=300, resamples=400):
    """Return the share of draws in which the interval of the mean holds the true mean, of each of
    two pairs of models.

    How alike maps are differs much from image to image, so that values are skewed.
    """
    rng, compare = np.random.default_rng(images), registry.get("metric", metric)

    def values_of(number):
        alike = rng.beta(0.8, 2.0, size=(number, 1, 1, 1))
        maps = np.sqrt(alike) * rng.normal(size=(number, 1, 5, 5)) + np.sqrt(
            1 - alike
        ) * rng.normal(size=(number, 3, 5, 5))
        # One call for all pairs of 16 images is faster than 16 calls for those of one image.
        return np.concatenate(
            [own_pairs(compare, maps[at : at + 16]) for at in range(0, number, 16)]
        )

    true, hits = values_of(20_000).mean(axis=0), []
    for seed in range(draws):
        low, high = percentile_interval(bootstrap(values_of(images), "mean", resamples, seed))
        hits.append((low <= true) & (true <= high))
    return np.mean(hits, axis=0)


@pytest.mark.parametrize("images", [32, pytest.param(128, marks=pytest.mark.slow)])
@pytest.mark.parametrize("metric", ["pearson", "topk_iou"])
def test_intervals_of_the_mean_hold_the_true_mean(images, metric):
    coverage = coverage_of(metric, images)
    assert ((coverage >= 0.90) & (coverage <= 0.98)).all(), coverage
