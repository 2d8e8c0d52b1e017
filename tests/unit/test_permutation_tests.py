"""Tests by permuting models: against scikit-bio's, plain loops, and properties."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import f_oneway, rankdata, spearmanr
from skbio import DistanceMatrix
from skbio.stats import distance as reference

from lookalike.core.condensed import condensed, square
from lookalike.inference import mantel
from lookalike.inference import permutation_tests as tests

# Worked out once by the script next to it.
VEGAN = json.loads((Path(__file__).parent / "fixtures" / "vegan.json").read_text())

few_examples = settings(max_examples=50, deadline=None, derandomize=True, database=None)

PERMUTATIONS = 99


def random_matrix(rng, models):
    return square(rng.uniform(0.1, 1, models * (models - 1) // 2), models)


def orders_of(models, seed, permutations=PERMUTATIONS):
    """Return permutations as scikit-bio draws them."""
    rng = np.random.default_rng(seed)
    return np.array([rng.permutation(models) for _ in range(permutations)])


def planar(rng, codes, spreads=(1, 1), shift=0.0):
    """Return the Euclidean distances of points in a plane, with a spread for every level and a
    shift of the first.
    """
    points = (
        rng.normal(size=(len(codes), 2)) * np.array(spreads)[codes][:, None]
        + shift * (codes == 0)[:, None]
    )
    return np.linalg.norm(points[:, None] - points, axis=2)


@few_examples
@given(seed=st.integers(0, 10_000), models=st.integers(4, 14))
def test_mantel_equals_scikit_bio(seed, models):
    rng = np.random.default_rng(seed)
    matrix, other = random_matrix(rng, models), random_matrix(rng, models)
    found = mantel.mantel(matrix, other, orders_of(models, seed))
    statistic, p, _ = reference.mantel(
        DistanceMatrix(matrix),
        DistanceMatrix(other),
        method="spearman",
        permutations=PERMUTATIONS,
        alternative="greater",
        seed=seed,
    )
    assert found["statistic"] == pytest.approx(statistic, abs=1e-12)
    # Correlations of ranks are often equal but for rounding, which counts as equal here, and by
    # chance there.
    null = np.array(
        [
            spearmanr(condensed(matrix[np.ix_(order, order)]), condensed(other)).statistic
            for order in orders_of(models, seed)
        ]
    )
    assert found["p"] == (1 + (null >= statistic - 1e-9).sum()) / (PERMUTATIONS + 1)
    assert p <= found["p"] and (models < 7 or found["p"] <= p + 0.02)


@few_examples
@given(seed=st.integers(0, 10_000), models=st.integers(6, 14), levels=st.integers(2, 4))
def test_anosim_and_permanova_equal_scikit_bio(seed, models, levels):
    rng = np.random.default_rng(seed)
    codes = rng.permutation(np.append(np.arange(levels), rng.integers(0, levels, models - levels)))
    matrix = random_matrix(rng, models)
    for test, other in ((tests.anosim, reference.anosim), (tests.permanova, reference.permanova)):
        found = test(matrix, codes, np.array([np.random.default_rng(0).permutation(models)]))
        expected = other(DistanceMatrix(matrix), codes, permutations=0)
        assert found["statistic"] == pytest.approx(expected["test statistic"], rel=1e-9)
    # Its p values count what rounding makes unequal, and so are compared where no two permutations
    # are equal by size of level.
    sizes = np.bincount(codes)
    if len(set(sizes)) == len(sizes):
        for test, other in (
            (tests.anosim, reference.anosim),
            (tests.permanova, reference.permanova),
        ):
            expected = other(DistanceMatrix(matrix), codes, permutations=PERMUTATIONS, seed=seed)
            assert test(matrix, codes, permuted_codes(codes, seed))["p"] == expected["p-value"]


def permuted_codes(codes, seed):
    """Return permutations under which the models get the levels that scikit-bio deals out."""
    rng = np.random.default_rng(seed)
    places = np.arange(len(codes))
    return np.array([rng.permutation(places) for _ in range(PERMUTATIONS)])


def test_permanova_shares_the_sum_of_squares():
    rng = np.random.default_rng(0)
    codes = np.repeat([0, 1, 2], [3, 4, 5])
    points = rng.normal(size=(12, 2)) + codes[:, None]
    matrix = np.linalg.norm(points[:, None] - points, axis=2)
    means = np.array([points[codes == code].mean(axis=0) for code in range(3)])[codes]
    expected = ((means - points.mean(axis=0)) ** 2).sum() / (
        (points - points.mean(axis=0)) ** 2
    ).sum()
    assert tests.permanova(matrix, codes, orders_of(12, 0))["r2"] == pytest.approx(expected)


def test_models_of_a_level_that_are_equal_explain_everything():
    codes = np.repeat([0, 1], [3, 4])
    found = tests.permanova((codes[:, None] != codes).astype(float), codes, orders_of(7, 0))
    assert found["statistic"] == np.inf and found["r2"] == 1 and found["p"] < 0.1
    assert tests.anosim((codes[:, None] != codes).astype(float), codes, orders_of(7, 0))[
        "statistic"
    ] == pytest.approx(1)


@few_examples
@given(seed=st.integers(0, 10_000), models=st.integers(5, 10))
def test_partial_mantel_equals_a_loop_over_residuals(seed, models):
    rng = np.random.default_rng(seed)
    x, y, z = (random_matrix(rng, models) for _ in range(3))
    replicates = rng.uniform(0.1, 1, (40, models * (models - 1) // 2))
    given_ranks = rankdata(condensed(z))

    def residuals(matrix):
        ranks = rankdata(condensed(matrix))
        return ranks - np.polyval(np.polyfit(given_ranks, ranks, 1), given_ranks)

    def partial(matrix):
        return np.corrcoef(residuals(matrix), residuals(y))[0, 1]

    found = mantel.partial_mantel(x, y, z, replicates)
    resampled = [partial(square(one, models)) for one in replicates]
    assert found == {
        "statistic": pytest.approx(partial(x), abs=1e-9),
        "low": pytest.approx(np.quantile(resampled, 0.025), abs=1e-9),
        "high": pytest.approx(np.quantile(resampled, 0.975), abs=1e-9),
    }


def test_partial_mantel_sees_through_a_common_cause_and_claims_nothing():
    rng = np.random.default_rng(5)
    cause = random_matrix(rng, 14)
    x, y = (cause + 0.3 * random_matrix(rng, 14) for _ in range(2))
    none = np.empty((0, 91))
    assert mantel.mantel(x, y, orders_of(14, 0))["statistic"] > 0.8
    found = mantel.partial_mantel(x, y, cause, none)
    assert list(found) == ["statistic"] and abs(found["statistic"]) < 0.25
    assert mantel.partial_mantel(x, y, y, none) == {"untested": "the two go together entirely"}
    assert mantel.partial_mantel(x, y, x, none)["statistic"] == 0


@few_examples
@given(seed=st.integers(0, 10_000), size=st.integers(3, 6))
def test_permdisp_equals_scikit_bio_for_distances_in_a_plane_and_levels_of_one_size(seed, size):
    codes = np.repeat([0, 1, 2], size)
    matrix = planar(np.random.default_rng(seed), codes, (1, 2, 3))
    found = tests.permdisp(matrix, codes, orders_of(len(codes), seed))
    expected = reference.permdisp(
        DistanceMatrix(matrix),
        codes,
        test="centroid",
        permutations=0,
        dimensions=0,
        warn_neg_eigval=False,
    )
    assert found["statistic"] == pytest.approx(expected["test statistic"], rel=1e-6)


def test_permdisp_permanova_and_mantel_equal_vegan():
    distances, other, third = (
        square(np.array(VEGAN[name]), 10) for name in ("distances", "other", "third")
    )
    codes, orders = np.unique(VEGAN["family"], return_inverse=True)[1], orders_of(10, 0)
    found = tests.permanova(distances, codes, orders)
    assert (found["statistic"], found["r2"]) == pytest.approx(tuple(VEGAN["permanova"].values()))
    expected = VEGAN["permdisp_adjusted"]
    spread = tests.distances_to_centres(distances, codes)
    np.testing.assert_allclose(spread, expected["distances"])
    assert tests.permdisp(distances, codes, orders)["statistic"] == pytest.approx(expected["f"])
    sizes = np.bincount(codes)[codes]
    plain = spread * np.sqrt((sizes - 1) / sizes)
    np.testing.assert_allclose(plain, VEGAN["permdisp"]["distances"])
    rho = mantel.mantel(distances, other, orders)["statistic"]
    partial = mantel.partial_mantel(distances, other, third, np.empty((0, 45)))["statistic"]
    assert (rho, partial) == pytest.approx(tuple(VEGAN["mantel"].values()))


def test_distances_to_centres_are_those_of_points_corrected_for_the_size():
    rng = np.random.default_rng(1)
    codes = np.repeat([0, 1], [3, 6])
    points = rng.normal(size=(9, 2))
    means = np.array([points[codes == code].mean(axis=0) for code in range(2)])[codes]
    expected = np.linalg.norm(points - means, axis=1) * np.sqrt(np.where(codes == 0, 3 / 2, 6 / 5))
    found = tests.distances_to_centres(np.linalg.norm(points[:, None] - points, axis=2), codes)
    np.testing.assert_allclose(found, expected)
    spread = tests.permdisp(
        np.linalg.norm(points[:, None] - points, axis=2), codes, orders_of(9, 0)
    )
    assert spread["statistic"] == pytest.approx(f_oneway(found[:3], found[3:]).statistic)


def test_permdisp_tells_spread_from_place():
    codes = np.repeat([0, 1], 12)
    orders = orders_of(24, 0)
    wide = planar(np.random.default_rng(2), codes, (1, 5))
    apart = planar(np.random.default_rng(3), codes, (1, 1), shift=4)
    assert (
        tests.permdisp(wide, codes, orders)["p"] <= 0.01
        and tests.permdisp(apart, codes, orders)["p"] > 0.05
    )
    assert tests.permanova(apart, codes, orders)["p"] <= 0.01


@pytest.mark.parametrize("codes", [[0, 0, 0, 1], [0, 1, 2, 2]])
def test_permdisp_needs_two_levels_of_two_models(codes):
    assert "untested" in tests.permdisp(
        random_matrix(np.random.default_rng(0), 4), np.array(codes), orders_of(4, 0)
    )


def test_permdisp_leaves_levels_of_one_model_out():
    rng = np.random.default_rng(4)
    codes = np.array([0, 0, 0, 1, 2, 2, 2])
    matrix = planar(rng, codes, (1, 1, 2))
    kept = codes != 1
    one, other = (
        tests.permdisp(*about)["statistic"]
        for about in (
            (matrix, codes, orders_of(7, 0)),
            (matrix[np.ix_(kept, kept)], codes[kept] // 2, orders_of(6, 0)),
        )
    )
    assert one == other


@pytest.mark.parametrize("test", [tests.anosim, tests.permanova, tests.permdisp, mantel.mantel])
def test_noise_is_called_a_finding_as_rarely_as_the_level_says(test):
    rng, codes, found = np.random.default_rng(8), np.repeat([0, 1], [7, 5]), []
    orders = orders_of(12, 1, 99)
    for _ in range(300):
        points = rng.normal(size=(12, 5))
        matrix = np.linalg.norm(points[:, None] - points, axis=2)
        about = random_matrix(rng, 12) if test is mantel.mantel else codes
        found.append(test(matrix, about, orders)["p"] <= 0.05)
    assert 0.02 <= np.mean(found) <= 0.085


def test_a_matrix_goes_with_itself_and_the_smallest_p_is_that_of_the_identity():
    matrix = random_matrix(np.random.default_rng(6), 10)
    found = mantel.mantel(matrix, matrix, orders_of(10, 0))
    assert found["statistic"] == pytest.approx(1)
    assert found["p"] == found["least_p"] == 1 / (PERMUTATIONS + 1)
    assert found["arrangements"].argmax() == 0
    assert found["arrangements"].shape == (PERMUTATIONS + 1,)


def test_permutations_in_parts_give_what_they_give_at_once(monkeypatch):
    rng, codes = np.random.default_rng(7), np.array([0, 1, 2, 0, 1, 2, 0, 1])
    matrix, other, orders = random_matrix(rng, 8), random_matrix(rng, 8), orders_of(8, 0)

    def all_of_them():
        return [
            mantel.mantel(matrix, other, orders),
            *(
                test(matrix, codes, orders)
                for test in (tests.anosim, tests.permanova, tests.permdisp)
            ),
        ]

    at_once = all_of_them()
    monkeypatch.setattr(tests, "CACHED", 7 * 28)
    assert [one["p"] for one in all_of_them()] == [one["p"] for one in at_once]


@pytest.mark.parametrize("distance", [0.5, 0.3, 0.123])
@pytest.mark.parametrize("sizes", [[3, 5], [3, 4, 5]])
def test_levels_that_are_spread_alike_but_for_rounding_do_not_differ(distance, sizes):
    codes = np.repeat(np.arange(len(sizes)), sizes)
    matrix = np.where(codes[:, None] == codes, distance, 1.0)
    np.fill_diagonal(matrix, 0)
    orders = orders_of(len(codes), 0)
    found = tests.permdisp(matrix, codes, orders)
    assert (found["statistic"], found["p"], found["least_p"]) == (0, 1, 1)


def test_values_that_differ_by_rounding_are_tied():
    accuracies = np.arange(1, 9) / 10
    ranks = tests.ranks_of([condensed(np.abs(accuracies[:, None] - accuracies)), np.zeros(28)])
    assert len(np.unique(ranks[0])) == 7 and len(np.unique(ranks[1])) == 1
