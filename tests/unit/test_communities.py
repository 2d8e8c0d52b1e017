"""Communities: Louvain's partitions compared with networkx's and python-louvain's, and their
consensus.
"""

import itertools

import community
import networkx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

from lookalike.compare.dissimilarities import Dissimilarities, Key
from lookalike.compare.resampling import bootstrap
from lookalike.core.condensed import condensed, square
from lookalike.groups.communities import COLUMNS, consensus_communities, consensus_partition
from lookalike.groups.graph import modularity, similarity_graph
from lookalike.groups.louvain_loops import find_partitions
from lookalike.groups.partitions import EVERY_RESOLUTION, number_communities, rand_indices

few_examples = settings(max_examples=50, deadline=None, derandomize=True, database=None)

NAMES = ["ant", "bee", "cow", "dog", "eel", "fox", "gnu", "hen"]


def dissimilarities(matrix, names=None, replicates=None):
    """Return a matrix with names in alphabetical order, if none are given, and its replicates."""
    names = [f"m{index:02}" for index in range(len(matrix))] if names is None else names
    pairs = len(matrix) * (len(matrix) - 1) // 2
    return Dissimilarities(
        matrix,
        tuple(names),
        Key("gradcam", "cosine"),
        np.empty((0, pairs)) if replicates is None else replicates,
    )


def random_matrix(models=8, seed=0):
    return square(np.random.default_rng(seed).uniform(0.2, 1, models * (models - 1) // 2), models)


def planted_matrix(sizes, seed=0):
    """Return a matrix whose groups of the given sizes are near within and far between."""
    group = np.repeat(np.arange(len(sizes)), sizes)
    base = np.where(group[:, None] == group, 0.2, 1.0)
    noise = condensed(base) + np.random.default_rng(seed).uniform(-0.05, 0.05, len(condensed(base)))
    return square(noise, len(group)), group


def visits(models, runs, seed=0):
    return np.random.default_rng(seed).permuted(np.tile(np.arange(models), (1, runs, 1)), axis=2)


def weighted_graph(matrix):
    """Return the complete graph whose weights are 1 - d / max d."""
    weights = 1 - matrix / matrix.max()
    np.fill_diagonal(weights, 0)
    return networkx.from_numpy_array(weights)


def modularity_by_formula(matrix, partition, resolution):
    """Return Reichardt and Bornholdt's modularity, summed over all pairs of nodes."""
    weights = 1 - matrix / matrix.max() if matrix.max() > 0 else np.ones_like(matrix)
    np.fill_diagonal(weights, 0)
    degrees = weights.sum(axis=1)
    whole = degrees.sum()
    expected = resolution * np.outer(degrees, degrees) / whole if whole > 0 else 0
    within = partition[:, None] == partition
    return (weights - expected)[within].sum() / whole if whole > 0 else 0.0


def modularities(matrix, partitions, resolution):
    """Return the modularity of every partition (R, m)."""
    graph = similarity_graph(dissimilarities(matrix))
    different, number = np.unique(partitions, axis=0, return_inverse=True)
    return np.array([modularity(graph, one, resolution) for one in different])[number.ravel()]


def scores_of_both(matrix, resolution, runs, seed):
    """Return the modularities that several runs of ours and of python-louvain reach."""
    models, graph = len(matrix), weighted_graph(matrix)
    ours = find_partitions(condensed(matrix)[None], models, resolution, visits(models, runs, seed))[
        0
    ]
    theirs = [
        community.best_partition(graph, resolution=resolution, random_state=run)
        for run in range(runs)
    ]
    theirs = np.array([[partition[node] for node in range(models)] for partition in theirs])
    return [modularities(matrix, partitions, resolution) for partitions in (ours, theirs)]


@few_examples
@given(
    models=st.integers(3, 16),
    seed=st.integers(0, 1000),
    resolution=st.sampled_from([0.5, 0.9, 1.0, 1.1, 1.5]),
)
def test_best_partitions_are_as_good_as_those_of_python_louvain(models, seed, resolution):
    ours, theirs = scores_of_both(random_matrix(models, seed), resolution, 40, seed)
    assert ours.max() >= theirs.max() - 1e-9


def test_partitions_are_on_average_as_good_as_those_of_python_louvain():
    ours, theirs = np.mean(
        [
            [scores.mean() for scores in scores_of_both(random_matrix(14, seed), 1.0, 10, seed)]
            for seed in range(30)
        ],
        axis=0,
    )
    assert ours == pytest.approx(theirs, abs=0.002)


@pytest.mark.parametrize("resolution", [0.8, 1.0, 1.2])
def test_partitions_of_200_matrices_are_as_good_as_those_of_networkx(resolution):
    runs, means = 20, []
    for seed in range(200):
        matrix = random_matrix(4 + seed % 5, seed)
        models, graph = len(matrix), weighted_graph(matrix)
        ours = modularities(
            matrix,
            find_partitions(
                condensed(matrix)[None], models, resolution, visits(models, runs, seed)
            )[0],
            resolution,
        )
        theirs = [
            networkx.community.modularity(graph, found, resolution=resolution)
            for found in (
                networkx.community.louvain_communities(graph, resolution=resolution, seed=run)
                for run in range(runs)
            )
        ]
        assert max(ours) == pytest.approx(max(theirs), abs=1e-9)
        means.append((np.mean(ours), np.mean(theirs)))
    # A single partition is as good on average, within three standard errors of the difference.
    ours, theirs = np.mean(means, axis=0)
    assert ours == pytest.approx(theirs, abs=0.0003)


@few_examples
@given(
    models=st.integers(2, 12),
    seed=st.integers(0, 1000),
    resolution=st.sampled_from([0.5, 1.0, 2.0]),
)
def test_modularity_equals_that_of_networkx(models, seed, resolution):
    matrix, partition = (
        random_matrix(models, seed),
        np.random.default_rng(seed).integers(0, 3, models),
    )
    groups = [set(np.flatnonzero(partition == one).tolist()) for one in np.unique(partition)]
    graph = weighted_graph(matrix)
    expected = (
        networkx.community.modularity(graph, groups, resolution=resolution)
        if graph.size("weight")
        else 0.0
    )
    found = modularity(similarity_graph(dissimilarities(matrix)), partition, resolution)
    assert found == pytest.approx(expected, abs=1e-12)
    assert found == pytest.approx(modularity_by_formula(matrix, partition, resolution), abs=1e-12)


def test_modularity_is_0_where_all_weights_are_0():
    matrix = square([0.7] * 6, 4)
    for partition in ([0, 0, 0, 0], [0, 1, 1, 2]):
        assert modularity(similarity_graph(dissimilarities(matrix)), partition, 1.0) == 0
        assert modularity_by_formula(matrix, np.array(partition), 1.0) == 0


@few_examples
@given(models=st.integers(2, 12), seed=st.integers(0, 1000))
def test_no_merge_of_communities_betters_a_partition(models, seed):
    matrix = random_matrix(models, seed)
    partition = find_partitions(condensed(matrix)[None], models, 1.0, visits(models, 1, seed))[0, 0]
    graph = similarity_graph(dissimilarities(matrix))
    best = modularity(graph, partition, 1.0)
    merged = [
        np.where(partition == one, other, partition)
        for one, other in itertools.permutations(set(partition.tolist()), 2)
    ]
    assert all(modularity(graph, other, 1.0) <= best + 1e-9 for other in merged)


@few_examples
@given(models=st.integers(1, 12), seed=st.integers(0, 1000))
def test_rand_indices_equal_those_of_scikit_learn(models, seed):
    rng = np.random.default_rng(seed)
    partitions, reference = rng.integers(0, 4, (5, models)), rng.integers(0, 3, models)
    np.testing.assert_allclose(
        rand_indices(partitions, reference),
        [adjusted_rand_score(reference, one) for one in partitions],
        atol=1e-12,
    )


def planted_values(matrix, images=40):
    return condensed(matrix) + np.random.default_rng(0).normal(
        0, 0.1, (images, len(condensed(matrix)))
    )


def communities(rows, resolution=EVERY_RESOLUTION):
    return {row["model"]: row["community"] for row in rows if row["resolution"] == resolution}


def test_consensus_finds_planted_groups_and_numbers_them_by_size():
    matrix, group = planted_matrix([2, 3, 4])
    names = [f"m{index}" for index in range(9)]
    replicates = bootstrap(planted_values(matrix), "mean", 50, 0)
    rows, together = consensus_communities(
        dissimilarities(matrix, names, replicates), [0.9, 1.0], seed=0
    )
    assert (
        communities(rows)
        == communities(rows, 1.0)
        == {name: 3 - planted for name, planted in zip(names, group.tolist(), strict=True)}
    )
    assert all(tuple(row) == COLUMNS for row in rows)
    assert (
        rows[0]["modularity"] > 0.3 and rows[0]["stability"] > 0.95 and rows[0]["resamples"] == 50
    )
    np.testing.assert_allclose(together, group[:, None] == group, atol=0.05)


def test_consensus_does_not_depend_on_the_order_of_the_models():
    values = planted_values(random_matrix(seed=3))
    matrix, replicates = square(values.mean(axis=0), 8), bootstrap(values, "mean", 20, 0)
    rows, together = consensus_communities(
        dissimilarities(matrix, NAMES, replicates), [1.0, 0.5], seed=0
    )
    for seed in range(3):
        order = np.random.default_rng(seed).permutation(8)
        moved = np.array([condensed(square(one, 8)[np.ix_(order, order)]) for one in replicates])
        names = [NAMES[index] for index in order]
        again = consensus_communities(
            dissimilarities(matrix[np.ix_(order, order)], names, moved), [1.0, 0.5], seed=0
        )
        assert str(again[0]) == str(rows)
        np.testing.assert_array_equal(again[1], together[np.ix_(order, order)])


def test_every_model_is_listed_at_every_resolution_and_the_seed_determines_all():
    matrix, _ = planted_matrix([4, 4])
    rows, together = consensus_communities(dissimilarities(matrix, NAMES), [0.25, 1.0], seed=1)
    assert [(row["resolution"], row["model"]) for row in rows] == list(
        itertools.product([0.25, 1.0, EVERY_RESOLUTION], NAMES)
    )
    again = consensus_communities(dissimilarities(matrix, NAMES), [0.25, 1.0], seed=1)
    assert str(again[0]) == str(rows) and (again[1] == together).all()
    assert {row["resamples"] for row in rows} == {0}


def test_shares_are_of_all_resolutions_alike():
    matrix, _ = planted_matrix([4, 4])
    parted = [
        consensus_communities(dissimilarities(matrix, NAMES), [resolution], seed=0)[1]
        for resolution in (0.01, 1.0)
    ]
    assert (parted[0] == 1).all() and parted[1].min() == 0
    np.testing.assert_allclose(
        consensus_communities(dissimilarities(matrix, NAMES), [0.01, 1.0], seed=0)[1],
        (parted[0] + parted[1]) / 2,
    )


def test_noise_makes_unstable_communities():
    values = planted_values(np.where(np.eye(8), 0, 0.5))
    replicates = bootstrap(values, "mean", 100, 0)
    rows, together = consensus_communities(
        dissimilarities(square(values.mean(axis=0), 8), NAMES, replicates), [1.0], seed=0
    )
    assert rows[-1]["stability"] < 0.6
    assert 0.05 < condensed(together).mean() < 0.95


def test_replicates_with_unknown_values_are_left_out():
    matrix, _ = planted_matrix([4, 4])
    replicates = np.tile(condensed(matrix), (5, 1))
    replicates[2:, 3] = np.nan
    rows, _ = consensus_communities(dissimilarities(matrix, NAMES, replicates), [1.0], seed=0)
    assert rows[0]["resamples"] == 2


def test_models_that_are_together_in_just_half_of_the_partitions_are_joined():
    consensus = consensus_partition(np.array([0.5, 0, 0]), 3)
    np.testing.assert_array_equal(consensus == consensus[0], [True, True, False])
    assert len(set(consensus_partition(np.array([0.49, 0, 0]), 3).tolist())) == 3


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "matrix",
    [np.zeros((4, 4)), square([0.7] * 6, 4), square([0.7], 2), np.zeros((1, 1))],
    ids=["all 0", "all equal", "two models", "one model"],
)
@pytest.mark.parametrize("resamples", [0, 3])
def test_models_without_differences_are_one_community(matrix, resamples):
    replicates = np.tile(condensed(matrix), (resamples, 1))
    rows, together = consensus_communities(
        dissimilarities(matrix, NAMES[: len(matrix)], replicates), [1.0], seed=0
    )
    assert communities(rows) == dict.fromkeys(NAMES[: len(matrix)], 1)
    assert (
        rows[0]["modularity"] == 0
        and {row["stability"] for row in rows} == {1.0}
        and (together == 1).all()
    )


def test_communities_are_numbered_by_size_then_by_name():
    found = number_communities(np.array([7, 4, 2, 4, 2]), ["ant", "bee", "cow", "dog", "eel"])
    assert found == {"bee": 1, "dog": 1, "cow": 2, "eel": 2, "ant": 3}
