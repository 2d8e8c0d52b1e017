"""Trees, communities and projections of dissimilarity matrices."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lookalike import groups
from lookalike.errors import InputError
from lookalike.matrices import bootstrap, condensed, square, summarise

NAMES = ["ant", "bee", "cow", "dog", "eel", "fox", "gnu", "hen"]


def random_matrix(models=8, seed=0):
    return square(np.random.default_rng(seed).uniform(0.2, 1, models * (models - 1) // 2), models)


def planted_values(gap, images=40, seed=0):
    """Return values (images, pairs) of 8 models: pairs between the first 4 and the others are larger by the gap."""
    rows, columns = np.triu_indices(8, 1)
    between = (rows < 4) != (columns < 4)
    return 0.4 + gap * between + np.random.default_rng(seed).normal(0, 0.1, (images, 28))


def planted_matrix(sizes, seed=0):
    """Return a matrix whose groups of the given sizes are near within and far between."""
    group = np.repeat(np.arange(len(sizes)), sizes)
    base = np.where(group[:, None] == group, 0.2, 1.0)
    noise = condensed(base) + np.random.default_rng(seed).uniform(-0.05, 0.05, len(condensed(base)))
    return square(noise, len(group)), group


def parse_newick(text):
    """Return the nested tree of a Newick text: a leaf is (name, length), a node ([children], label, length)."""
    assert text.endswith(";\n")
    place = 0

    def token():
        nonlocal place
        start = place
        while text[place] not in "(),:;":
            place += 1
        return text[start:place]

    def node():
        nonlocal place
        children = []
        if text[place] == "(":
            while text[place] in "(,":
                place += 1
                children.append(node())
            assert text[place] == ")"
            place += 1
        label, length = token(), 0.0
        if text[place] == ":":
            place += 1
            length = float(token())
        return (children, label, length) if children else (label, length)

    root = node()
    assert text[place:] == ";\n"
    return root


def described(node):
    """Return {leaves: (height, support label)} of a parsed node and those below; a leaf's height is 0."""
    if len(node) == 2:
        return {frozenset([node[0]]): (0.0, "")}
    below, leaves, heights = {}, frozenset(), []
    for child in node[0]:
        inner = described(child)
        top = max(inner, key=len)
        below |= inner
        leaves |= top
        heights.append(inner[top][0] + child[-1])
    assert max(heights) == pytest.approx(min(heights), abs=1e-5)
    return below | {leaves: (heights[0], node[1])}


@pytest.mark.parametrize("method", groups.LINKAGES)
def test_link_equals_scipy(method):
    from scipy.cluster.hierarchy import linkage
    from scipy.spatial.distance import squareform

    matrix = random_matrix()
    np.testing.assert_array_equal(groups.link(matrix, method), linkage(squareform(matrix), method))


@pytest.mark.parametrize("method", ["ward", "centroid", "median"])
def test_euclidean_linkages_are_refused_with_the_reason(method):
    with pytest.raises(InputError, match=f"'{method}' is right for Euclidean distances only.*use one of average"):
        groups.link(random_matrix(), method)


def test_single_model_has_an_empty_tree():
    tree = groups.link(np.zeros((1, 1)))
    assert tree.shape == (0, 4)
    assert groups.newick(tree, np.empty(0), ["ant"]) == "ant;\n"


@pytest.mark.parametrize("method", groups.LINKAGES)
def test_cophenetic_correlation_equals_scipy(method):
    from scipy.cluster.hierarchy import cophenet

    matrix = random_matrix(seed=1)
    tree = groups.link(matrix, method)
    assert groups.cophenetic_correlation(tree, matrix) == pytest.approx(cophenet(tree, condensed(matrix))[0], abs=1e-12)


@pytest.mark.parametrize("matrix", [square([0.5], 2), square([0.5] * 6, 4)], ids=["two models", "all equal"])
def test_cophenetic_correlation_is_not_known_without_variation(matrix):
    assert np.isnan(groups.cophenetic_correlation(groups.link(matrix), matrix))


def test_clades_are_the_members_of_the_merges():
    points = np.array([0.0, 1.0, 10.0, 12.0, 13.0])
    tree = groups.link(np.abs(points[:, None] - points))
    assert sorted(groups.clades(tree)) == sorted([0b00011, 0b11000, 0b11100, 0b11111])
    assert groups.clades(tree)[-1] == 0b11111


def test_support_is_1_where_the_replicates_equal_the_original():
    matrix = random_matrix(seed=2)
    np.testing.assert_array_equal(groups.clade_support(groups.link(matrix), np.tile(condensed(matrix), (5, 1))), np.ones(7))


def test_support_is_the_share_of_trees_with_the_clade():
    near, far = [0.1, 0.9, 0.9, 0.9, 0.9, 0.2], [0.9, 0.1, 0.9, 0.9, 0.2, 0.9]
    incomplete = [np.nan, 0.1, 0.9, 0.9, 0.2, 0.9]
    support = groups.clade_support(groups.link(square(near, 4)), np.array([near, near, near, far, incomplete]))
    np.testing.assert_array_equal(support, [0.75, 0.75, 1])


def test_support_is_not_known_without_a_complete_replicate():
    assert np.isnan(groups.clade_support(groups.link(random_matrix()), np.full((3, 28), np.nan))).all()


def test_planted_clades_have_high_support():
    values = planted_values(gap=0.3)
    tree = groups.link(square(summarise(values)["dissimilarity"], 8))
    support = dict(zip(groups.clades(tree), groups.clade_support(tree, bootstrap(values, "mean", 100, 0)), strict=True))
    assert support[0b00001111] >= 0.95
    assert support[0b11110000] >= 0.95


def test_clades_without_structure_have_low_support():
    values = planted_values(gap=0)
    tree = groups.link(square(summarise(values)["dissimilarity"], 8))
    support = groups.clade_support(tree, bootstrap(values, "mean", 100, 0))
    assert support[-1] == 1
    assert support[:-1].max() < 0.8
    assert support[:-1].mean() < 0.5


def test_described_clades_name_their_members():
    points = np.array([0.0, 1.0, 10.0])
    matrix = np.abs(points[:, None] - points)
    tree = groups.link(matrix)
    rows = groups.describe_clades(tree, [0.5, 1.0], matrix, ["ant", "bee", "cow"])
    assert [tuple(row) for row in rows] == [groups.CLADE_COLUMNS] * 2
    assert [(row["members"], row["size"], row["height"], row["support"]) for row in rows] == [("ant bee", 2, 1.0, 0.5), ("ant bee cow", 3, 9.5, 1.0)]
    assert rows[0]["cophenetic_correlation"] == groups.cophenetic_correlation(tree, matrix)


@settings(max_examples=30, deadline=None, derandomize=True, database=None)
@given(models=st.integers(2, 8), seed=st.integers(0, 1000), method=st.sampled_from(groups.LINKAGES))
def test_newick_holds_leaves_heights_and_support(models, seed, method):
    names = NAMES[:models]
    tree = groups.link(random_matrix(models, seed), method)
    support = np.random.default_rng(seed).integers(0, 101, models - 1) / 100
    found = described(parse_newick(groups.newick(tree, support, names)))
    expected = {
        frozenset(name for place, name in enumerate(names) if mask >> place & 1): (height, share)
        for mask, height, share in zip(groups.clades(tree), tree[:, 2], support, strict=True)
    }
    assert set(found) == set(expected) | {frozenset([name]) for name in names}
    for leaves, (height, share) in expected.items():
        assert found[leaves][0] == pytest.approx(height / 2, abs=1e-5)
        assert float(found[leaves][1]) == pytest.approx(100 * share, abs=0.5)


def test_newick_leaves_unknown_support_out():
    assert groups.newick(groups.link(square([0.25], 2)), [np.nan], ["ant", "bee"]) == "(ant:0.125,bee:0.125);\n"


def communities(rows):
    return {row["model"]: row["community"] for row in rows}


def test_louvain_finds_planted_groups_and_numbers_them_by_size():
    matrix, group = planted_matrix([2, 3, 4])
    names = [f"m{place}" for place in range(9)]
    rows = groups.louvain(matrix, names, [1.0], seed=0)
    assert communities(rows) == {name: 3 - planted for name, planted in zip(names, group.tolist(), strict=True)}
    assert all(tuple(row) == groups.COMMUNITY_COLUMNS for row in rows)
    assert rows[0]["modularity"] > 0.3


def test_louvain_does_not_depend_on_the_order_of_the_models():
    matrix = random_matrix(seed=3)
    rows = groups.louvain(matrix, NAMES, [1.0, 0.5], seed=0)
    for seed in range(3):
        order = np.random.default_rng(seed).permutation(8)
        assert groups.louvain(matrix[np.ix_(order, order)], [NAMES[place] for place in order], [1.0, 0.5], seed=0) == rows


def test_louvain_lists_every_model_at_every_resolution_and_is_determined_by_its_seed():
    matrix, _ = planted_matrix([4, 4])
    rows = groups.louvain(matrix, NAMES, [0.25, 1.0], seed=1)
    assert [(row["resolution"], row["model"]) for row in rows] == list(itertools.product([0.25, 1.0], NAMES))
    assert rows == groups.louvain(matrix, NAMES, [0.25, 1.0], seed=1)


def test_modularity_equals_its_definition():
    matrix, _ = planted_matrix([4, 4], seed=1)
    rows = groups.louvain(matrix, NAMES, [1.0], seed=0)
    found = np.array([communities(rows)[name] for name in NAMES])
    weights = 1 - matrix / matrix.max()
    np.fill_diagonal(weights, 0)
    degrees = weights.sum(axis=1)
    surplus = weights - np.outer(degrees, degrees) / degrees.sum()
    assert rows[0]["modularity"] == pytest.approx(surplus[found[:, None] == found].sum() / degrees.sum(), abs=1e-12)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "matrix", [np.zeros((4, 4)), square([0.7] * 6, 4), square([0.7], 2), np.zeros((1, 1))], ids=["all 0", "all equal", "two models", "one model"]
)
def test_louvain_puts_models_without_differences_into_one_community(matrix):
    rows = groups.louvain(matrix, NAMES[: len(matrix)], [1.0], seed=0)
    assert communities(rows) == dict.fromkeys(NAMES[: len(matrix)], 1)
    assert {row["modularity"] for row in rows} == {0.0}


def test_communities_are_numbered_by_size_then_by_name():
    assert groups.number_communities({"ant": 7, "bee": 4, "cow": 2, "dog": 4, "eel": 2}) == {"bee": 1, "dog": 1, "cow": 2, "eel": 2, "ant": 3}


def test_classical_scaling_reproduces_distances_in_a_plane():
    points = np.random.default_rng(4).normal(size=(7, 2)) * [3, 1]
    distances = np.linalg.norm(points[:, None] - points, axis=2)
    coordinates, explained = groups.classical_scaling(distances)
    np.testing.assert_allclose(np.linalg.norm(coordinates[:, None] - coordinates, axis=2), distances, rtol=0, atol=1e-9)
    np.testing.assert_allclose(coordinates.mean(axis=0), 0, rtol=0, atol=1e-9)
    assert explained.sum() == pytest.approx(1, abs=1e-9)
    assert explained[0] > explained[1]


def test_explained_is_the_share_of_the_variance():
    points = np.random.default_rng(5).normal(size=(9, 3))
    _, explained = groups.classical_scaling(np.linalg.norm(points[:, None] - points, axis=2))
    variances = np.linalg.eigvalsh(np.cov(points.T))[::-1]
    np.testing.assert_allclose(explained, variances[:2] / variances.sum(), rtol=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_sign_of_every_component_is_fixed(seed):
    coordinates, _ = groups.classical_scaling(random_matrix(seed=seed))
    assert (coordinates[np.abs(coordinates).argmax(axis=0), [0, 1]] > 0).all()


def test_collinear_and_equal_models_have_no_second_component():
    line = np.array([0.0, 1.0, 5.0])
    coordinates, explained = groups.classical_scaling(np.abs(line[:, None] - line))
    np.testing.assert_array_equal(coordinates[:, 1], 0)
    np.testing.assert_allclose(explained, [1, 0], rtol=0, atol=1e-12)
    coordinates, explained = groups.classical_scaling(np.zeros((3, 3)))
    np.testing.assert_array_equal(coordinates, 0)
    np.testing.assert_array_equal(explained, 0)


def test_projection_has_a_row_for_every_model_and_component():
    rows = groups.describe_projection(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([0.7, 0.2]), ["ant", "bee"])
    assert [tuple(row) for row in rows] == [groups.PROJECTION_COLUMNS] * 4
    assert [tuple(row.values()) for row in rows] == [("ant", 1, 1.0, 0.7), ("ant", 2, 2.0, 0.2), ("bee", 1, 3.0, 0.7), ("bee", 2, 4.0, 0.2)]


def test_model_with_most_unknown_dissimilarities_is_left_out(capsys):
    matrix = random_matrix(5)
    matrix[2, :2] = matrix[:2, 2] = np.nan
    left, names, kept = groups.without_unknown(matrix, NAMES[:5])
    assert names == ["ant", "bee", "dog", "eel"]
    assert kept == [0, 1, 3, 4]
    np.testing.assert_array_equal(left, matrix[np.ix_(kept, kept)])
    assert "cow is left out: 2 of its dissimilarities" in capsys.readouterr().out


def test_models_are_left_out_one_after_another_only_as_far_as_needed():
    matrix = random_matrix(6)
    for place in (1, 4):
        matrix[place] = matrix[:, place] = np.nan
        matrix[place, place] = 0
    left, names, kept = groups.without_unknown(matrix, NAMES[:6])
    assert kept == [0, 2, 3, 5]
    assert names == ["ant", "cow", "dog", "fox"]
    assert np.isfinite(left).all()


def test_complete_matrix_keeps_all_models(capsys):
    matrix = random_matrix(4)
    left, names, kept = groups.without_unknown(matrix, NAMES[:4])
    np.testing.assert_array_equal(left, matrix)
    assert (names, kept) == (NAMES[:4], [0, 1, 2, 3])
    assert capsys.readouterr().out == ""


def test_selected_pairs_are_those_of_the_kept_models():
    matrix, kept = random_matrix(6), [0, 2, 5]
    np.testing.assert_array_equal(groups.select_pairs(condensed(matrix)[None], kept), condensed(matrix[np.ix_(kept, kept)])[None])
    assert groups.select_pairs(np.empty((3, 0)), [0]).shape == (3, 0)


def test_two_models_work_throughout():
    matrix = square([0.5], 2)
    tree = groups.link(matrix)
    np.testing.assert_array_equal(tree, [[0, 1, 0.5, 2]])
    np.testing.assert_array_equal(groups.clade_support(tree, np.array([[0.4], [0.6]])), [1])
    coordinates, explained = groups.classical_scaling(matrix)
    assert abs(coordinates[0, 0] - coordinates[1, 0]) == pytest.approx(0.5)
    np.testing.assert_array_equal(explained, [1, 0])
