"""How far a matrix moves: nothing where nothing moved, the planted amount where it did."""

import numpy as np
import pytest
from scipy.spatial.distance import cosine

from lookalike.core import registry
from lookalike.maps import batches
from lookalike.studies.movement import MOVED_COLUMNS, compare_all, measure_movement, view_maps


def measured(values, moved, resamples=200, aggregate="mean"):
    return measure_movement(values, moved, np.arange(len(values)), aggregate, resamples, 0)


def test_pairs_that_keep_their_mean_are_not_said_to_move():
    rng, squares, claimed = np.random.default_rng(0), [], 0
    for _ in range(200):
        values = rng.normal(1, 0.2, (24, 15))
        found = measured(values, values + rng.normal(0, 0.1, values.shape))
        squares.append(found["moved"] ** 2)
        claimed += found["moved_low"] > 0
    assert claimed <= 12
    # What the noise of 24 images alone would make.
    assert np.mean(squares) < 0.5 * 0.1**2 / 24


def test_a_planted_movement_is_found_whatever_the_noise():
    rng, held = np.random.default_rng(1), 0
    for _ in range(100):
        values, changes = rng.normal(1, 0.2, (32, 15)), rng.normal(0, 0.05, 15)
        true = np.sqrt(np.mean(changes**2))
        found = measured(values, values + changes + rng.normal(0, 0.1, values.shape))
        assert found["moved"] == pytest.approx(true, rel=0.6)
        assert found["shift"] == pytest.approx(changes.mean(), abs=0.03)
        held += found["moved_low"] <= true <= found["moved_high"]
    assert held >= 88


def test_the_same_values_have_not_moved_at_all():
    values = np.random.default_rng(2).normal(1, 0.2, (8, 6))
    values[3, 2] = np.nan
    found = measured(values, values, aggregate="mean_std")
    assert found.keys() == set(MOVED_COLUMNS)
    assert [found[name] for name in ("moved", "moved_low", "moved_high", "shift")] == [0] * 4
    assert found["r"] == pytest.approx(1)


def test_the_width_is_that_of_a_mean():
    values = np.random.default_rng(3).normal(1, 0.2, (100, 300))
    # Student's t for 100 images, 1.98, times the standard error.
    assert measured(values, values)["width"] == pytest.approx(1.98 * 0.02, rel=0.05)


def test_one_image_says_nothing_of_its_noise():
    found = measured(np.ones((1, 3)), np.full((1, 3), 2.0))
    assert np.isnan([found[name] for name in ("width", "moved_low", "moved_high", "r")]).all()


def test_all_pairs_are_compared_on_each_image():
    stacks = np.random.default_rng(4).random((4, 3, 5, 5))
    metric = registry.get("metric", "cosine")
    (values,) = compare_all([(metric, {})], list(stacks))
    pairs = list(zip(*np.triu_indices(4, 1), strict=True))
    expected = [
        [cosine(stacks[a, image].ravel(), stacks[b, image].ravel()) for a, b in pairs]
        for image in range(3)
    ]
    np.testing.assert_allclose(values, expected, atol=1e-12)


def test_maps_are_viewed_as_batches_are():
    raw = list(np.random.default_rng(5).normal(size=(3, 4, 4)))
    view = {"size": 8, "sign": "absolute", "scale": "max_abs", "sobel": False}
    maps, data_range = view_maps(["a", "b", "c"], raw, view, signed=True)
    card = batches.describe(["a", "b", "c"], raw, view, signed=True)
    assert maps.shape == (3, 8, 8) and data_range == card["data_range"] == 1
    np.testing.assert_array_equal(maps, np.float32(list(batches.viewed(raw, card))))
