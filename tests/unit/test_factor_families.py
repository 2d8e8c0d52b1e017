"""Factors that are tested together: how often one without a meaning is claimed, and one with a
meaning found.
"""

from dataclasses import replace

import numpy as np
import pytest
from planting import meaningless_factors, values_of

from lookalike.compare.dissimilarities import Dissimilarities, Key
from lookalike.compare.resampling import bootstrap
from lookalike.core.condensed import square
from lookalike.inference.factor_tests import factor_tests
from lookalike.inference.mantel import partial_mantel

NAMES = [f"m{place:02}" for place in range(14)]


def matrix_of(distances, metric="cosine", subset="all"):
    """Return a matrix without bootstrap replicates."""
    models = len(distances)
    none = np.empty((0, models * (models - 1) // 2))
    return Dissimilarities(distances, tuple(NAMES[:models]), Key("gradcam", metric, subset), none)


def some_matrices(rng, models, count, shift=0.0):
    """Return distances of models in four dimensions by metrics that have most in common."""
    points = rng.normal(size=(models, 4))
    points[:, 0] += shift
    found = []
    for number in range(count):
        seen = np.sqrt(0.8) * points + np.sqrt(0.2) * rng.normal(size=points.shape)
        distances = np.linalg.norm(seen[:, None] - seen, axis=2)
        found.append(matrix_of(distances, str(number)))
    return found


def claim_of(rows, factor):
    return next(row for row in rows if row["factor"] == factor and row["corrected"] is not None)


@pytest.mark.parametrize(("models", "count", "metrics"), [(14, 10, 1), (8, 5, 2)])
def test_factors_without_a_meaning_are_rarely_claimed(models, count, metrics):
    claimed = []
    for draw in range(40):
        rng = np.random.default_rng([models, draw])
        factors, matrices = (
            meaningless_factors(rng, NAMES[:models], count),
            some_matrices(rng, models, metrics),
        )
        rows = factor_tests(matrices, factors, None, 99, draw)
        claims = [row for row in rows if row["corrected"] is not None]
        assert len(claims) == count * metrics
        claimed.append([any(row[p] <= 0.05 for row in claims) for p in ("p", "corrected")])
    uncorrected, corrected = np.mean(claimed, axis=0)
    # At .05, at most 5 of 40 draws in 99% of all runs.
    assert corrected <= 5 / 40 and uncorrected >= 0.2


def test_a_planted_factor_is_found_among_others_and_a_planned_one_for_less():
    found = []
    for draw in range(10):
        rng = np.random.default_rng([1, draw])
        factors = meaningless_factors(rng, NAMES, 5)
        shift = 3 * np.array([factors["f0"][name] == "l0" for name in NAMES])
        matrices = some_matrices(rng, 14, 2, shift)
        alone = [{"factor": "f0", "metric": "1"}]
        together, planned = (
            factor_tests(matrices, factors, None, 199, draw, hypotheses)
            for hypotheses in ((), alone)
        )
        one, other = (
            next(row for row in rows if (row["metric"], row["test"]) == ("1", "permanova"))
            for rows in (together, planned)
        )
        assert other["corrected"] == pytest.approx(other["p"]) and other["p"] == one["p"]
        assert (one["planned"], other["planned"]) == (None, 1)
        assert one["corrected"] >= one["p"]
        found.append([row["corrected"] <= 0.05 for row in (one, other)])
    together, planned = np.mean(found, axis=0)
    assert 0.7 <= together <= planned


def test_each_factor_has_one_claim_and_each_subset_its_family():
    rng = np.random.default_rng(0)
    factors = meaningless_factors(rng, NAMES[:9], 3)
    matrices = some_matrices(rng, 9, 2)
    subsets = [
        *matrices,
        matrix_of(matrices[0].values, "0", "agreeing"),
    ]
    rows = factor_tests(subsets, factors, None, 199, 0)
    claims = [row for row in rows if row["corrected"] is not None]
    assert [row["test"] for row in claims] == ["permanova", "permanova", "mantel"] * 3
    whole, alone = (factor_tests(some, factors, None, 199, 0) for some in (matrices, subsets[2:]))
    for row, expected in zip(rows, [*whole, *alone], strict=True):
        assert row == expected


def test_tests_of_few_models_that_nothing_could_pass_say_so():
    levels = {name: "ab"[place % 2] for place, name in enumerate(NAMES[:7])}
    factors = {"one": levels} | meaningless_factors(np.random.default_rng(4), NAMES[:7], 12)
    matrix = some_matrices(np.random.default_rng(5), 7, 1)[0]
    alone, among = (
        factor_tests([matrix], asked, None, 999, 0) for asked in ({"one": levels}, factors)
    )
    one, other = (claim_of(rows, "one") for rows in (alone, among))
    # Three of seven models are of a level in 35 ways: enough for one test, too few among 13.
    assert one["least_p"] == other["least_p"] == one["least_corrected"]
    assert one["least_p"] <= 0.05 < other["least_corrected"]


def test_partial_mantel_has_an_interval_where_there_are_replicates():
    rng = np.random.default_rng(6)
    values = rng.random((40, 91)) + np.linspace(0, 1, 91)
    replicates = bootstrap(values, "mean", 200, 0)
    predictions = (square(rng.random(91), 14), NAMES)
    family = {name: "ab"[place > 7] for place, name in enumerate(NAMES)}
    bare = matrix_of(square(values.mean(axis=0), 14))
    rows = [
        factor_tests([matrix], {"family": family}, predictions, 99, 0)
        for matrix in (replace(bare, replicates=replicates), bare)
    ]
    with_interval, without = (
        next(row for row in some if row["test"] == "partial_mantel") for some in rows
    )
    assert with_interval["low"] < with_interval["statistic"] < with_interval["high"]
    assert without["low"] is without["high"] is None
    assert without["statistic"] == pytest.approx(with_interval["statistic"])
    assert with_interval["p"] is with_interval["corrected"] is None


def test_the_interval_of_a_partial_correlation_is_wider_for_few_units_of_images():
    rng = np.random.default_rng(7)
    values = rng.random((40, 28)) + np.linspace(0, 1, 28)
    matrix, other, third = (square(one, 8) for one in (values.mean(axis=0), *rng.random((2, 28))))
    replicates = bootstrap(values, "mean", 400, 0)
    plain, wide = (partial_mantel(matrix, other, third, replicates, units) for units in (None, 8))
    assert wide["statistic"] == plain["statistic"]
    # sqrt(8 / 7) x 2.365 / 1.960, of Student's t with 7 degrees of freedom.
    assert wide["high"] - wide["low"] == pytest.approx(1.290 * (plain["high"] - plain["low"]), 1e-3)


def test_the_interval_of_a_partial_correlation_is_about_other_images():
    held = []
    for draw in range(40):
        rng = np.random.default_rng([3, draw])
        places = rng.normal(size=(2, 8, 2))
        third, own = np.linalg.norm(places[:, :, None] - places[:, None], axis=3)
        # Maps are alike by the third, which the other matrix shares, and by something else.
        shared = 0.35 * np.exp(-(third**2) / 2) + 0.25 * np.exp(-(own**2) / 2) + 0.4 * np.eye(8)
        other = third + square(rng.random(28), 8)
        maps = (np.linalg.cholesky(shared) @ rng.normal(size=(32, 8, 36))).reshape(32, 8, 6, 6)
        values = values_of(maps, "cosine")
        found = partial_mantel(
            square(values.mean(axis=0), 8), other, third, bootstrap(values, "mean", 200, draw)
        )
        true = partial_mantel(1 - shared, other, third, np.empty((0, 28)))["statistic"]
        held.append(found["low"] <= true <= found["high"])
        assert "p" not in found
    assert 0.85 <= np.mean(held) <= 1


def test_a_factor_has_levels_or_numbers_whichever_models_a_matrix_holds():
    values = ["10"] * 4 + ["20"] * 4 + ["big"] * 4
    factors = {"size": dict(zip(NAMES, values, strict=False))}
    rng = np.random.default_rng(8)
    whole = some_matrices(rng, 12, 1)[0]
    part = replace(whole.of(NAMES[:8]), key=Key("gradcam", "part"))
    rows = factor_tests([whole, part], factors, None, 99, 0)
    claims = [(row["metric"], row["test"]) for row in rows if row["corrected"] is not None]
    assert [test for _, test in claims] == ["permanova", "permanova"]
