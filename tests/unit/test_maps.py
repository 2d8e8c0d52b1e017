"""Raw maps become a batch on one grid; what is wrong with them is found."""

import numpy as np
import pytest

from lookalike.core.errors import InputError
from lookalike.maps import views

RNG_MAP = np.random.default_rng(0).normal(size=(6, 6))


def blob(side=7, row=2, column=4, height=1.0):
    """Return a map with one peak."""
    rows, columns = np.mgrid[:side, :side]
    return height * np.exp(-0.5 * ((rows - row) ** 2 + (columns - column) ** 2))


def test_steps_of_a_view_follow_one_order():
    raw = 4 * RNG_MAP
    seen = views.view(
        raw, size=12, sign="absolute", clip=(0.5, 3.0), sobel=True, scale="sum", repair=(1, 2)
    )
    expected = views.resize(views.repair_cell(raw, 1, 2), 12)
    expected = views.scale_sum(views.sobel_magnitude(np.clip(np.abs(expected), 0.5, 3.0)))
    np.testing.assert_array_equal(seen, expected)
    assert seen.dtype == np.float64


def test_sign_is_taken_after_resizing():
    raw = np.array([[1.0, -1.0], [-1.0, 1.0]])
    assert views.view(raw, size=8, sign="absolute", scale="none").min() < 0.2
    assert views.view(raw, size=8, sign="positive", scale="none").sum() == pytest.approx(
        np.maximum(views.resize(raw, 8), 0).sum()
    )


def test_clip_comes_before_scaling():
    np.testing.assert_array_equal(
        views.view([[0.0, 4.0], [8.0, 16.0]], size=2, clip=(0, 8)), [[0, 0.5], [1, 1]]
    )


def test_repair_comes_before_resizing():
    raw = np.ones((4, 4))
    raw[0, 3] = 100
    np.testing.assert_allclose(views.view(raw, size=9, repair=(0, 3), scale="none"), 1, rtol=1e-6)


def test_raw_map_is_not_changed():
    raw = RNG_MAP.astype(np.float32)
    before = raw.copy()
    views.view(raw, size=6, sign="absolute", clip=(0, 1), sobel=True, scale="minmax", repair=(0, 0))
    np.testing.assert_array_equal(raw, before)


def test_defaults_keep_the_sign_and_scale_by_the_peak():
    np.testing.assert_array_equal(
        views.view([[1.0, -4.0], [2.0, 0.0]], size=2), [[0.25, -1], [0.5, 0]]
    )


def test_signs():
    raw = np.array([[1.0, -2.0], [0.0, 3.0]])
    np.testing.assert_array_equal(views.view(raw, size=2, sign="signed", scale="none"), raw)
    np.testing.assert_array_equal(
        views.view(raw, size=2, sign="absolute", scale="none"), [[1, 2], [0, 3]]
    )
    np.testing.assert_array_equal(
        views.view(raw, size=2, sign="positive", scale="none"), [[1, 0], [0, 3]]
    )


@pytest.mark.parametrize(
    ("scale", "statistic", "expected"),
    [
        ("max_abs", lambda x: np.abs(x).max(), 1),
        ("minmax", lambda x: (x.min(), x.max()), (0, 1)),
        ("zscore", lambda x: (x.mean(), x.std()), (0, 1)),
        ("sum", lambda x: np.abs(x).sum(), 1),
        ("none", lambda x: x, RNG_MAP),
    ],
)
def test_every_scale_reaches_its_target_and_keeps_the_shape(scale, statistic, expected):
    seen = views.view(RNG_MAP, size=6, scale=scale)
    np.testing.assert_allclose(statistic(seen), expected, rtol=0, atol=1e-12)
    assert np.corrcoef(seen.ravel(), RNG_MAP.ravel())[0, 1] == pytest.approx(1)


@pytest.mark.parametrize("scale", views.SCALES)
def test_zero_map_stays_zero(scale):
    np.testing.assert_array_equal(
        views.view(np.zeros((7, 7)), size=14, scale=scale), np.zeros((14, 14))
    )


@pytest.mark.parametrize("scale", ["minmax", "zscore"])
@pytest.mark.parametrize("value", [0.1, 0.3, -0.7, 1e-20])
@pytest.mark.parametrize("side", [7, 14])
def test_constant_map_becomes_zero(scale, value, side):
    np.testing.assert_array_equal(
        views.view(np.full((side, side), value), size=side, scale=scale), np.zeros((side, side))
    )


def test_map_of_the_right_size_is_not_resized():
    raw = np.full((6, 6), 1 + 1e-12)
    raw[0, 0] = 0
    np.testing.assert_array_equal(views.resize(raw, 6), raw)


@pytest.mark.parametrize(("side", "size"), [(7, 28), (7, 224), (14, 20), (28, 11)])
def test_resize_agrees_with_torch(side, size):
    from torch import from_numpy
    from torch.nn.functional import interpolate

    raw = np.random.default_rng(side).normal(size=(side, side)).astype(np.float32)
    expected = interpolate(
        from_numpy(raw)[None, None],
        size=(size, size),
        mode="bilinear",
        align_corners=False,
        antialias=size < side,
    )[0, 0].numpy()
    np.testing.assert_allclose(views.resize(raw, size), expected, rtol=0, atol=1e-5)


def test_resize_of_an_oblong_map_is_square():
    raw = np.outer(np.ones(4), np.arange(8.0))
    resized = views.resize(raw, 8)
    assert resized.shape == (8, 8)
    np.testing.assert_allclose(resized, np.outer(np.ones(8), np.arange(8.0)), rtol=0, atol=1e-6)


@pytest.mark.parametrize("size", [5, 7, 28, 50])
def test_resize_keeps_a_constant(size):
    np.testing.assert_allclose(views.resize(np.full((7, 7), 0.3), size), 0.3, rtol=1e-6)


@pytest.mark.parametrize(("row", "column"), [(0, 0), (2, 4), (6, 3)])
def test_enlarging_keeps_the_place_of_the_peak(row, column):
    peak = np.unravel_index(views.resize(blob(row=row, column=column), 56).argmax(), (56, 56))
    assert (peak[0] // 8, peak[1] // 8) == (row, column)


def test_sobel_magnitude_covers_both_axes():
    rows, columns = np.mgrid[:9, :9].astype(float)
    inside = np.s_[1:-1, 1:-1]
    np.testing.assert_allclose(views.sobel_magnitude(3 * rows)[inside], 24)
    np.testing.assert_allclose(views.sobel_magnitude(4 * columns)[inside], 32)
    np.testing.assert_allclose(views.sobel_magnitude(3 * rows - 4 * columns)[inside], 40)
    np.testing.assert_array_equal(views.sobel_magnitude(np.full((9, 9), 2.0)), 0)


def test_repaired_cell_is_the_mean_of_the_others():
    raw = np.arange(6, dtype=np.float32).reshape(2, 3)
    np.testing.assert_allclose(views.repair_cell(raw, 1, 0), [[0, 1, 2], [12 / 5, 4, 5]])
    assert raw[1, 0] == 3


@pytest.mark.parametrize("cell", [(2, 0), (0, 3), (-1, 0), (0, -1)])
def test_repair_outside_the_map_is_refused(cell):
    with pytest.raises(InputError, match="outside a map of 2 x 3"):
        views.repair_cell(np.ones((2, 3)), *cell)


@pytest.mark.parametrize(
    ("signed_method", "options", "expected"),
    [
        (True, {}, 2.0),
        (False, {}, 1.0),
        (True, {"sign": "absolute"}, 1.0),
        (True, {"sign": "positive"}, 1.0),
        (True, {"sobel": True}, 1.0),
        (True, {"scale": "minmax"}, 1.0),
        (True, {"scale": "sum"}, None),
        (True, {"scale": "zscore"}, None),
        (False, {"scale": "none"}, None),
        (True, {"sobel": True, "scale": "zscore"}, None),
        (True, {"size": 224, "clip": [0, 1], "repair": None}, 2.0),
    ],
)
def test_data_range(signed_method, options, expected):
    assert views.data_range(signed_method, **options) == expected


@pytest.mark.parametrize("sign", views.SIGNS)
@pytest.mark.parametrize("scale", ["max_abs", "minmax"])
@pytest.mark.parametrize("sobel", [False, True])
def test_values_span_no_more_than_the_data_range(sign, scale, sobel):
    options = {"sign": sign, "scale": scale, "sobel": sobel}
    seen = views.view(RNG_MAP, size=12, **options)
    assert np.ptp(seen) <= views.data_range(True, **options)
    if views.data_range(True, **options) == 1.0:
        assert seen.min() >= 0
