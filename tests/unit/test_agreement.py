"""Agreement of metrics, as SciPy finds it, of predictions, and of matrices, as scikit-bio does."""

import numpy as np
import pytest
from scipy.cluster.hierarchy import cophenet, linkage
from scipy.stats import spearmanr
from skbio import DistanceMatrix
from skbio.stats.distance import mantel
from test_metrics import smooth_maps

from lookalike import registry
from lookalike.agreement import COLUMNS, as_matrix, compare_matrices, disagreements, rank_correlations, redundant_groups
from lookalike.inference import correct
from lookalike.matrices import condensed, square


def test_correlations_are_spearmans_over_all_pairs_and_images():
    one, other = np.random.default_rng(0).normal(size=(2, 9, 6))
    expected = spearmanr(one.ravel(), other.ravel()).statistic
    assert rank_correlations({"a": one, "b": other})[0, 1] == pytest.approx(expected, abs=1e-12)


def test_correlations_are_spearmans_where_many_values_are_tied():
    values = dict(zip("abcd", np.random.default_rng(5).integers(0, 4, size=(4, 9, 6)).astype(float), strict=True))
    expected = spearmanr(np.stack([table.ravel() for table in values.values()], axis=1)).statistic
    np.testing.assert_allclose(rank_correlations(values), expected, rtol=0, atol=1e-12)


def test_values_that_one_metric_lacks_are_left_out_of_its_pairs_alone():
    one, other, third, fourth = np.random.default_rng(1).normal(size=(4, 9, 6))
    one[5, 2:], other[2, :3] = np.nan, np.nan
    found = rank_correlations({"a": one, "b": other, "c": third, "d": fourth})
    known = np.isfinite(one) & np.isfinite(other)
    assert found[0, 1] == pytest.approx(spearmanr(one[known], other[known]).statistic, abs=1e-12)
    assert found[0, 2] == pytest.approx(spearmanr(one[np.isfinite(one)], third[np.isfinite(one)]).statistic, abs=1e-12)
    assert found[1, 2] == pytest.approx(spearmanr(other[np.isfinite(other)], third[np.isfinite(other)]).statistic, abs=1e-12)
    assert found[2, 3] == pytest.approx(spearmanr(third.ravel(), fourth.ravel()).statistic, abs=1e-12)
    np.testing.assert_array_equal(found, found.T)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("known", [0, 1])
def test_metrics_without_two_common_values_have_no_correlation(known):
    one, other = np.random.default_rng(4).normal(size=(2, 4, 3))
    other.flat[known:] = np.nan
    np.testing.assert_array_equal(rank_correlations({"a": one, "b": other}), [[1, np.nan], [np.nan, 1]])


@pytest.mark.filterwarnings("error")
def test_a_constant_metric_correlates_with_nothing_and_joins_no_group():
    found = rank_correlations({"a": np.random.default_rng(2).normal(size=(4, 3)), "b": np.ones((4, 3))})
    assert np.isnan(found[0, 1])
    assert redundant_groups(found, ["a", "b"]) == []


def test_a_metric_constant_where_the_other_is_known_correlates_with_nothing():
    one, other = np.random.default_rng(6).normal(size=(2, 4, 3))
    one[0], other[1:] = 0.5, np.nan
    assert np.isnan(rank_correlations({"a": one, "b": other})[0, 1])


def test_metrics_of_one_ranking_form_one_group():
    maps = np.random.default_rng(3).random((6, 5, 16, 16))
    names = ["cosine", "rmse", "mse", "rbf"]
    pairs = np.triu_indices(5, 1)
    values = {name: np.stack([registry.get("metric", name)(stack, stack)[pairs] for stack in maps]) for name in names}
    assert redundant_groups(rank_correlations(values), names) == [["rmse", "mse", "rbf"]]


def test_several_groups_are_told_apart():
    maps = smooth_maps(12, 16, 16, 7, 2.0).reshape(3, 4, 16, 16)
    names = ["mse", "angular", "emd_values", "rmse", "cosine"]
    pairs = np.triu_indices(4, 1)
    values = {name: np.stack([registry.get("metric", name)(stack, stack)[pairs] for stack in maps]) for name in names}
    assert redundant_groups(rank_correlations(values), names) == [["angular", "cosine"], ["mse", "rmse"]]


def test_groups_are_tied_together_by_chains():
    correlations = np.array([[1, 0.9995, 0.99, 0], [0.9995, 1, 0.9995, 0], [0.99, 0.9995, 1, 0], [0, 0, 0, 1]])
    assert redundant_groups(correlations, list("abcd")) == [["a", "b", "c"]]
    assert redundant_groups(correlations, list("abcd"), threshold=0.9999) == []


@pytest.mark.parametrize("correlation", [0.999, 0.99, 0.0, -1.0, np.nan])
def test_metrics_that_are_not_tied_together_give_no_group(correlation):
    correlations = np.where(np.eye(3), 1.0, correlation)
    assert redundant_groups(correlations, list("abc")) == []


def test_one_metric_alone_gives_no_group():
    assert redundant_groups(rank_correlations({"a": np.random.default_rng(8).normal(size=(4, 3))}), ["a"]) == []


def predictions_of(classes, predicted):
    logits = np.array(predicted, float)[:, None]
    return {"images": np.array(["i0", "i1", "i2", "i3"]), "classes": np.array(classes), "predicted": np.array(predicted), "logits": logits}


def test_disagreement_is_the_share_of_images_that_are_classified_differently():
    found = disagreements({"a": predictions_of(["cat", "dog"], [0, 0, 1, 1]), "b": predictions_of(["dog", "cat"], [1, 0, 0, 1])})
    np.testing.assert_array_equal(found, [[0, 0.5], [0.5, 0]])


def test_disagreement_of_scores_is_how_far_they_are_apart():
    found = disagreements({"a": predictions_of(["score"], [0, 0, 1, 1]), "b": predictions_of(["score"], [1, 0, 3, 2])}, scores=True)
    np.testing.assert_array_equal(found, [[0, 1], [1, 0]])


def test_disagreement_of_models_that_know_different_classes_is_not_known(capsys):
    found = disagreements({"a": predictions_of(["cat", "dog"], [0, 0, 1, 1]), "b": predictions_of(["car", "bus"], [1, 0, 0, 1])})
    assert np.isnan(found).all() and "the models know different classes" in capsys.readouterr().out


def random_matrix(seed, models=9):
    return square(np.random.default_rng(seed).uniform(0.2, 1, models * (models - 1) // 2), models)


def test_matrices_and_trees_are_compared_as_scikit_bio_and_scipy_do():
    names, matrices = list("abcdefghi"), {("gradcam", "cosine"): random_matrix(0), ("gradcam", "rbf"): random_matrix(1), ("ig", "rbf"): random_matrix(2)}
    rows = compare_matrices({key: (matrix, names) for key, matrix in matrices.items()}, "complete", 99, 0)
    assert [tuple(row) for row in rows] == [COLUMNS] * 3
    for row in rows:
        one, other = matrices[row["method"], row["metric"]], matrices[row["other_method"], row["other_metric"]]
        heights = [cophenet(linkage(condensed(matrix), "complete")) for matrix in (one, other)]
        assert row["rho"] == pytest.approx(spearmanr(condensed(one), condensed(other)).statistic)
        assert row["tree"] == pytest.approx(np.corrcoef(*heights)[0, 1])
        expected = mantel(DistanceMatrix(one), DistanceMatrix(other), method="spearman", permutations=999, alternative="greater", seed=1)[1]
        assert row["rho_p"] == pytest.approx(expected, abs=0.15)
        assert (row["models"], row["untested"]) == (9, "")


def test_matrices_that_say_the_same_agree_and_others_do_not():
    base, names = random_matrix(3), list("abcdefghi")
    rows = compare_matrices({("g", "one"): (base, names), ("g", "two"): (base**2, names), ("g", "three"): (random_matrix(4), names)}, "average", 199, 0)
    assert (rows[0]["rho"], rows[0]["rho_p"]) == (pytest.approx(1), 0.005) and rows[1]["rho_p"] > 0.05
    rows = correct(rows, ["rho", "tree"], [])
    matrix, marks, labels, methods = as_matrix(rows, "rho")
    assert labels == ["g one", "g two", "g three"] and methods == dict.fromkeys(labels, "g")
    np.testing.assert_array_equal(marks, [["", "*", ""], ["*", "", ""], ["", "", ""]])
    np.testing.assert_allclose(matrix, matrix.T)


def test_matrices_of_different_models_are_compared_by_those_that_both_know():
    names, base = list("abcdefghi"), random_matrix(5)
    order = [6, 2, 8, 0, 4]
    part = (base[np.ix_(order, order)], [names[place] for place in order])
    rows = compare_matrices({("g", "all"): (base, names), ("g", "same"): (base, names), ("maps", "some"): part}, "average", 99, 0)
    assert [row["models"] for row in rows] == [9, 5, 5] and [row["rho"] for row in rows] == [pytest.approx(1)] * 3


def test_matrices_that_cannot_be_compared_say_why():
    names = list("abcdefghi")
    few = {("g", "all"): (random_matrix(6), names), ("g", "few"): (random_matrix(6, 3), names[:3]), ("g", "equal"): (0.5 * (1 - np.eye(9)), names)}
    rows = compare_matrices(few, "average", 99, 0)
    assert [row["untested"] for row in rows] == [
        "it wants 4 models or more that both know, replicates and pruned variants aside, and has 3",
        "all dissimilarities between models are equal",
        "it wants 4 models or more that both know, replicates and pruned variants aside, and has 3",
    ]
    assert all(row["rho_p"] is None and row["tree_p"] is None for row in rows)
    assert compare_matrices({("g", "alone"): (random_matrix(6), names)}, "average", 99, 0) == []


def test_many_matrices_are_permuted_often_enough_for_all_of_them():
    names, matrices = list("abcdefghi"), {("g", str(seed)): random_matrix(seed) for seed in range(8)}
    rows = compare_matrices({key: (matrix, names) for key, matrix in matrices.items()} | {("g", "same"): (random_matrix(0), names)}, "average", 19, 0)
    best = next(row for row in correct(rows, ["rho", "tree"], []) if (row["metric"], row["other_metric"]) == ("0", "same"))
    assert best["rho_holm"] <= 0.05
