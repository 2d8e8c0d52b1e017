"""Sliced Wasserstein distance: the options, and what must hold of a distance that sees place."""

import numpy as np
import pytest
from test_metric_references import maps, pots_sliced_wasserstein, sliced_wasserstein, value

from lookalike.core import registry
from lookalike.core.errors import InputError


def blob(row, column, side=64, spread=4.0):
    """Return a round blob, shape (side, side)."""
    rows, columns = np.indices((side, side))
    return np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / (2 * spread**2))


@pytest.mark.parametrize("size", [(30, 30), (61, 50), (100, 41)], ids=str)
def test_options_give_pots_value(size):
    x, y = maps(True, size, seed=3)
    for count in (1, 7, 100):
        for sign in ("absolute", "positive"):
            assert value("sliced_wasserstein", x, y, projections=count, sign=sign) == pytest.approx(
                pots_sliced_wasserstein(x, y, count, sign), abs=1e-13
            )
    with pytest.raises(InputError, match="sign must be absolute or positive"):
        value("sliced_wasserstein", x, y, sign="negative")


def test_directions_are_always_the_same_unit_vectors():
    found = sliced_wasserstein.directions(64)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, rtol=1e-15)
    np.testing.assert_array_equal(found[:10], sliced_wasserstein.directions(10))
    assert np.abs(found.mean(axis=0)).max() < 0.3


@pytest.mark.parametrize("step", [(0, 1), (1, 0), (1, 1), (2, -1)], ids=str)
def test_a_blob_moves_the_value_in_proportion_to_its_shift(step):
    start = blob(32, 32)
    values = [
        value("sliced_wasserstein", start, blob(32 + steps * step[0], 32 + steps * step[1]))
        for steps in range(5)
    ]
    share = np.abs(sliced_wasserstein.directions(64) @ step).mean() / (64 * np.sqrt(2))
    np.testing.assert_allclose(values, share * np.arange(5), rtol=1e-6, atol=1e-15)


def test_of_single_pixels_it_is_the_mean_length_of_the_projected_way():
    x, y = np.zeros((2, 20, 40))
    x[2, 5], y[15, 30] = 3, -0.1
    way = np.array([13 / 20, 25 / 40])
    expected = np.abs(sliced_wasserstein.directions(64) @ way).mean() / np.sqrt(2)
    assert value("sliced_wasserstein", x, y) == pytest.approx(expected, abs=1e-14)


def test_it_does_not_depend_on_the_resolution_and_is_never_above_the_transport_cost():
    x, y = np.abs(maps(False, (28, 28), seed=4))
    sliced = value("sliced_wasserstein", x, y)
    fine = [np.repeat(np.repeat(one, 4, axis=0), 4, axis=1) for one in (x, y)]
    assert value("sliced_wasserstein", *fine) == pytest.approx(sliced, rel=0.02)
    # The grid of `emd` is as wide as its middles are apart.
    assert 0.3 < sliced / (value("emd", x, y) * 27 / 28) < 1


def test_triangle_inequality_holds_for_maps_between_two_others():
    x, y = np.abs(maps(False, (40, 40), seed=5))
    three = np.stack([x, y, (x + y) / 2])
    found = registry.get("metric", "sliced_wasserstein")(three, three)
    assert found[0, 1] <= found[0, 2] + found[2, 1] + 1e-15
    np.testing.assert_array_equal(np.diag(found), 0)
