"""Louvain's graph: weights, attributes, its file; and partitions by python-louvain."""

import sys

import networkx
import numpy as np
import pytest

from lookalike.compare.dissimilarities import Dissimilarities, Key
from lookalike.core.condensed import square
from lookalike.core.errors import InputError
from lookalike.groups.graph import modularity, similarity_graph, write_graphs
from lookalike.groups.louvain_loops import find_partitions
from lookalike.groups.python_louvain import python_louvain_partition

NAMES = ("hen", "ant", 'Res_Net <50> & "é"', "bee")


def dissimilarities(values, names=NAMES):
    pairs = len(names) * (len(names) - 1) // 2
    return Dissimilarities(
        square(values, len(names)), names, Key("gradcam", "cosine"), np.empty((0, pairs))
    )


def random_dissimilarities(models, seed):
    names = tuple(f"m{index:02}" for index in range(models))
    values = np.random.default_rng(seed).uniform(0.2, 1, models * (models - 1) // 2)
    return dissimilarities(values, names)


def test_nodes_are_sorted_and_weights_are_similarities():
    matrix = dissimilarities([0.1, 0.2, 0.3, 0.4, 0.5, 0.8])
    graph = similarity_graph(matrix)
    assert list(graph) == sorted(NAMES) and graph.number_of_edges() == 6
    assert networkx.number_of_selfloops(graph) == 0
    weights = networkx.to_numpy_array(graph, NAMES)
    np.testing.assert_array_equal(weights, np.where(np.eye(4), 0, 1 - matrix.values / 0.8))


@pytest.mark.parametrize(("value", "weight"), [(0.0, 1.0), (0.7, 0.0)])
def test_equal_dissimilarities_give_equal_weights(value, weight):
    graph = similarity_graph(dissimilarities([value] * 6))
    assert {one for _, _, one in graph.edges(data="weight")} == {weight}


def test_a_graph_is_read_from_its_file_as_it_was_written(tmp_path):
    families = dict(zip(NAMES, ("bird", "insect", "CNN", "insect"), strict=True))
    communities = dict(zip(NAMES, (2, 1, 2, 1), strict=True))
    graph = similarity_graph(
        dissimilarities([0.1, 0.2, 0.3, 0.4, 1 / 3, 0.8]), family=families, community=communities
    )
    paths = [tmp_path / "one.graphml", tmp_path / "two.graphml"]
    write_graphs(paths, graph)
    found = networkx.read_graphml(paths[0])
    assert dict(found.nodes(data=True)) == {
        name: {"family": families[name], "community": communities[name]} for name in sorted(NAMES)
    }
    assert list(found.edges(data=True)) == list(graph.edges(data=True))
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert 'attr.name="weight" attr.type="double"' in paths[0].read_text(encoding="utf-8")


def test_python_louvain_stops_early_below_a_resolution_of_1():
    counts, scores = [], []
    for seed in range(20):
        matrix = random_dissimilarities(14, seed)
        graph = similarity_graph(matrix)
        visits = np.random.default_rng(seed).permuted(np.tile(np.arange(14), (1, 20, 1)), axis=2)
        ours = find_partitions(matrix.condensed[None], 14, 0.8, visits)[0]
        best = max(ours, key=lambda partition: modularity(graph, partition, 0.8))
        both = (best, python_louvain_partition(matrix, 0.8, seed))
        counts.append([len(set(partition.tolist())) for partition in both])
        scores.append([modularity(graph, partition, 0.8) for partition in both])
    # One community is the best of nearly all matrices.
    assert np.mean(counts, axis=0)[0] < 1.2 and np.mean(counts, axis=0)[1] > 2.5
    assert np.mean([best > theirs + 1e-9 for best, theirs in scores]) > 0.9


def test_python_louvain_finds_planted_communities_in_the_order_of_the_names():
    group = np.array([0, 1, 0, 1, 1, 0])
    values = np.where(group[:, None] == group, 0.1, 1.0)[np.triu_indices(6, 1)]
    matrix = dissimilarities(values, ("f", "b", "e", "a", "d", "c"))
    found = python_louvain_partition(matrix, 1.0, 0)
    np.testing.assert_array_equal(found[:, None] == found, group[:, None] == group)
    np.testing.assert_array_equal(python_louvain_partition(matrix, 1.0, 0), found)


def test_a_missing_python_louvain_is_named_with_the_remedy(monkeypatch):
    monkeypatch.setitem(sys.modules, "community", None)
    with pytest.raises(InputError, match=r"not installed.*pip install python-louvain==0\.16"):
        python_louvain_partition(random_dissimilarities(4, 0), 1.0, 0)
