"""Every registered metric keeps the contract of its card."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lookalike.core import registry
from lookalike.core.errors import InputError

ROOT = Path(registry.__file__).parents[2]
RANGES = {1.0: "unsigned", 2.0: "signed"}
RANGES_OF_VIEWS = {"any": (1.0, 2.0), "unsigned": (1.0,), "signed": (2.0,)}
TRANSFORMATIONS = {
    "scale": lambda x: 0.3 * x,
    "offset": lambda x: x + 0.15,
    "sign": np.negative,
    "place": lambda x: x[..., ::-1, :],
}


def ranges_for(name):
    """Return the ranges of the maps that a metric takes, the widest last."""
    return RANGES_OF_VIEWS[registry.get("metric", name).views]


def names_that_ignore(what):
    return [
        name for name in registry.names("metric") if what in registry.get("metric", name).ignores
    ]


every_metric = pytest.mark.parametrize("name", registry.names("metric"))
every_range = pytest.mark.parametrize("data_range", RANGES, ids=RANGES.get)
every_view = pytest.mark.parametrize(
    ("name", "data_range"),
    [(name, data_range) for name in registry.names("metric") for data_range in ranges_for(name)],
)
few_examples = settings(max_examples=25, deadline=None, derandomize=True, database=None)


def smooth_maps(count, height, width, seed=0, data_range=1.0):
    """Return random maps of a few bumps, in [0, 1] or [-1, 1], shape (count, height, width)."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:height, :width]
    maps = np.zeros((count, height, width))
    for saliency in maps:
        for _ in range(5):
            row, column, spread = (
                rng.uniform(0, height),
                rng.uniform(0, width),
                rng.uniform(0.08, 0.3) * height,
            )
            weight = rng.uniform(0.2, 1) if data_range == 1.0 else rng.normal()
            saliency += weight * np.exp(
                -0.5 * ((rows - row) ** 2 + (columns - column) ** 2) / spread**2
            )
    maps += 0.05 * rng.random(maps.shape)
    return 0.8 * maps / np.abs(maps).max(axis=(1, 2), keepdims=True)


def maps_for(name, count, side=24, seed=0):
    """Return maps of the widest range that a metric takes."""
    return smooth_maps(count, side, side, seed, ranges_for(name)[-1])


def dissimilarities(name, x, y, data_range=2.0):
    card = registry.get("metric", name)
    return card(x, y, **({"data_range": data_range} if card.bounded else {}))


def undefined_for(name, kind):
    """Return whether, by its card, the metric has no value for a "zero" or "constant" map."""
    text = registry.get("metric", name).undefined
    return "constant" in text or (kind == "zero" and "zero" in text)


def small_maps(count=3):
    """Draw maps whose values are multiples of 1/256 in [-1, 1], often zero, often equal."""
    return arrays(np.int16, (count, 11, 12), elements=st.integers(-256, 256)).map(
        lambda values: values / 256
    )


def taken(name, maps):
    """Return drawn maps without their sign where the metric takes unsigned views only."""
    return maps if 2.0 in ranges_for(name) else np.abs(maps)


@every_metric
def test_card_is_complete(name):
    card = registry.get("metric", name)
    low, high = card.range
    assert low == 0 < high
    assert card.raw_name
    assert card.formula
    assert card.views in RANGES_OF_VIEWS
    assert np.isfinite(card.raw(np.array([0.25, 0.5]))).all()
    assert not np.isnan(card.raw(np.array([0.0])))
    assert set(card.ignores) <= set(TRANSFORMATIONS)
    assert card.cost in {"product", "pairs"}
    assert card.kernel.__doc__


@every_view
def test_map_does_not_differ_from_itself(name, data_range):
    x = smooth_maps(4, 32, 32, data_range=data_range)
    assert np.diag(dissimilarities(name, x, x, data_range)).max() <= 1e-12


@every_view
def test_different_maps_differ_symmetrically_and_within_the_range(name, data_range):
    x, y = smooth_maps(3, 32, 24, 1, data_range), smooth_maps(4, 32, 24, 2, data_range)
    d = dissimilarities(name, x, y, data_range)
    assert d.shape == (3, 4)
    assert d.dtype == np.float64
    assert d.min() > 0
    assert d.max() <= registry.get("metric", name).range[1] + 1e-12
    np.testing.assert_allclose(d, dissimilarities(name, y, x, data_range).T, rtol=0, atol=1e-12)


@every_view
def test_block_equals_pair_by_pair(name, data_range):
    x, y = smooth_maps(3, 32, 32, 3, data_range), smooth_maps(4, 32, 32, 4, data_range)
    single = [
        [dissimilarities(name, one[None], other[None], data_range).item() for other in y]
        for one in x
    ]
    np.testing.assert_allclose(dissimilarities(name, x, y, data_range), single, rtol=0, atol=1e-12)


@every_view
def test_upper_pairs_are_those_of_the_whole_table(name, data_range):
    card = registry.get("metric", name)
    options = {"data_range": data_range} if card.bounded else {}
    for first, second in ((21, 22), (23, 23)):
        x, y = (
            card.prepared(smooth_maps(5, 32, 24, seed, data_range), **options)
            for seed in (first, second)
        )
        above = np.triu_indices(5, 1)
        np.testing.assert_allclose(
            card.compare(x, y, upper=True, **options)[above],
            card.compare(x, y, **options)[above],
            rtol=0,
            atol=1e-12,
        )


@every_view
@pytest.mark.parametrize("contrast", [0.1, 0.033, 1e-3])
def test_a_copy_does_not_differ_where_contrast_is_low(name, data_range, contrast):
    x = 0.5 + contrast * (smooth_maps(2, 224, 224, 24, data_range) - 0.5)
    assert np.diag(dissimilarities(name, x, x.copy(), data_range)).max() <= 1e-12


@every_metric
def test_float32_maps_are_computed_in_float64(name):
    x, y = (maps_for(name, 2, seed=seed).astype(np.float32) for seed in (5, 6))
    np.testing.assert_array_equal(
        dissimilarities(name, x, y),
        dissimilarities(name, x.astype(np.float64), y.astype(np.float64)),
    )


@every_metric
def test_maps_are_not_changed(name):
    x = maps_for(name, 2, seed=7)
    before = x.copy()
    dissimilarities(name, x, x)
    np.testing.assert_array_equal(x, before)


@every_metric
def test_zero_and_constant_maps_are_nan_exactly_where_the_card_says(name):
    constants = (0.1, 0.3, 0.7, -0.6)[: 4 if 2.0 in ranges_for(name) else 3]
    x = np.stack(
        [
            np.zeros((24, 24)),
            *(np.full((24, 24), value) for value in constants),
            maps_for(name, 1)[0],
        ]
    )
    lacking = np.array(
        [undefined_for(name, "zero"), *[undefined_for(name, "constant")] * len(constants), False]
    )
    np.testing.assert_array_equal(np.isnan(dissimilarities(name, x, x)), lacking[:, None] | lacking)


@every_metric
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_refused(name, value):
    good = maps_for(name, 2)
    bad = good.copy()
    bad[1, 3, 4] = value
    for x, y in ((good, bad), (bad, good)):
        with pytest.raises(InputError, match="NaN or infinity"):
            dissimilarities(name, x, y)


@every_metric
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ((1, 24, 24), (1, 24, 25)),
        ((1, 24, 25), (1, 25, 24)),
        ((24, 24), (24, 24)),
        ((1, 24, 24), (24, 24)),
        ((1, 1, 24, 24), (1, 1, 24, 24)),
    ],
)
def test_unequal_shapes_and_wrong_dimensions_are_refused(name, first, second):
    with pytest.raises(InputError, match="must have shapes"):
        dissimilarities(name, np.ones(first), np.ones(second))


@pytest.mark.parametrize(
    "name",
    [name for name in registry.names("metric") if registry.get("metric", name).views == "unsigned"],
)
def test_negative_values_are_refused_where_the_card_says(name):
    x = maps_for(name, 2)
    assert np.isfinite(dissimilarities(name, x, x)).all()
    with pytest.raises(InputError, match="negative"):
        dissimilarities(name, x, x - 0.5)


@pytest.mark.parametrize(
    ("name", "ignored"),
    [
        (name, ignored)
        for name in registry.names("metric")
        for ignored in TRANSFORMATIONS
        if ignored != "sign" or 2.0 in ranges_for(name)
    ],
)
def test_card_lists_what_the_metric_ignores_and_nothing_else(name, ignored):
    x, y = maps_for(name, 3, seed=8), maps_for(name, 3, seed=9)
    if 2.0 in ranges_for(name):
        # Few positive pixels and many zeros, which an offset makes count.
        for maps in (x, y):
            maps -= np.quantile(maps, 0.95, axis=(1, 2), keepdims=True)
            maps[(maps < 0) & (maps > np.median(maps, axis=(1, 2), keepdims=True))] = 0
    change = np.abs(
        dissimilarities(name, TRANSFORMATIONS[ignored](x), y) - dissimilarities(name, x, y)
    ).max()
    if ignored in registry.get("metric", name).ignores:
        assert change <= 1e-9
    else:
        assert change > 1e-4


@every_metric
@few_examples
@given(maps=small_maps())
def test_any_maps_give_symmetric_values_in_range_and_zero_with_themselves(name, maps):
    maps = taken(name, maps)
    d = dissimilarities(name, maps, maps)
    low, high = registry.get("metric", name).range
    known = ~np.isnan(d)
    assert (d[known] >= low).all()
    assert (d[known] <= high + 1e-12).all()
    assert np.nan_to_num(np.diag(d)).max() <= 1e-12
    np.testing.assert_allclose(d, d.T, rtol=0, atol=1e-12)
    lacking = [
        undefined_for(name, "zero" if not saliency.any() else "constant") and np.ptp(saliency) == 0
        for saliency in maps
    ]
    np.testing.assert_array_equal(np.isnan(np.diag(d)), lacking)


@pytest.mark.parametrize(
    "name", [name for name in registry.names("metric") if registry.get("metric", name).triangle]
)
@few_examples
@given(maps=small_maps(2))
def test_triangle_inequality_holds_where_the_card_says(name, maps):
    first, second = taken(name, maps)
    # Maps between the two are the shortest detours.
    maps = np.stack([first, second, (first + second) / 2, np.maximum(first, second)])
    d = dissimilarities(name, maps, maps)
    violated = d[:, None, :] > d[:, :, None] + d[None, :, :] + 1e-9
    assert not violated.any()


@pytest.mark.parametrize("name", names_that_ignore("scale"))
@few_examples
@given(
    maps=small_maps(2), factor=st.sampled_from([2.0**-100, 2.0**-20, 3.0, 7.0, 2.0**20, 2.0**100])
)
def test_any_positive_scale_is_ignored_where_the_card_says(name, maps, factor):
    maps = taken(name, maps)
    np.testing.assert_allclose(
        dissimilarities(name, maps[:1] * factor, maps[1:]),
        dissimilarities(name, maps[:1], maps[1:]),
        rtol=0,
        atol=1e-9,
    )


@pytest.mark.parametrize("name", names_that_ignore("offset"))
@few_examples
@given(maps=small_maps(2), offset=st.integers(0, 4096).map(lambda steps: steps / 256))
def test_any_offset_is_ignored_where_the_card_says(name, maps, offset):
    maps = taken(name, maps)
    np.testing.assert_allclose(
        dissimilarities(name, maps[:1] + offset, maps[1:]),
        dissimilarities(name, maps[:1], maps[1:]),
        rtol=0,
        atol=1e-9,
    )


@pytest.mark.parametrize("shape", [(10, 11), (11, 10), (7, 7)])
def test_ssim_refuses_maps_smaller_than_its_window(shape):
    with pytest.raises(InputError, match=f"at least 11 x 11 pixels, not {shape[0]} x {shape[1]}"):
        dissimilarities("ssim", np.ones((1, *shape)), np.ones((1, *shape)))


@every_metric
def test_metric_needs_nothing_but_maps_or_says_what_else(name):
    card, maps = registry.get("metric", name), np.abs(maps_for(name, 2))
    maps /= maps.max()
    assert card(maps[:1], maps).shape == (1, 2)
    if card.bounded:
        np.testing.assert_array_equal(card(maps[:1], maps), card(maps[:1], maps, data_range=1))
        signed = maps - 0.5
        np.testing.assert_array_equal(card(maps, signed), card(maps, signed, data_range=2))
        with pytest.raises(InputError, match=f"{name} needs maps of a known range, .* data_range"):
            card(2 * maps, maps)
        with pytest.raises(InputError, match=f"{name} needs the range .* data_range=1"):
            card.compare(card.prepared(maps), card.prepared(maps))


@pytest.mark.parametrize("share", [0.0, -0.1, 1.01])
def test_topk_iou_refuses_shares_beyond_the_map(share):
    with pytest.raises(InputError, match=r"share must lie in \(0, 1\]"):
        registry.get("metric", "topk_iou")(np.ones((1, 4, 4)), np.ones((1, 4, 4)), share=share)


def loaded_modules(code, *libraries):
    """Return which of the libraries a fresh interpreter has loaded after running the code."""
    report = f"import sys\n{code}\nprint(*[name for name in {libraries!r} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", report], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_listing_all_metrics_imports_nothing_heavy():
    code = (
        "from lookalike.core import registry\nfor name in registry.names('metric'): "
        "registry.get('metric', name)"
    )
    assert loaded_modules(code, "scipy", "torch", "ot", "numba", "pandas") == []
    assert loaded_modules(f"{code}\nimport scipy", "scipy", "torch") == ["scipy"]


@every_metric
def test_computing_imports_only_numpy_or_for_loops_numba(name):
    code = f"""
import numpy as np
from lookalike.core import registry
maps = np.random.default_rng(0).random((2, 16, 16))
registry.get("metric", {name!r})(maps, maps, data_range=1)
"""
    assert set(
        loaded_modules(code, "numba", "torch", "ot", "pandas", "sklearn", "skimage", "scipy.stats")
    ) <= {"numba"}


def test_the_cheap_metrics_do_without_numba():
    cheap = [name for name in registry.names("metric") if name not in ("emd", "ssim")]
    code = f"""
import numpy as np
from lookalike.core import registry
maps = np.random.default_rng(0).random((2, 16, 16))
for name in {cheap!r}:
    registry.get("metric", name)(maps, maps, data_range=1)
"""
    assert loaded_modules(code, "numba", "scipy") == []
