import numpy as np
import pytest
from scipy.stats import spearmanr

from lookalike import registry
from lookalike.agreement import rank_correlations, redundant_groups


def test_correlations_are_spearmans_over_all_pairs_and_images():
    one, other = np.random.default_rng(0).normal(size=(2, 9, 6))
    expected = spearmanr(one.ravel(), other.ravel()).statistic
    assert rank_correlations({"a": one, "b": other})[0, 1] == pytest.approx(expected, abs=1e-12)


def test_values_that_one_metric_lacks_are_left_out_of_its_pair_alone():
    one, other, third = np.random.default_rng(1).normal(size=(3, 9, 6))
    other[2, :3] = np.nan
    found = rank_correlations({"a": one, "b": other, "c": third})
    known = np.isfinite(other)
    assert found[0, 1] == pytest.approx(spearmanr(one[known], other[known]).statistic, abs=1e-12)
    assert found[0, 2] == pytest.approx(spearmanr(one.ravel(), third.ravel()).statistic, abs=1e-12)


def test_a_constant_metric_correlates_with_nothing_and_joins_no_group():
    found = rank_correlations({"a": np.random.default_rng(2).normal(size=(4, 3)), "b": np.ones((4, 3))})
    assert np.isnan(found[0, 1])
    assert redundant_groups(found, ["a", "b"]) == []


def test_metrics_of_one_ranking_form_one_group():
    maps = np.random.default_rng(3).random((6, 5, 16, 16))
    names = ["cosine", "mse", "rmse", "rbf"]
    pairs = np.triu_indices(5, 1)
    values = {name: np.stack([registry.get("metric", name)(stack, stack)[pairs] for stack in maps]) for name in names}
    assert redundant_groups(rank_correlations(values), names) == [["mse", "rmse", "rbf"]]


def test_groups_are_tied_together_by_chains():
    correlations = np.array([[1, 0.9995, 0.99, 0], [0.9995, 1, 0.9995, 0], [0.99, 0.9995, 1, 0], [0, 0, 0, 1]])
    assert redundant_groups(correlations, list("abcd")) == [["a", "b", "c"]]
    assert redundant_groups(correlations, list("abcd"), threshold=0.9999) == []
