"""Which factors are tested how, and what is said where they cannot be."""

import numpy as np
import pytest
from planting import planted_maps, values_of

from lookalike.compare.dissimilarities import Dissimilarities, Key
from lookalike.core.condensed import square
from lookalike.inference import factor_tests as inference
from lookalike.inference.factor_tests import COLUMNS
from lookalike.inference.factors import factors_of, fill, relabellings

NAMES = [f"m{place:02}" for place in range(14)]
FAMILY = dict(zip(NAMES, ["CNN"] * 8 + ["transformer"] * 6, strict=True))
UNKNOWN = np.full((14, 14), np.nan)


def given_matrix(matrix, names=NAMES, metric="cosine", subset="all", images=None):
    """Return a matrix without bootstrap replicates."""
    return Dissimilarities(
        matrix,
        tuple(names),
        Key("gradcam", metric, subset),
        np.empty((0, len(names) * (len(names) - 1) // 2)),
        n=None if images is None else np.full(matrix.shape, images),
    )


def factor_tests(matrix, names, factors, predictions, permutations, images=None):
    """Run the tests on one matrix; predictions are of its models."""
    return inference.factor_tests(
        [given_matrix(matrix, names, images=images)],
        factors,
        None if predictions is None else (predictions, list(names)),
        permutations,
        0,
    )


def places_in_a_plane(seed=0, shift=0.0):
    """Return distances of 14 models; the last six lie apart by a shift."""
    points = np.random.default_rng(seed).normal(size=(14, 2)) + shift * (np.arange(14) > 7)[:, None]
    return np.linalg.norm(points[:, None] - points, axis=2)


def found(rows, factor):
    return {row["test"]: row for row in rows if row["factor"] == factor}


def test_factors_are_read_from_the_table_of_models():
    rows = [
        {
            "model": "a",
            "family": "CNN",
            "native_grid": "7x7",
            "parameters": "100",
            "accuracy": "",
            "depth": "18",
        },
        {
            "model": "b",
            "family": "CNN",
            "native_grid": "",
            "parameters": "200",
            "accuracy": "",
            "depth": "34",
        },
    ]
    assert factors_of(rows, ["depth"]) == {
        "family": {"a": "CNN", "b": "CNN"},
        "native_grid": {"a": "7x7"},
        "parameters": {"a": "100", "b": "200"},
        "depth": {"a": "18", "b": "34"},
    }
    assert factors_of([], []) == {}


def test_what_says_nothing_of_a_model_is_no_factor():
    rows = [
        {"model": "a", "family": "unknown", "year": "nan"},
        {"model": "b", "family": "CNN", "year": "inf"},
        {"model": "c", "family": "", "year": "2020"},
    ]
    assert factors_of(rows, ["year"]) == {"family": {"b": "CNN"}, "year": {"c": "2020"}}


def test_how_many_times_is_asked_of_positive_numbers_alone():
    values = dict(zip(NAMES, map(str, range(14)), strict=True))
    matrix = np.abs(np.arange(14)[:, None] - np.arange(14)).astype(float)
    assert found(factor_tests(matrix, NAMES, {"parameters": values}, None, 99), "parameters")[
        "mantel"
    ]["statistic"] == pytest.approx(1)


@pytest.mark.parametrize(
    ("values", "least"), [((18, 34, 50, 66), 2 / 24), ((1, 1, 2, 2), 1 / 3), ((1, 2, 4, 9), 1 / 24)]
)
def test_p_values_of_few_models_are_exact_and_say_how_small_they_could_be(values, least):
    names = NAMES[:4]
    points = np.array(values, float)
    row = factor_tests(
        np.abs(points[:, None] - points),
        names,
        {"depth": dict(zip(names, map(str, values), strict=True))},
        None,
        999,
    )[0]
    assert (row["p"], row["least_p"]) == (pytest.approx(least), pytest.approx(least))


def test_where_no_model_predicts_nothing_is_said_of_that_and_why_where_classes_differ():
    rows = factor_tests(places_in_a_plane(), NAMES, {"family": FAMILY}, None, 19)
    assert {row["factor"] for row in rows} == {"family"}
    rows = factor_tests(places_in_a_plane(), NAMES, {"family": FAMILY}, UNKNOWN, 19)
    assert "whose value is known" in found(rows, "predictions")[None]["untested"]


def test_a_factor_with_levels_goes_through_five_tests_and_a_number_through_two():
    predictions = square(np.random.default_rng(1).random(91), 14)
    size = dict(zip(NAMES, map(str, np.random.default_rng(2).integers(1, 99, 14)), strict=True))
    rows = factor_tests(
        places_in_a_plane(shift=4),
        NAMES,
        {"family": FAMILY, "parameters": size},
        predictions,
        199,
    )
    assert all(tuple(row) == COLUMNS for row in rows)
    assert (
        list(found(rows, "predictions"))
        == list(found(rows, "parameters"))
        == ["mantel", "partial_mantel"]
    )
    tests = found(rows, "family")
    assert list(tests) == ["mantel", "partial_mantel", "anosim", "permanova", "permdisp"]
    assert {row["models"] for row in rows} == {14} and tests["anosim"][
        "levels"
    ] == "CNN 8, transformer 6"
    assert (
        all(tests[test]["p"] <= 0.01 for test in ("mantel", "anosim", "permanova"))
        and tests["permdisp"]["p"] > 0.05
    )
    assert 0.5 < tests["permanova"]["r2"] < 1
    assert (
        tests["partial_mantel"]["given"] == "predictions"
        and found(rows, "predictions")["partial_mantel"]["given"] == "family"
    )


def test_numbers_differ_by_how_far_they_are_apart_and_parameters_by_how_many_times():
    sizes = np.array([10.0**place for place in range(14)])
    matrix = np.abs(np.log(sizes)[:, None] - np.log(sizes))
    values = dict(zip(NAMES, map(str, sizes), strict=True))
    rows = factor_tests(matrix, NAMES, {"parameters": values, "depth": values}, None, 99)
    assert found(rows, "parameters")["mantel"]["statistic"] == pytest.approx(1)
    assert found(rows, "depth")["mantel"]["statistic"] < 0.8
    assert list(found(rows, "depth")) == ["mantel"]


def test_models_of_which_a_factor_is_not_known_are_left_out():
    matrix = places_in_a_plane(shift=3)
    known = {name: FAMILY[name] for name in NAMES if name != "m03"}
    kept = [place for place in range(14) if place != 3]
    rows = factor_tests(matrix, NAMES, {"family": known}, None, 99)
    part = matrix[np.ix_(kept, kept)]
    expected = factor_tests(part, [NAMES[place] for place in kept], {"family": known}, None, 99)
    assert [row["models"] for row in rows] == [13] * 4
    for column in ("test", "statistic", "r2", "levels"):
        assert [row[column] for row in rows] == [row[column] for row in expected]


@pytest.mark.parametrize(
    ("factors", "models", "images", "reason"),
    [
        ({"family": FAMILY}, 14, 1, "with n = 1 image nothing can be concluded"),
        ({"family": FAMILY}, 14, 0, "with n = 0 images nothing can be concluded"),
        (
            {"family": FAMILY},
            2,
            8,
            "needs at least 4 independent models whose value is known; found 2",
        ),
        (
            {"family": {"m00": "CNN"}},
            14,
            8,
            "needs at least 4 independent models whose value is known; found 1",
        ),
        ({"family": dict.fromkeys(NAMES, "CNN")}, 14, 8, "the family of all models is CNN"),
        (
            {"native_grid": {name: f"{place}x7" for place, name in enumerate(NAMES)}},
            14,
            8,
            "no two models are of one native_grid",
        ),
        (
            {"accuracy": dict.fromkeys(NAMES, "0.98")},
            14,
            8,
            "the accuracy of all models is the same",
        ),
        (
            {"family": {"m00": "a", "m01": "a", "m02": "b", "m03": "b"}},
            14,
            8,
            "with so few models in a family no p value can be below 0.33",
        ),
    ],
)
def test_what_cannot_be_tested_is_said(factors, models, images, reason):
    rows = factor_tests(
        places_in_a_plane()[:models, :models], NAMES[:models], factors, None, 19, images
    )
    assert [(row["untested"], row["test"], row["p"]) for row in rows] == [(reason, None, None)]


def test_equal_dissimilarities_and_equal_predictions_cannot_be_tested():
    equal = 0.5 * (1 - np.eye(14))
    for matrix in (equal, 1e6 * equal + 1e-8 * places_in_a_plane()):
        assert (
            factor_tests(matrix, NAMES, {"family": FAMILY}, None, 19)[0]["untested"]
            == "all dissimilarities between models are equal"
        )
    rows = factor_tests(places_in_a_plane(), NAMES, {"family": FAMILY}, np.zeros((14, 14)), 19)
    assert (
        found(rows, "predictions")[None]["untested"] == "all models differ in as many predictions"
    )
    # What is given must vary as well.
    assert (
        found(rows, "family")["partial_mantel"]["untested"]
        == "by predictions, all models are as far apart"
    )


def test_a_factor_cannot_be_tested_given_what_is_not_known_of_all_its_models():
    predictions = square(np.random.default_rng(1).random(91), 14)
    predictions[3] = predictions[:, 3] = np.nan
    rows = factor_tests(
        places_in_a_plane(),
        NAMES,
        {"family": {name: FAMILY[name] for name in NAMES[1:]}},
        predictions,
        19,
    )
    assert (
        found(rows, "family")["partial_mantel"]["untested"]
        == "some of these models have no predictions"
    )
    assert (
        found(rows, "predictions")["partial_mantel"]["untested"]
        == "some of these models have no family"
    )
    # Where nobody predicts, or no family is known, nothing is given.
    assert list(
        found(
            factor_tests(
                places_in_a_plane(),
                NAMES,
                {"depth": dict(zip(NAMES, "12345678912345", strict=True))},
                predictions,
                19,
            ),
            "predictions",
        )
    ) == ["mantel"]


@pytest.mark.parametrize(
    ("levels", "number"),
    [("aabb", 3), ("aabbb", 10), ("abcd", 1), ("aab", 3), ("aaaaaaaabbbbbb", 3003)],
)
def test_relabellings_are_counted(levels, number):
    assert relabellings(list(levels)) == number


def test_a_matrix_of_some_models_is_filled_up_for_others():
    found = fill(np.array([[0, 0.25], [0.25, 0]]), ["a", "b"], ["b", "x", "a"])
    np.testing.assert_array_equal(found, [[0, np.nan, 0.25], [np.nan] * 3, [0.25, np.nan, 0]])


@pytest.mark.parametrize(
    "noise",
    [[0] * 8, [1, *[0] * 7], np.linspace(0, 1, 8)[[0, 2, 4, 6, 1, 3, 5, 7]]],
    ids=["equal", "one noisy", "graded"],
)
def test_the_factor_of_planted_groups_is_found_whatever_the_noise(noise):
    names, hits = tuple("abcdefgh"), 0
    family = {"family": {name: str(name in "abcd") for name in names}}
    for draw in range(10):
        rng = np.random.default_rng(draw)
        maps = planted_maps(rng, 8, 64, groups=2, between=0.3, within=0.42, noise=noise)
        matrix = square(values_of(maps, "cosine").mean(axis=0), 8)
        rows = factor_tests(matrix, names, family, None, 299)
        hits += any((row["corrected"] or 1) <= 0.05 for row in rows)
    assert hits >= 8
