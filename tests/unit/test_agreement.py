"""Agreement of matrices and of their trees, as scikit-bio and SciPy compute it, and not for the
noise that they have in common.
"""

import itertools

import numpy as np
import pytest
from scipy.cluster.hierarchy import cophenet, linkage
from scipy.stats import spearmanr
from skbio import DistanceMatrix
from skbio.stats.distance import mantel

from lookalike.compare.dissimilarities import Dissimilarities, Key
from lookalike.compare.resampling import split_halves
from lookalike.core import registry
from lookalike.core.condensed import condensed, pair_numbers, square
from lookalike.core.seeding import rng_of
from lookalike.inference import agreement
from lookalike.inference.agreement import COLUMNS, as_matrix
from lookalike.inference.significance import correct


def compare_matrices(matrices, *about):
    """Compare matrices, given as (matrix, names, halves) by method and metric."""
    return agreement.compare_matrices(
        [
            Dissimilarities(
                matrix, tuple(names), Key(*key), np.empty((0, len(condensed(matrix)))), halves
            )
            for key, (matrix, names, halves) in matrices.items()
        ],
        *about,
    )


def random_matrix(seed, models=9):
    return square(np.random.default_rng(seed).uniform(0.2, 1, models * (models - 1) // 2), models)


def test_matrices_and_trees_are_compared_as_scikit_bio_and_scipy_do():
    names, matrices = (
        list("abcdefghi"),
        {
            ("gradcam", "cosine"): random_matrix(0),
            ("gradcam", "rbf"): random_matrix(1),
            ("ig", "rbf"): random_matrix(2),
        },
    )
    rows = compare_matrices(
        {key: (matrix, names, None) for key, matrix in matrices.items()}, "complete", 99, 0
    )
    assert [tuple(row) for row in rows] == [COLUMNS] * 3
    for row in rows:
        one, other = (
            matrices[row["method"], row["metric"]],
            matrices[row["other_method"], row["other_metric"]],
        )
        heights = [cophenet(linkage(condensed(matrix), "complete")) for matrix in (one, other)]
        assert row["rho"] == pytest.approx(spearmanr(condensed(one), condensed(other)).statistic)
        assert row["tree"] == pytest.approx(np.corrcoef(*heights)[0, 1])
        expected = mantel(
            DistanceMatrix(one),
            DistanceMatrix(other),
            method="spearman",
            permutations=99,
            alternative="greater",
            seed=rng_of(0, "agreement", 9),
        )[1]
        assert expected <= row["rho_p"] <= expected + 0.02
        assert (row["models"], row["untested"]) == (9, "")


def test_matrices_that_say_the_same_agree_and_others_do_not():
    base, names = random_matrix(3), list("abcdefghi")
    rows = compare_matrices(
        {
            ("g", "one"): (base, names, None),
            ("g", "two"): (base**2, names, None),
            ("g", "three"): (random_matrix(4), names, None),
        },
        "average",
        199,
        0,
    )
    assert (rows[0]["rho"], rows[0]["rho_p"]) == (pytest.approx(1), 0.005) and rows[1][
        "rho_p"
    ] > 0.05
    rows = correct(rows, ["rho", "tree"], [])
    matrix, marks, labels, methods = as_matrix(rows, "rho")
    assert labels == ["g one", "g two", "g three"] and methods == dict.fromkeys(labels, "g")
    np.testing.assert_array_equal(marks, [["", "*", ""], ["*", "", ""], ["", "", ""]])
    np.testing.assert_allclose(matrix, matrix.T)


def test_matrices_of_different_models_are_compared_by_those_that_both_know():
    names, base = list("abcdefghi"), random_matrix(5)
    order = [6, 2, 8, 0, 4]
    part = (base[np.ix_(order, order)], [names[place] for place in order], None)
    rows = compare_matrices(
        {
            ("g", "all"): (base, names, None),
            ("g", "same"): (base, names, None),
            ("maps", "some"): part,
        },
        "average",
        99,
        0,
    )
    assert [row["models"] for row in rows] == [9, 5, 5] and [row["rho"] for row in rows] == [
        pytest.approx(1)
    ] * 3


def test_matrices_that_cannot_be_compared_say_why():
    names = list("abcdefghi")
    few = {
        ("g", "all"): (random_matrix(6), names, None),
        ("g", "few"): (random_matrix(6, 3), names[:3], None),
        ("g", "equal"): (0.5 * (1 - np.eye(9)), names, None),
    }
    rows = compare_matrices(few, "average", 99, 0)
    assert [row["untested"] for row in rows] == [
        "needs at least 4 independent models that both matrices hold; found 3",
        "all dissimilarities between models are equal",
        "needs at least 4 independent models that both matrices hold; found 3",
    ]
    assert all(row["rho_p"] is None and row["tree_p"] is None for row in rows)
    # Large values that differ by rounding alone, whose ranks are tied.
    large = 1e6 * (1 - np.eye(9)) + 1e-8 * random_matrix(3)
    rows = compare_matrices(
        {("g", "all"): (random_matrix(6), names, None), ("g", "large"): (large, names, None)},
        "average",
        99,
        0,
    )
    assert [row["untested"] for row in rows] == ["all dissimilarities between models are equal"]
    assert (
        compare_matrices({("g", "alone"): (random_matrix(6), names, None)}, "average", 99, 0) == []
    )


def test_many_matrices_are_permuted_often_enough_for_all_of_them():
    names, matrices = (
        list("abcdefghi"),
        {("g", str(seed)): random_matrix(seed) for seed in range(8)},
    )
    rows = compare_matrices(
        {key: (matrix, names, None) for key, matrix in matrices.items()}
        | {("g", "same"): (random_matrix(0), names, None)},
        "average",
        19,
        0,
    )
    best = next(
        row
        for row in correct(rows, ["rho", "tree"], [])
        if (row["metric"], row["other_metric"]) == ("0", "same")
    )
    assert best["rho_holm"] <= 0.05


def planted(rng, groups, models=9, images=40):
    """Return values of all pairs by two metrics of the same maps, nearly one ranking, and by a
    third of other maps.
    """
    tables = [[], [], []]
    for _ in range(images):
        for maps_of in (slice(0, 2), slice(2, 3)):
            group = np.repeat(rng.normal(size=(groups, 6, 6)), models // groups, axis=0)
            maps = np.sqrt(0.4) * group + np.sqrt(0.6) * rng.normal(size=(models, 6, 6))
            for table, metric in zip(
                tables[maps_of], ("pearson", "mae", "mse")[maps_of], strict=True
            ):
                table.append(condensed(registry.get("metric", metric)(maps, maps)))
    return [np.array(table) for table in tables]


def compare_planted(rng, groups):
    """Return the agreement between two metrics of the same maps, and between one of these and
    another method.
    """
    tables = planted(rng, groups)
    names = list("abcdefghi")
    matrices = {
        ("g", str(place)): (square(table.mean(axis=0), 9), names, split_halves(table, "mean", 4, 0))
        for place, table in enumerate(tables)
    }
    rows = compare_matrices(matrices, "average", 99, 0)
    return rows[0], rows[1]


def test_noise_of_the_same_images_is_no_agreement():
    rng = np.random.default_rng(0)
    same = [compare_planted(rng, 1)[0] for _ in range(60)]
    assert np.median([row["rho"] for row in same]) > 0.5
    assert (
        np.mean([row["rho_p"] <= 0.05 for row in same]) <= 0.12
        and np.mean([row["tree_p"] <= 0.05 for row in same]) <= 0.12
    )


def test_agreement_of_structure_is_found_across_halves():
    same, other = compare_planted(np.random.default_rng(1), 3)
    assert same["rho_p"] == other["rho_p"] == same["tree_p"] == other["tree_p"] == 0.01


def test_halves_are_those_of_the_models_that_both_know():
    values = planted(np.random.default_rng(2), 3)[0]
    names, order = list("abcdefghi"), [6, 2, 8, 0, 4]
    whole = (square(values.mean(axis=0), 9), names, split_halves(values, "mean", 3, 0))
    part = values[:, condensed(pair_numbers(9)[np.ix_(order, order)])]
    some = (
        square(part.mean(axis=0), 5),
        [names[place] for place in order],
        split_halves(part, "mean", 3, 0),
    )
    one, other = (
        compare_matrices({("g", "one"): first, ("g", "two"): some}, "average", 999, 0)[0]
        for first in (whole, some)
    )
    # All 119 permutations are made, so that the order of the models does not matter.
    assert one["models"] == 5 and (one["rho_p"], one["tree_p"]) == pytest.approx(
        (other["rho_p"], other["tree_p"])
    )


@pytest.mark.parametrize("models", [1, 2, 3])
def test_halves_of_few_models_end_in_the_reason(models):
    values = np.random.default_rng(5).random((8, models * (models - 1) // 2))
    about = (
        square(values.mean(axis=0), models),
        list("abc")[:models],
        split_halves(values, "mean", 2, 0),
    )
    row = compare_matrices({("g", "one"): about, ("g", "two"): about}, "average", 19, 0)[0]
    assert row["untested"].endswith(f"found {models}")


def test_halves_that_lack_dissimilarities_cannot_be_compared():
    values = planted(np.random.default_rng(3), 3)[0]
    halves = split_halves(values, "mean", 3, 0)
    halves[1, 0, 4] = np.nan
    about = (square(values.mean(axis=0), 9), list("abcdefghi"), halves)
    row = compare_matrices({("g", "one"): about, ("g", "two"): about}, "average", 99, 0)[0]
    assert (
        row["untested"] == "halves of the images lack some dissimilarities" and row["rho_p"] is None
    )


def test_trees_that_join_all_models_at_one_height_cannot_be_compared():
    chain = np.full((5, 5), 0.9)
    chain[np.arange(4), np.arange(1, 5)] = chain[np.arange(1, 5), np.arange(4)] = 0.5
    np.fill_diagonal(chain, 0)
    other = square(np.random.default_rng(4).random(10), 5)
    for pair in ((chain, other), (other, chain)):
        row = compare_matrices(
            {("g", str(place)): (matrix, list("abcde"), None) for place, matrix in enumerate(pair)},
            "single",
            99,
            0,
        )[0]
        assert row["tree"] is None and row["tree_p"] is None and row["rho_p"] > 0


@pytest.mark.parametrize("count", [5, 16, 40])
def test_stars_of_the_figure_are_those_of_the_table(count):
    from lookalike.plots.agreement import agreement_heatmap

    rng = np.random.default_rng(count)
    keys = [(f"method{number // 5}", f"metric{number % 5}") for number in range(count)]
    rows = [
        {"method": one[0], "metric": one[1], "other_method": other[0], "other_metric": other[1]}
        | {"rho": "0.5", "rho_holm": str(p := rng.choice([0.001, 0.05, 0.051, 0.9]))}
        | {"tree": "0.4", "tree_holm": "" if p == 0.9 else "0.04"}
        for one, other in itertools.combinations(keys, 2)
    ]
    for column in ("rho", "tree"):
        figure = agreement_heatmap(rows, column, ["method0"], of="all images", linkage="average")
        cells = {text.get_position(): text.get_text() for text in figure.axes[0].texts}
        for row, (one, other) in zip(rows, itertools.combinations(range(count), 2), strict=True):
            starred = float(row[f"{column}_holm"] or "nan") <= 0.05
            for place in ((one, other), (other, one)):
                assert ("*" in cells[place]) == starred
        assert min(text.get_fontsize() for text in figure.axes[0].texts) >= 5
        assert "at most .05" in figure.get_suptitle()
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels[0] == ("method0 metric0" if count <= 16 else "metric0")
    for row in rows:
        row["rho_holm"] = "0.2"
    figure = agreement_heatmap(rows, "rho", ["method0"], of="all images", linkage="average")
    assert figure.get_suptitle().endswith("finds none of these")
