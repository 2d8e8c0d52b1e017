"""Maps of pruned variants, compared with those of their models."""

import numpy as np
import pytest

from lookalike.compare.dissimilarities import Dissimilarities, Key
from lookalike.core import condensed, io
from lookalike.findings.tables import read_table
from lookalike.inference.variants import (
    MAP_COLUMNS,
    PRUNING_COLUMNS,
    compare_variants,
    measure_heads,
)
from lookalike.models.heldout import measure_errors, resample

VARIANTS = {
    "A-pruned": {"pruned_from": "A", "draw": 0},
    "A-random-1": {"pruned_from": "A", "draw": 1},
    "A-random-2": {"pruned_from": "A", "draw": 2},
}
ORIGINS = {"A": "A", "B": "B"} | dict.fromkeys(VARIANTS, "A")
KEY = Key("gradcam", "cosine")


def matrix_of(values, names, replicates):
    return Dissimilarities(
        condensed.square(values, len(names)), tuple(names), KEY, np.array(replicates)
    )


def test_maps_of_variants_are_compared_with_those_of_their_model():
    names = ["A", "A-pruned", "A-random-1", "A-random-2", "B"]
    values = np.array([0.1, 0.3, 0.5, 0.9, 0.2, 0.2, 0.8, 0.2, 0.7, 0.6])
    replicates = values + np.random.default_rng(0).normal(scale=0.01, size=(300, 10))
    (row,) = compare_variants(matrix_of(values, names, replicates), VARIANTS, ORIGINS, 0)
    assert sorted(row) == sorted(MAP_COLUMNS)
    assert (row["method"], row["metric"], row["subset"]) == KEY
    assert (row["model"], row["draws"], row["pruned"]) == ("A", 2, 0.1)
    assert (
        row["random"] == pytest.approx(0.4)
        and row["difference"] == pytest.approx(-0.3)
        and row["others"] == pytest.approx(0.75)
    )
    assert row["difference_low"] < -0.3 < row["difference_high"]


def test_intervals_of_heads_are_wider_for_few_images():
    rng = np.random.default_rng(0)
    scores, images = rng.random(8), list("abcdefgh")
    predictions = {
        name: (images, scores, scores + spread * rng.normal(size=8))
        for name, spread in (("A", 0.1), ("A-pruned", 0.3))
    }
    sidecars = {"A": {}, "A-pruned": {"pruned": {"channels": 4, "dropped": [1]}}}
    variants = {"A-pruned": VARIANTS["A-pruned"]}
    heads, pruning = measure_heads(predictions, sidecars, variants, 400, 0)
    indices = resample(8, 400, 0)
    errors = [measure_errors(*predictions[name][1:], indices)["rmse"] for name in predictions]
    for found, name, resampled in (
        (heads[0], "rmse", errors[0]),
        (pruning[0], "difference", errors[1] - errors[0]),
    ):
        low, high = np.percentile(resampled[1:], [2.5, 97.5])
        width = found[f"{name}_high"] - found[f"{name}_low"]
        assert width == pytest.approx(1.290 * (high - low), 1e-3)


def test_numbers_of_pruning_are_read_as_numbers(tmp_path):
    scores, images = np.arange(8.0), list("abcdefgh")
    predictions = dict.fromkeys(("A", "A-pruned"), (images, scores, scores + 1))
    sidecars = {"A": {}, "A-pruned": {"pruned": {"channels": 4, "dropped": [1]}}}
    variants = {"A-pruned": VARIANTS["A-pruned"]}
    _, rows = measure_heads(predictions, sidecars, variants, 20, 0)
    io.write_table(tmp_path / "pruning.csv", rows, PRUNING_COLUMNS)
    (row,) = read_table(tmp_path / "pruning.csv").to_dict("records")
    text = {name for name, value in row.items() if isinstance(value, str)}
    assert text == {"model", "against", "criterion"}


def test_the_order_of_the_models_does_not_matter():
    names, values = ["A", "A-pruned", "A-random-1", "B"], np.arange(1.0, 7) / 10
    matrix = matrix_of(values, names, values + np.arange(5.0)[:, None])
    chosen = {name: VARIANTS[name] for name in names[1:3]}
    rows = [
        compare_variants(matrix.of(order), chosen, ORIGINS, 0)
        for order in (names, ["B", "A-random-1", "A", "A-pruned"])
    ]
    assert repr(rows[0]) == repr(rows[1])


def test_a_method_without_a_pruned_model_compares_no_variants():
    matrix = matrix_of([0.1], ["B", "C"], np.full((20, 1), 0.1))
    assert compare_variants(matrix, VARIANTS, {"B": "B", "C": "C"}, 0) == []


def test_without_draws_there_is_no_random_control():
    variants = {"A-pruned": {"pruned_from": "A", "draw": 0}}
    matrix = matrix_of([0.1], ["A", "A-pruned"], np.full((20, 1), 0.1))
    (row,) = compare_variants(matrix, variants, ORIGINS, 0)
    assert (
        row["pruned"] == 0.1
        and np.isnan(row["random"])
        and np.isnan(row["difference"])
        and np.isnan(row["others"])
    )
