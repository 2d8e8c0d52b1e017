"""Metrics that rank pairs and images alike are found, as SciPy finds them, and grouped."""

import numpy as np
import pytest
from scipy.stats import spearmanr
from test_metrics import smooth_maps

from lookalike.compare.redundancy import (
    rank_correlations,
    read_representatives,
    redundant_groups,
)
from lookalike.core import io, registry


def test_correlations_are_spearmans_over_all_pairs_and_images():
    one, other = np.random.default_rng(0).normal(size=(2, 9, 6))
    expected = spearmanr(one.ravel(), other.ravel()).statistic
    assert rank_correlations({"a": one, "b": other})[0, 1] == pytest.approx(expected, abs=1e-12)


def test_correlations_are_spearmans_where_many_values_are_tied():
    values = dict(
        zip(
            "abcd",
            np.random.default_rng(5).integers(0, 4, size=(4, 9, 6)).astype(float),
            strict=True,
        )
    )
    expected = spearmanr(np.stack([table.ravel() for table in values.values()], axis=1)).statistic
    np.testing.assert_allclose(rank_correlations(values), expected, rtol=0, atol=1e-12)


def test_values_that_one_metric_lacks_are_left_out_of_its_pairs_alone():
    one, other, third, fourth = np.random.default_rng(1).normal(size=(4, 9, 6))
    one[5, 2:], other[2, :3] = np.nan, np.nan
    found = rank_correlations({"a": one, "b": other, "c": third, "d": fourth})
    known = np.isfinite(one) & np.isfinite(other)
    assert found[0, 1] == pytest.approx(spearmanr(one[known], other[known]).statistic, abs=1e-12)
    assert found[0, 2] == pytest.approx(
        spearmanr(one[np.isfinite(one)], third[np.isfinite(one)]).statistic, abs=1e-12
    )
    assert found[1, 2] == pytest.approx(
        spearmanr(other[np.isfinite(other)], third[np.isfinite(other)]).statistic, abs=1e-12
    )
    assert found[2, 3] == pytest.approx(
        spearmanr(third.ravel(), fourth.ravel()).statistic, abs=1e-12
    )
    np.testing.assert_array_equal(found, found.T)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("known", [0, 1])
def test_metrics_without_two_common_values_have_no_correlation(known):
    one, other = np.random.default_rng(4).normal(size=(2, 4, 3))
    other.flat[known:] = np.nan
    np.testing.assert_array_equal(
        rank_correlations({"a": one, "b": other}), [[1, np.nan], [np.nan, 1]]
    )


@pytest.mark.filterwarnings("error")
def test_a_constant_metric_correlates_with_nothing_and_joins_no_group():
    found = rank_correlations(
        {"a": np.random.default_rng(2).normal(size=(4, 3)), "b": np.ones((4, 3))}
    )
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
    values = {
        name: np.stack([registry.get("metric", name)(stack, stack)[pairs] for stack in maps])
        for name in names
    }
    assert redundant_groups(rank_correlations(values), names) == [["rmse", "mse", "rbf"]]


def test_several_groups_are_told_apart():
    maps = smooth_maps(12, 16, 16, 7, 2.0).reshape(3, 4, 16, 16)
    names = ["mse", "angular", "emd_values", "rmse", "cosine"]
    pairs = np.triu_indices(4, 1)
    values = {
        name: np.stack([registry.get("metric", name)(stack, stack)[pairs] for stack in maps])
        for name in names
    }
    assert redundant_groups(rank_correlations(values), names) == [
        ["angular", "cosine"],
        ["mse", "rmse"],
    ]


def test_groups_are_tied_together_by_chains():
    correlations = np.array(
        [[1, 0.9995, 0.99, 0], [0.9995, 1, 0.9995, 0], [0.99, 0.9995, 1, 0], [0, 0, 0, 1]]
    )
    assert redundant_groups(correlations, list("abcd")) == [["a", "b", "c"]]
    assert redundant_groups(correlations, list("abcd"), threshold=0.9999) == []


@pytest.mark.parametrize("correlation", [0.999, 0.99, 0.0, -1.0, np.nan])
def test_metrics_that_are_not_tied_together_give_no_group(correlation):
    correlations = np.where(np.eye(3), 1.0, correlation)
    assert redundant_groups(correlations, list("abc")) == []


def test_one_metric_alone_gives_no_group():
    assert (
        redundant_groups(
            rank_correlations({"a": np.random.default_rng(8).normal(size=(4, 3))}), ["a"]
        )
        == []
    )


def test_the_first_metric_of_a_ranking_stands_for_the_others(tmp_path):
    alike = np.array([[1, 0.5, 0.9995], [0.5, 1, 0.5], [0.9995, 0.5, 1]])
    paths = [tmp_path / "g.csv", tmp_path / "h.csv"]
    io.write_matrix(paths[0], alike, ["cosine", "mse", "angle"])
    io.write_matrix(paths[1], np.eye(2), ["cosine", "angle"])
    assert read_representatives(["g", "h"], paths) == {
        ("g", "cosine"): ("g", "cosine"),
        ("g", "angle"): ("g", "cosine"),
    }
