"""Trees of dissimilarity matrices, and the support of their clades."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lookalike.compare.aggregation import summarise
from lookalike.compare.resampling import bootstrap
from lookalike.core.condensed import condensed, square
from lookalike.core.errors import InputError
from lookalike.groups import trees
from lookalike.groups.many_trees import clade_codes, leaf_codes

NAMES = ["ant", "bee", "cow", "dog", "eel", "fox", "gnu", "hen"]


def random_matrix(models=8, seed=0):
    return square(np.random.default_rng(seed).uniform(0.2, 1, models * (models - 1) // 2), models)


def planted_values(gap, images=40, seed=0):
    """Return values (images, pairs) of 8 models: pairs between the first 4 and the others are
    larger by the gap.
    """
    rows, columns = np.triu_indices(8, 1)
    between = (rows < 4) != (columns < 4)
    return 0.4 + gap * between + np.random.default_rng(seed).normal(0, 0.1, (images, 28))


def parse_newick(text):
    """Return the nested tree of a Newick text: a leaf is (name, length), a node ([children], label,
    length).
    """
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
    """Return {leaves: (height, support label)} of a parsed node and those below; a leaf's height is
    0.
    """
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


@pytest.mark.parametrize("method", trees.LINKAGES)
def test_link_equals_scipy(method):
    from scipy.cluster.hierarchy import linkage
    from scipy.spatial.distance import squareform

    matrix = random_matrix()
    np.testing.assert_array_equal(trees.link(matrix, method), linkage(squareform(matrix), method))


@pytest.mark.parametrize("method", ["ward", "centroid", "median"])
def test_euclidean_linkages_are_refused_with_the_reason(method):
    with pytest.raises(
        InputError, match=f"'{method}' is right for Euclidean distances only.*use one of average"
    ):
        trees.link(random_matrix(), method)


def test_single_model_has_an_empty_tree():
    tree = trees.link(np.zeros((1, 1)))
    assert tree.shape == (0, 4)
    assert trees.newick(tree, np.empty(0), ["ant"]) == "ant;\n"


@pytest.mark.parametrize("method", trees.LINKAGES)
def test_cophenetic_correlation_equals_scipy(method):
    from scipy.cluster.hierarchy import cophenet

    matrix = random_matrix(seed=1)
    tree = trees.link(matrix, method)
    assert trees.cophenetic_correlation(tree, matrix) == pytest.approx(
        cophenet(tree, condensed(matrix))[0], abs=1e-12
    )


@pytest.mark.parametrize(
    "matrix", [square([0.5], 2), square([0.5] * 6, 4)], ids=["two models", "all equal"]
)
def test_cophenetic_correlation_is_not_known_without_variation(matrix):
    assert np.isnan(trees.cophenetic_correlation(trees.link(matrix), matrix))


def members_of(tree):
    """Return the places of the leaves below each inner node."""
    return [frozenset(np.flatnonzero(below).tolist()) for below in trees.clade_members(tree)]


def test_clades_are_the_members_of_the_merges():
    points = np.array([0.0, 1.0, 10.0, 12.0, 13.0])
    tree = trees.link(np.abs(points[:, None] - points))
    clades = members_of(tree)
    assert set(clades) == set(map(frozenset, [{0, 1}, {3, 4}, {2, 3, 4}, range(5)]))
    assert clades[-1] == frozenset(range(5))
    sisters = [set(np.flatnonzero(below).tolist()) for below in trees.sisters_of(tree)]
    assert [sisters[clades.index(frozenset(own))] for own in ({0, 1}, {3, 4}, {2, 3, 4})] == [
        {2, 3, 4},
        {2},
        {0, 1},
    ]
    assert sisters[-1] == set()


@pytest.mark.parametrize("method", trees.LINKAGES)
@pytest.mark.parametrize("models", [2, 3, 9, 20])
def test_clades_of_many_trees_equal_scipys(method, models):
    replicates = np.random.default_rng(models).random((40, models * (models - 1) // 2))
    leaves, found = leaf_codes(models), clade_codes(replicates, method)
    for replicate, codes in zip(replicates, found, strict=True):
        tree = trees.link(square(replicate, models), method)
        assert sorted(codes) == sorted(leaves[below].sum() for below in trees.clade_members(tree))


def test_support_is_1_where_the_replicates_equal_the_original():
    matrix = random_matrix(seed=2)
    np.testing.assert_array_equal(
        trees.clade_support(trees.link(matrix), np.tile(condensed(matrix), (5, 1))), np.ones(7)
    )


def test_support_is_the_share_of_trees_with_the_clade():
    near, far = [0.1, 0.9, 0.9, 0.9, 0.9, 0.2], [0.9, 0.1, 0.9, 0.9, 0.2, 0.9]
    incomplete = [np.nan, 0.1, 0.9, 0.9, 0.2, 0.9]
    support = trees.clade_support(
        trees.link(square(near, 4)), np.array([near, near, near, far, incomplete])
    )
    np.testing.assert_array_equal(support, [0.75, 0.75, 1])


def test_support_is_not_known_without_a_complete_replicate():
    assert np.isnan(
        trees.clade_support(trees.link(random_matrix()), np.full((3, 28), np.nan))
    ).all()


def test_planted_clades_have_high_support():
    values = planted_values(gap=0.3)
    tree = trees.link(square(summarise(values)["dissimilarity"], 8))
    support = dict(
        zip(
            members_of(tree),
            trees.clade_support(tree, bootstrap(values, "mean", 100, 0)),
            strict=True,
        )
    )
    assert support[frozenset(range(4))] >= 0.95
    assert support[frozenset(range(4, 8))] >= 0.95


def test_clades_without_structure_have_low_support():
    values = planted_values(gap=0)
    tree = trees.link(square(summarise(values)["dissimilarity"], 8))
    support = trees.clade_support(tree, bootstrap(values, "mean", 100, 0))
    assert support[-1] == 1
    assert support[:-1].max() < 0.8
    assert support[:-1].mean() < 0.5


@settings(max_examples=30, deadline=None, derandomize=True, database=None)
@given(models=st.integers(2, 8), seed=st.integers(0, 1000), method=st.sampled_from(trees.LINKAGES))
def test_newick_holds_leaves_heights_and_support(models, seed, method):
    names = NAMES[:models]
    tree = trees.link(random_matrix(models, seed), method)
    support = np.random.default_rng(seed).integers(0, 101, models - 1) / 100
    found = described(parse_newick(trees.newick(tree, support, names)))
    expected = {
        frozenset(names[place] for place in places): (height, share)
        for places, height, share in zip(members_of(tree), tree[:, 2], support, strict=True)
    }
    assert set(found) == set(expected) | {frozenset([name]) for name in names}
    for leaves, (height, share) in expected.items():
        assert found[leaves][0] == pytest.approx(height / 2, abs=1e-5)
        assert float(found[leaves][1]) == pytest.approx(100 * share, abs=0.5)


def test_newick_leaves_unknown_support_out():
    assert (
        trees.newick(trees.link(square([0.25], 2)), [np.nan], ["ant", "bee"])
        == "(ant:0.125,bee:0.125);\n"
    )


def test_equal_models_are_one_leaf():
    # Which two of the three are joined first is chance, and that they are alike is certain.
    matrix = np.full((4, 4), 0.5)
    matrix[:3, :3] = 0
    np.fill_diagonal(matrix, 0)
    tree = trees.link(matrix)
    np.testing.assert_array_equal(
        trees.clade_support(tree, np.tile(condensed(matrix), (4, 1))), [np.nan, np.nan, 1]
    )
    assert (
        trees.newick(tree, trees.clade_support(tree, condensed(matrix)[None]), NAMES[:4]).count(
            ")100"
        )
        == 1
    )


def test_replicates_in_which_models_are_equal_do_not_support_their_clades():
    near = np.array([0.1, 0.2, 0.9, 0.25, 0.9, 0.9])
    support = trees.clade_support(trees.link(square(near, 4)), np.stack([near, np.full(6, 0.5)]))
    np.testing.assert_array_equal(support, [0.5, 0.5, 1])


def test_a_constant_matrix_has_a_root_alone():
    support = trees.clade_support(trees.link(square(np.full(10, 0.3), 5)), np.full((3, 10), 0.3))
    np.testing.assert_array_equal(support, [np.nan, np.nan, np.nan, 1])


def test_two_models_have_a_tree():
    tree = trees.link(square([0.5], 2))
    np.testing.assert_array_equal(tree, [[0, 1, 0.5, 2]])
    np.testing.assert_array_equal(trees.clade_support(tree, np.array([[0.4], [0.6]])), [1])


def read_by_scikit_bio(text):
    """Return the names of the leaves of a Newick text."""
    from skbio import TreeNode

    return [leaf.name for leaf in TreeNode.read([text], format="newick", verify=False).tips()]


@pytest.mark.parametrize(
    "names",
    [
        ["ResNet_50", "ViT-B_16.augreg", "MobileNetV3"],
        ["it's", "'led", "a''b_c'"],
        ["two words", " led", "trailed "],
        ["(a,b)", "c:1;", "[d]"],
        ["Räte", "x=y", "50%"],
    ],
    ids=["underscores", "quotes", "spaces", "Newick's signs", "other signs"],
)
def test_scikit_bio_reads_names_as_they_are(names):
    tree = trees.link(random_matrix(3))
    text = trees.newick(tree, np.ones(2), names)
    assert sorted(read_by_scikit_bio(text)) == sorted(names)


def test_plain_names_stay_bare():
    text = trees.newick(trees.link(random_matrix(2)), np.ones(1), ["ResNet-50.a1", "c++"])
    assert "'" not in text and sorted(read_by_scikit_bio(text)) == ["ResNet-50.a1", "c++"]


@settings(max_examples=50, deadline=None, derandomize=True, database=None)
@given(st.lists(st.text("aB1_'\" .:-+();,[]é"), min_size=3, max_size=3, unique=True))
def test_scikit_bio_reads_any_name_as_it_is(texts):
    # It reads names of quotes alone wrongly, hence a letter.
    names = [f"{text}x" for text in texts]
    text = trees.newick(trees.link(random_matrix(3)), np.ones(2), names)
    assert sorted(read_by_scikit_bio(text)) == sorted(names)
