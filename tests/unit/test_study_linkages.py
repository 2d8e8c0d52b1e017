"""The study of linkages: correlations as SciPy's, clades that all linkages find, and when not."""

from itertools import combinations

import numpy as np
import pytest
from scipy.cluster.hierarchy import cophenet, linkage
from scipy.spatial.distance import pdist, squareform

from lookalike.compare.dissimilarities import Dissimilarities, Key
from lookalike.groups.trees import link
from lookalike.plots.linkages import trees_side_by_side
from lookalike.studies import linkages

NAMES = tuple("abcdefgh")


def matrix_of(points, replicates=0):
    distances = pdist(points)
    drawn = [distances + 0.01 * np.sin(np.arange(len(distances)) + n) for n in range(replicates)]
    return Dissimilarities(
        squareform(distances),
        NAMES[: len(points)],
        Key("gradcam", "cosine"),
        np.array(drawn).reshape(-1, len(distances)),
    )


def test_correlations_are_those_of_scipy():
    points = np.random.default_rng(0).normal(size=(8, 3))
    rows = linkages.compare_linkages(matrix_of(points, 5), 5)
    heights = {name: cophenet(linkage(pdist(points), name)) for name in linkages.LINKAGES}
    for row in rows:
        if row["other"]:
            expected = np.corrcoef(heights[row["linkage"]], heights[row["other"]])[0, 1]
            assert row["tree_correlation"] == pytest.approx(expected)
            assert 0 <= row["shared_clades"] <= row["clades"]
        else:
            expected = cophenet(linkage(pdist(points), row["linkage"]), pdist(points))[0]
            assert row["cophenetic_correlation"] == pytest.approx(expected)
    assert [(row["linkage"], row["other"]) for row in rows[4:]] == [
        *combinations(linkages.LINKAGES, 2)
    ]
    assert sum(row["best_share"] for row in rows[:4]) == pytest.approx(1)


def test_planted_groups_are_found_by_all_linkages_and_named():
    points = np.random.default_rng(1).normal(size=(8, 2)) * 0.1
    points[4:] += 10
    matrix = matrix_of(points)
    common = linkages.common_clades(matrix)
    assert list("abcd") in common and list("efgh") in common
    text = linkages.conclude(linkages.compare_linkages(matrix, 100), common)
    assert "without images, how sure that is cannot be told" in text[0]
    assert "a, b, c, d" in text[1]


def test_equal_distances_have_no_clade_and_few_models_no_answer():
    matrix = matrix_of(np.eye(8))
    assert linkages.common_clades(matrix) == []
    (row,) = linkages.compare_linkages(matrix, 10)
    assert row["untested"] == "all dissimilarities between models are equal"
    few = matrix_of(np.eye(3))
    (row,) = linkages.compare_linkages(few, 10)
    assert "needs at least 4" in row["untested"]
    (text,) = linkages.conclude([row], linkages.common_clades(few))
    assert "cannot tell whether the linkage matters" in text
    trees = {name: link(few.values, name) for name in linkages.LINKAGES}
    families = dict.fromkeys(few.names, "CNN")
    figure = trees_side_by_side(trees, {}, few.names, families, title="few")
    assert [axes.get_title() for axes in figure.axes] == list(linkages.LINKAGES)
