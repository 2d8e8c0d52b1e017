"""The study of resolutions: partitions, plateaus and cuts of trees, against networkx and
scikit-learn, and of planted groups and of none.
"""

from dataclasses import replace

import community
import networkx
import numpy as np
import pytest
from planting import planted_table
from scipy.cluster.hierarchy import fcluster
from sklearn.metrics import adjusted_rand_score

from lookalike.compare.aggregation import dissimilarities_of
from lookalike.compare.dissimilarities import Dissimilarities, Key
from lookalike.compare.resampling import bootstrap
from lookalike.core import registry
from lookalike.core.condensed import condensed, square
from lookalike.groups import python_louvain
from lookalike.groups.resolutions import STABLE, Step, plateau_of, resolutions_of, scan
from lookalike.groups.trees import link
from lookalike.inference.structure import structure_test
from lookalike.plots.resolution_scan import resolution_figure
from lookalike.studies import resolution_scan as study

RESOLUTIONS = resolutions_of(0.5, 1.5, 11)
NONE = np.empty((0, 91))


def matrix_of(values, replicates=NONE):
    models = len(values)
    names = tuple(f"m{number:02}" for number in range(models))
    pairs = models * (models - 1) // 2
    replicates = replicates if len(replicates) else np.empty((0, pairs))
    return Dissimilarities(values, names, Key("ig", "cosine"), replicates)


def random_matrix(models=14, seed=0):
    return square(np.random.default_rng(seed).uniform(0.2, 1, models * (models - 1) // 2), models)


def simulated(seed, groups, within, models=14):
    """Return the matrix of planted maps and its test of structure."""
    rng = np.random.default_rng(seed)
    table = planted_table(rng, models, "cosine", images=48, groups=groups, within=within)
    replicates = bootstrap(table.values, "mean", 50, seed)
    matrix = matrix_of(square(dissimilarities_of(table.values, "mean"), models), replicates)
    found = structure_test(table, registry.get("metric", "cosine"), "mean", 39, seed)
    return matrix, found | {"grouping_holm": found["grouping_p"]}


def scanned(matrix, seeds=2, resamples=10):
    return scan(matrix, RESOLUTIONS, seeds=seeds, resamples=resamples, seed=0)


def step(resolution, partition, stability=1.0):
    partition = np.array(partition)
    return Step(resolution, partition, stability, partition[None], np.zeros(1, bool))


def test_resolutions_are_at_equal_distances():
    assert RESOLUTIONS[:3] == [0.5, 0.6, 0.7] and RESOLUTIONS[-1] == 1.5 and len(RESOLUTIONS) == 11


def test_cuts_are_compared_as_by_scikit_learn():
    matrix = matrix_of(random_matrix())
    steps = scanned(matrix)
    rows = study.compare_cuts(matrix, steps, "complete")
    assert len(rows) == 14 * 11 * 2
    by_resolution = {one.resolution: one for one in steps}
    tree = link(matrix.values, "complete")
    for row in rows[::17]:
        found = by_resolution[row["resolution"]]
        cut = fcluster(tree, row["groups"], "maxclust")
        partitions = found.package if row["louvain"] == study.PACKAGE else [found.consensus]
        expected = np.mean([adjusted_rand_score(cut, one) for one in partitions])
        assert row["rand"] == pytest.approx(expected, abs=1e-12)


def test_partitions_of_the_package_are_its_own():
    matrix = matrix_of(random_matrix(9, 3))
    weights = 1 - matrix.values / matrix.values.max()
    np.fill_diagonal(weights, 0)
    graph = networkx.from_numpy_array(weights)
    (found,) = scan(matrix, [0.9], seeds=4, resamples=0, seed=5)
    every = {
        tuple(community.best_partition(graph, resolution=0.9, random_state=seed).values())
        for seed in range(60)
    }
    assert {tuple(one.tolist()) for one in found.package} <= every


@pytest.mark.parametrize("seed", range(6))
def test_what_stopped_early_can_be_joined_to_a_higher_modularity(seed):
    matrix = random_matrix(10, seed)
    weights = 1 - matrix / matrix.max()
    np.fill_diagonal(weights, 0)
    graph = networkx.from_numpy_array(weights)
    partitions = python_louvain.find_partitions(
        condensed(matrix)[None], 10, 0.8, np.arange(4)[None]
    )
    stopped = python_louvain.stopped_early(condensed(matrix), 10, 0.8, partitions[0])
    for partition, early in zip(partitions[0], stopped, strict=True):
        groups = [set(np.flatnonzero(partition == one).tolist()) for one in np.unique(partition)]

        def score(parts):
            return networkx.community.modularity(graph, parts, resolution=0.8)

        joined = [
            score([one | other, *(rest for rest in groups if rest not in (one, other))])
            for place, one in enumerate(groups)
            for other in groups[:place]
        ]
        assert early == (max(joined, default=-1) > score(groups) + 1e-9)
    equal = python_louvain.stopped_early(np.full(45, 0.5), 10, 0.8, partitions[0])
    assert not equal.any()


def test_a_plateau_is_one_stable_partition_of_several_over_several_resolutions():
    three, two, one = [0, 0, 1, 2], [0, 0, 1, 1], [0, 0, 0, 0]
    steps = [
        *(step(place, one) for place in range(5)),
        *(step(5 + place, two) for place in range(3)),
        *(step(8 + place, three) for place in range(4)),
        *(step(12 + place, [0, 1, 2, 3]) for place in range(9)),
    ]
    assert [found.resolution for found in plateau_of(steps)] == [8, 9, 10, 11]
    unstable = [replace(one, stability=STABLE - 0.1 * (one.resolution == 10)) for one in steps]
    assert [found.resolution for found in plateau_of(unstable)] == [5, 6, 7]
    assert plateau_of(steps[:7]) == [] and plateau_of([]) == []


def test_planted_groups_have_a_plateau_that_is_a_cut_of_the_tree():
    for seed in range(3):
        matrix, test = simulated(seed, np.repeat(range(3), [5, 5, 4]), 0.6)
        steps = scanned(matrix)
        plateau = plateau_of(steps)
        assert len(plateau) >= 3 and min(one.stability for one in plateau) >= STABLE
        assert plateau[0].consensus.tolist() == np.repeat(range(3), [5, 5, 4]).tolist()
        cuts = study.compare_cuts(matrix, steps, "average")
        sentences = study.conclude(matrix, steps, cuts, test)
        assert "and the models form groups (p = " in sentences[0]
        assert "{m00, m01, m02, m03, m04}, {m05, m06, m07, m08, m09}" in sentences[0]
        assert "is the cut of the average-linkage tree into 3 groups" in sentences[1]
        summary = study.summarise(matrix, steps, cuts)
        assert (summary["groups"], summary["nearest cut"], summary["Rand"]) == (3, 3, 1)
        assert [row["on_plateau"] for row in study.describe_scan(matrix, steps)] == [
            int(one in plateau) for one in steps
        ]


def test_without_groups_none_are_claimed():
    said = []
    for seed in range(5):
        matrix, test = simulated(seed, 1, None)
        steps = scanned(matrix)
        cuts = study.compare_cuts(matrix, steps, "average")
        said.append(study.conclude(matrix, steps, cuts, test)[0])
    assert sum("form groups" in text for text in said) <= 1
    assert sum("no groups: " in text or "cannot tell" in text for text in said) >= 4


def test_matrices_without_images_or_with_few_models_cannot_tell():
    values = np.where(np.add.outer(np.arange(8) < 4, np.arange(8) < 4) == 1, 0.9, 0.2)
    np.fill_diagonal(values, 0)
    matrix = matrix_of(values)
    steps = scanned(matrix)
    cuts = study.compare_cuts(matrix, steps, "average")
    said = study.conclude(matrix, steps, cuts, None)
    assert "over seeds alone); cannot tell whether these are groups: a user-supplied" in said[0]
    few = matrix_of(random_matrix(3))
    assert scanned(few) == [] == study.compare_cuts(few, [], "average")
    assert study.list_partitions(few, []) == []
    assert study.conclude(few, [], [], None) == [
        "ig, cosine: cannot tell which resolution is right: needs at least 4 independent models; "
        "found 3."
    ]
    (row,) = rows = study.describe_scan(few, [])
    assert row["untested"] and study.summarise(few, [], [])["plateau"] == "none"
    assert resolution_figure(rows, [], [], title="t").texts


def test_where_the_package_stops_early_is_said():
    matrix = matrix_of(random_matrix(14, 1))
    steps = scanned(matrix)
    text = study.about_package(steps)
    assert text.startswith("python-louvain stops early at resolution")
    early = [one for one in steps if one.stopped.mean() > 0.5]
    assert early and all(one.resolution < 1 for one in early)
    late = [one for one in steps if not one.stopped.any()]
    assert study.about_package(late).startswith(
        "python-louvain's stopping rule makes no difference; the mean adjusted Rand index"
    )
    assert study.spans([0.5, 0.6, 0.7, 0.8], [True, True, False, True]) == (
        "resolutions 0.5 to 0.6, 0.8"
    )
    assert study.spans([0.5, 0.6], [False, True]) == "resolution 0.6"


def test_equal_models_are_one_community_at_every_resolution():
    matrix = matrix_of(np.zeros((5, 5)))
    steps = scanned(matrix)
    assert all(one.groups == 1 for one in steps if one.resolution < 1)
    assert not plateau_of(steps)
    cuts = study.compare_cuts(matrix, steps, "average")
    # Cuts between do not exist: all merges are at one height.
    assert {row["groups"] for row in cuts} == {1, 5}
    assert "no partition" in study.conclude(matrix, steps, cuts, None)[0]
