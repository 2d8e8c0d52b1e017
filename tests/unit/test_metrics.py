"""Every registered metric keeps the contract of its card, and agrees with an independent implementation."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lookalike import registry
from lookalike.errors import InputError
from lookalike.metrics.preparation import block_means, mean_squared_differences

ROOT = Path(registry.__file__).parents[1]
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
    return [name for name in registry.names("metric") if what in registry.get("metric", name).ignores]


every_metric = pytest.mark.parametrize("name", registry.names("metric"))
every_range = pytest.mark.parametrize("data_range", RANGES, ids=RANGES.get)
every_view = pytest.mark.parametrize(("name", "data_range"), [(name, data_range) for name in registry.names("metric") for data_range in ranges_for(name)])
few_examples = settings(max_examples=25, deadline=None, derandomize=True, database=None)


def smooth_maps(count, height, width, seed=0, data_range=1.0):
    """Return random maps of a few bumps, in [0, 1] or [-1, 1], shape (count, height, width)."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:height, :width]
    maps = np.zeros((count, height, width))
    for saliency in maps:
        for _ in range(5):
            row, column, spread = rng.uniform(0, height), rng.uniform(0, width), rng.uniform(0.08, 0.3) * height
            weight = rng.uniform(0.2, 1) if data_range == 1.0 else rng.normal()
            saliency += weight * np.exp(-0.5 * ((rows - row) ** 2 + (columns - column) ** 2) / spread**2)
    maps += 0.05 * rng.random(maps.shape)
    return 0.8 * maps / np.abs(maps).max(axis=(1, 2), keepdims=True)


def maps_for(name, count, side=24, seed=0):
    """Return maps of the widest range that a metric takes."""
    return smooth_maps(count, side, side, seed, ranges_for(name)[-1])


def dissimilarities(name, x, y, data_range=2.0):
    card = registry.get("metric", name)
    return card(x, y, **({"data_range": data_range} if card.bounded else {}))


def undefined_for(name, kind):
    """Tell from the card whether the metric has no value for a map that is "zero" or "constant"."""
    text = registry.get("metric", name).undefined
    return "constant" in text or (kind == "zero" and "zero" in text)


def small_maps(count=3):
    """Draw maps whose values are multiples of 1/256 in [-1, 1], often zero, often equal."""
    return arrays(np.int16, (count, 11, 12), elements=st.integers(-256, 256)).map(lambda values: values / 256)


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
    single = [[dissimilarities(name, one[None], other[None], data_range).item() for other in y] for one in x]
    np.testing.assert_allclose(dissimilarities(name, x, y, data_range), single, rtol=0, atol=1e-12)


@every_metric
def test_float32_maps_are_computed_in_float64(name):
    x, y = (maps_for(name, 2, seed=seed).astype(np.float32) for seed in (5, 6))
    np.testing.assert_array_equal(dissimilarities(name, x, y), dissimilarities(name, x.astype(np.float64), y.astype(np.float64)))


@every_metric
def test_maps_are_not_changed(name):
    x = maps_for(name, 2, seed=7)
    before = x.copy()
    dissimilarities(name, x, x)
    np.testing.assert_array_equal(x, before)


@every_metric
def test_zero_and_constant_maps_are_nan_exactly_where_the_card_says(name):
    constants = (0.1, 0.3, 0.7, -0.6)[: 4 if 2.0 in ranges_for(name) else 3]
    x = np.stack([np.zeros((24, 24)), *(np.full((24, 24), value) for value in constants), maps_for(name, 1)[0]])
    lacking = np.array([undefined_for(name, "zero"), *[undefined_for(name, "constant")] * len(constants), False])
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
    [((1, 24, 24), (1, 24, 25)), ((1, 24, 25), (1, 25, 24)), ((24, 24), (24, 24)), ((1, 24, 24), (24, 24)), ((1, 1, 24, 24), (1, 1, 24, 24))],
)
def test_unequal_shapes_and_wrong_dimensions_are_refused(name, first, second):
    with pytest.raises(InputError, match="must have shapes"):
        dissimilarities(name, np.ones(first), np.ones(second))


@pytest.mark.parametrize("name", [name for name in registry.names("metric") if registry.get("metric", name).views == "unsigned"])
def test_negative_values_are_refused_where_the_card_says(name):
    x = maps_for(name, 2)
    assert np.isfinite(dissimilarities(name, x, x)).all()
    with pytest.raises(InputError, match="negative"):
        dissimilarities(name, x, x - 0.5)


@pytest.mark.parametrize(
    ("name", "ignored"),
    [(name, ignored) for name in registry.names("metric") for ignored in TRANSFORMATIONS if ignored != "sign" or 2.0 in ranges_for(name)],
)
def test_card_lists_what_the_metric_ignores_and_nothing_else(name, ignored):
    x, y = maps_for(name, 3, seed=8), maps_for(name, 3, seed=9)
    change = np.abs(dissimilarities(name, TRANSFORMATIONS[ignored](x), y) - dissimilarities(name, x, y)).max()
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
    lacking = [undefined_for(name, "zero" if not saliency.any() else "constant") and np.ptp(saliency) == 0 for saliency in maps]
    np.testing.assert_array_equal(np.isnan(np.diag(d)), lacking)


@pytest.mark.parametrize("name", [name for name in registry.names("metric") if registry.get("metric", name).triangle])
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
@given(maps=small_maps(2), factor=st.sampled_from([2.0**-100, 2.0**-20, 3.0, 7.0, 2.0**20, 2.0**100]))
def test_any_positive_scale_is_ignored_where_the_card_says(name, maps, factor):
    maps = taken(name, maps)
    np.testing.assert_allclose(dissimilarities(name, maps[:1] * factor, maps[1:]), dissimilarities(name, maps[:1], maps[1:]), rtol=0, atol=1e-9)


@pytest.mark.parametrize("name", names_that_ignore("offset"))
@few_examples
@given(maps=small_maps(2), offset=st.integers(0, 4096).map(lambda steps: steps / 256))
def test_any_offset_is_ignored_where_the_card_says(name, maps, offset):
    maps = taken(name, maps)
    np.testing.assert_allclose(dissimilarities(name, maps[:1] + offset, maps[1:]), dissimilarities(name, maps[:1], maps[1:]), rtol=0, atol=1e-9)


def test_cosine_agrees_with_scipy():
    from scipy.spatial.distance import cosine

    x, y = smooth_maps(2, 32, 32, 10, 2.0)
    assert dissimilarities("cosine", x[None], y[None]).item() == pytest.approx(cosine(x.ravel(), y.ravel()), abs=1e-12)


def test_pearson_agrees_with_scipy():
    from scipy.stats import pearsonr

    x, y = smooth_maps(2, 32, 32, 11, 2.0)
    assert dissimilarities("pearson", x[None], y[None]).item() == pytest.approx(1 - pearsonr(x.ravel(), y.ravel()).statistic, abs=1e-12)


def test_mse_agrees_with_scikit_image():
    from skimage.metrics import mean_squared_error

    x, y = smooth_maps(2, 32, 32, 12, 2.0)
    assert dissimilarities("mse", x[None], y[None]).item() == pytest.approx(mean_squared_error(x, y), rel=1e-12)


def test_mse_of_nearly_equal_large_maps_does_not_cancel():
    x = 1e4 * smooth_maps(2, 32, 32, 13)
    y = x + 2.0**-20
    np.testing.assert_allclose(np.diag(dissimilarities("mse", x, y)), 2.0**-40, rtol=1e-3)
    np.testing.assert_array_equal(np.diag(dissimilarities("mse", x, x)), 0)
    assert mean_squared_differences(x.reshape(2, -1), y.reshape(2, -1))[0, 1] == pytest.approx(np.mean((x[0] - y[1]) ** 2), rel=1e-9)


def test_rbf_equals_its_formula_on_224_pixels():
    x, y = smooth_maps(2, 224, 224, 14)
    expected = 1 - np.exp(-0.5 * np.sum((x - y) ** 2) / 80**2)
    assert dissimilarities("rbf", x[None], y[None]).item() == pytest.approx(expected, abs=1e-12)


def test_rbf_width_is_carried_over_to_other_sizes():
    x, y = smooth_maps(2, 28, 28, 15)
    fine = [np.repeat(np.repeat(saliency, 8, axis=0), 8, axis=1)[None] for saliency in (x, y)]
    assert dissimilarities("rbf", x[None], y[None]).item() == pytest.approx(dissimilarities("rbf", *fine).item(), abs=1e-12)


@pytest.mark.parametrize("shape", [(11, 11), (40, 33)])
@every_range
def test_ssim_agrees_with_scikit_image(shape, data_range):
    from skimage.metrics import structural_similarity

    x, y = smooth_maps(2, *shape, 16, data_range), smooth_maps(3, *shape, 17, data_range)
    settings_of_skimage = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": data_range}
    raw = registry.get("metric", "ssim").raw(dissimilarities("ssim", x, y, data_range))
    expected = [[structural_similarity(one, other, **settings_of_skimage) for other in y] for one in x]
    np.testing.assert_allclose(raw, expected, rtol=0, atol=1e-9)


def test_ssim_of_constant_maps_is_the_luminance_alone():
    x, y = np.full((1, 16, 16), 0.2), np.full((1, 16, 16), 0.6)
    expected = (2 * 0.2 * 0.6 + 1e-4) / (0.2**2 + 0.6**2 + 1e-4)
    assert 1 - 2 * dissimilarities("ssim", x, y, 1.0).item() == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("shape", [(10, 11), (11, 10), (7, 7)])
def test_ssim_refuses_maps_smaller_than_its_window(shape):
    with pytest.raises(InputError, match=f"at least 11 x 11 pixels, not {shape[0]} x {shape[1]}"):
        dissimilarities("ssim", np.ones((1, *shape)), np.ones((1, *shape)))


def naive_distribution(saliency, grid=28):
    """Return the block means, over the sum, by repeating every pixel until the grid divides the size."""
    fine = np.repeat(np.repeat(np.abs(saliency), grid, axis=0), grid, axis=1)
    side = len(saliency)
    coarse = fine.reshape(grid, side, grid, side).mean(axis=(1, 3))
    return coarse / coarse.sum()


@pytest.mark.parametrize("size", [56, 64])
def test_emd_agrees_with_pot_on_the_whole_mass(size):
    from ot import emd2
    from scipy.spatial.distance import cdist

    x, y = smooth_maps(2, size, size, 18, 2.0)
    cells = np.argwhere(np.ones((28, 28)))
    distances = cdist(cells, cells) / np.hypot(27, 27)
    expected = emd2(naive_distribution(x).ravel(), naive_distribution(y).ravel(), distances, numItermax=10_000_000)
    assert dissimilarities("emd", x[None], y[None]).item() == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("origin", "target", "expected"),
    [((0, 0), (3, 4), 5 / np.hypot(27, 27)), ((0, 0), (27, 27), 1.0), ((27, 0), (0, 27), 1.0), ((5, 6), (5, 6), 0.0)],
)
def test_emd_of_single_pixels_is_their_distance_over_the_diagonal(origin, target, expected):
    x, y = np.zeros((2, 1, 28, 28))
    x[0][origin], y[0][target] = 2.0, -0.1
    assert dissimilarities("emd", x, y).item() == pytest.approx(expected, abs=1e-12)


def test_emd_moves_only_the_share_that_differs():
    x, y = np.zeros((2, 1, 28, 28))
    x[0, 0, 0], x[0, 9, 9] = 1.0, 3.0
    y[0, 0, 27], y[0, 9, 9] = 1.0, 3.0
    assert dissimilarities("emd", x, y).item() == pytest.approx(0.25 * 27 / np.hypot(27, 27), abs=1e-12)


def test_emd_sign_option():
    x = smooth_maps(1, 28, 28, 19, 2.0)
    flipped = x * np.where(np.random.default_rng(0).random(x.shape) < 0.5, -1, 1)
    card = registry.get("metric", "emd")
    assert card(x, flipped).item() == pytest.approx(0, abs=1e-12)
    assert card(x, np.maximum(x, 0), sign="positive").item() == pytest.approx(0, abs=1e-12)
    assert card(x, np.maximum(x, 0)).item() > 1e-4
    with pytest.raises(InputError, match="sign must be absolute or positive"):
        card(x, x, sign="negative")


def test_block_means_equal_reshaped_means_where_the_size_divides():
    x = smooth_maps(2, 56, 84, 20, 2.0)
    np.testing.assert_allclose(block_means(x, 28), x.reshape(2, 28, 2, 28, 3).mean(axis=(2, 4)), rtol=0, atol=1e-14)


@pytest.mark.parametrize("size", [29, 50, 64])
def test_block_means_conserve_the_mean_and_constants(size):
    x = smooth_maps(2, size, size, 21, 2.0)
    coarse = block_means(x, 28)
    assert coarse.shape == (2, 28, 28)
    np.testing.assert_allclose(coarse.mean(axis=(1, 2)), x.mean(axis=(1, 2)), rtol=0, atol=1e-14)
    np.testing.assert_allclose(block_means(np.ones((1, size, size)), 28), 1, rtol=0, atol=1e-14)


def test_block_means_leave_small_maps_alone():
    x = smooth_maps(1, 14, 40, 22)
    assert block_means(x, 28).shape == (1, 14, 28)
    np.testing.assert_array_equal(block_means(x[:, :, :14], 28), x[:, :, :14])


def loaded_modules(code, *libraries):
    """Return which of the libraries a fresh interpreter has loaded after running the code."""
    report = f"import sys\n{code}\nprint(*[name for name in {libraries!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", report], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_listing_all_metrics_imports_nothing_heavy():
    code = "from lookalike import registry\nfor name in registry.names('metric'): registry.get('metric', name)"
    assert loaded_modules(code, "scipy", "torch", "ot", "pandas") == []
    assert loaded_modules(f"{code}\nimport scipy", "scipy", "torch") == ["scipy"]


def test_computing_emd_imports_no_tensor_library():
    code = "import numpy as np\nfrom lookalike import registry\nd = registry.get('metric', 'emd')(np.eye(8)[None], np.ones((1, 8, 8)))\nassert d > 0"
    assert loaded_modules(code, "ot", "torch", "jax", "tensorflow", "cupy") == ["ot"]
