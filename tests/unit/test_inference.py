"""P values by permutation, and their correction for being several."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lookalike.inference.significance import (
    correct,
    enough_permutations,
    holm,
    is_significant,
    min_attainable_p,
    orders_of,
    permutation_p,
    standardised,
    step_down,
)

few_examples = settings(max_examples=50, deadline=None, derandomize=True, database=None)


def test_p_values_count_the_identity_and_equal_values():
    assert permutation_p(1.0, np.array([0.0, 1.0 + 1e-15, 1.0 - 1e-15, 2.0])) == 0.8
    assert permutation_p(1.0, np.zeros(99)) == 0.01


def test_holm_equals_its_steps_by_hand():
    np.testing.assert_allclose(
        holm([0.01, np.nan, 0.04, 0.03, 0.005]), [0.03, np.nan, 0.06, 0.06, 0.02]
    )
    np.testing.assert_allclose(holm([0.6, 0.7]), [1, 1])
    assert holm([]).shape == (0,)


@few_examples
@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_lies_between_no_correction_and_bonferroni_and_keeps_the_order(p):
    corrected = holm(p)
    assert (corrected >= p).all() and (
        corrected <= np.minimum(np.array(p) * len(p), 1) + 1e-12
    ).all()
    assert (np.diff(corrected[np.argsort(p, kind="stable")]) >= 0).all()


def test_only_tests_that_are_reported_together_are_corrected_together():
    rows = [
        {"subset": "all", "rho_p": "0.01"},
        {"subset": "all", "rho_p": "0.04"},
        {"subset": "agreeing", "rho_p": "0.04"},
        {"subset": "all", "rho_p": ""},
    ]
    found = correct(rows, ["rho"], ["subset"])
    assert [row["rho_holm"] for row in found[:3]] == [0.02, 0.04, 0.04]
    assert np.isnan(found[3]["rho_holm"])
    assert [is_significant(row, "rho") for row in found] == [True, True, True, False]
    assert "rho_holm" not in rows[0]


def test_metrics_of_one_ranking_count_once():
    metrics, p = ("cosine", "angle", "mse"), ("0.01", "0.02", "0.03")
    rows = [
        {"method": "g", "metric": metric, "rho_p": value}
        for metric, value in zip(metrics, p, strict=True)
    ]
    stands = {("g", metric): ("g", "cosine") for metric in metrics[:2]}
    found = correct(rows, ["rho"], [], stands)
    assert [row["rho_holm"] for row in found] == [0.04, 0.04, 0.04]
    found = correct(rows, ["rho"], [], {})
    assert [row["rho_holm"] for row in found] == [0.03, 0.04, 0.04]
    # Of two matrices, both count, in either order.
    pairs = [
        {"method": "g", "metric": one, "other_method": "g", "other_metric": other, "rho_p": "0.02"}
        for one, other in (("cosine", "mse"), ("mse", "angle"), ("cosine", "angle"))
    ]
    found = correct(pairs, ["rho"], [], stands)
    assert [row["rho_holm"] for row in found] == [0.04, 0.04, 0.04]


def test_each_kind_of_test_is_corrected_by_itself():
    rows = [
        {"structure_p": "0.01", "grouping_p": "nan"},
        {"structure_p": "0.04", "grouping_p": "0.5"},
    ]
    found = correct(rows, ["structure", "grouping"], [])
    assert [row["structure_holm"] for row in found] == [0.02, 0.04]
    assert np.isnan(found[0]["grouping_holm"]) and found[1]["grouping_holm"] == 0.5
    assert is_significant(found[0], "structure") and not is_significant(found[0], "grouping")


@few_examples
@given(st.integers(19, 5000), st.integers(1, 3000))
def test_permutations_are_enough_for_every_test_to_reach_the_level(least, tests):
    permutations = enough_permutations(least, tests)
    assert permutations >= least
    # All others being hopeless, the smallest p value there can be is significant.
    assert holm([1 / (permutations + 1)] + [1.0] * (tests - 1))[0] <= 0.05 + 1e-12
    assert permutations == least or (permutations + 1) / 2 * 0.05 < tests


def test_permutations_without_a_statistic_do_not_count():
    assert permutation_p(1.0, np.array([0.0, np.nan, 2.0, np.nan])) == 2 / 3
    assert np.isnan(permutation_p(np.nan, np.zeros(9)))


def test_the_smallest_attainable_p_is_that_of_the_most_extreme_arrangement():
    assert min_attainable_p(1.0, np.array([0.0, 3.0, 3.0, np.nan])) == 0.5
    assert min_attainable_p(5.0, np.arange(4.0)) == 0.2


def test_few_models_are_permuted_in_every_way_once():
    orders = orders_of(4, 99, np.random.default_rng(0))
    assert (
        len(orders) == 23 == len({tuple(order) for order in orders.tolist()})
        and [0, 1, 2, 3] not in orders.tolist()
    )
    assert orders_of(9, 99, np.random.default_rng(0)).shape == (99, 9)
    assert orders_of(1, 99, np.random.default_rng(0)).shape == (0, 1)


def test_step_down_equals_its_steps_by_hand():
    statistics = np.array([[3.0, 1, 2], [1, 2, 0], [0, 0, 2], [4, 0, 1]])
    # The largest of a row reaches 3 in two of four; without the first test, 2 in three; and the
    # second alone reaches 1 in two, but is not below the test before it.
    corrected, least = step_down(statistics)
    np.testing.assert_allclose(corrected, [0.5, 0.75, 0.75])
    np.testing.assert_allclose(least, [0.25, 1, 1])
    assert [len(part) for part in step_down(np.empty((4, 0)))] == [0, 0]


def test_a_test_and_its_copies_cost_no_more_than_the_test():
    rng = np.random.default_rng(3)
    one, other = (standardised(size, rng.normal(size=999)) for size in (2.5, 2.0))
    alone = step_down(one[:, None])[0][0]
    np.testing.assert_allclose(step_down(np.column_stack([one] * 5))[0], alone)
    assert alone == permutation_p(one[0], one[1:])
    assert alone < step_down(np.column_stack([one, other]))[0][0]


def test_what_others_found_does_not_count_against_a_test():
    null = np.arange(99.0)
    clear = standardised(300.0, null)
    weak = standardised(96.5, np.random.default_rng(0).permutation(null))
    corrected, _ = step_down(np.column_stack([clear, weak]))
    np.testing.assert_allclose(corrected, [0.01, permutation_p(weak[0], weak[1:])])


def test_statistics_that_are_equal_but_for_rounding_reach_nothing():
    noise = 1e-16 * np.random.default_rng(1).normal(size=99)
    np.testing.assert_array_equal(standardised(1.0, 1 + noise), np.zeros(100))
    assert step_down(standardised(1.0, 1 + noise)[:, None])[1] == 1
