"""Every metric against an independent implementation, on maps scaled to at most 1, in float64."""

import importlib

import numpy as np
import pytest
import saliencytools.maskcompare as peer
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from mpmath import mp, mpf
from scipy.ndimage import gaussian_filter
from scipy.spatial import distance
from scipy.stats import entropy, pearsonr, rankdata, spearmanr, wasserstein_distance
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from sklearn.metrics import jaccard_score, mean_absolute_error, roc_auc_score
from test_metrics import (
    dissimilarities,
    every_range,
    few_examples,
    ranges_for,
    small_maps,
    smooth_maps,
)

from lookalike.core import registry
from lookalike.core.vectors import average_ranks
from lookalike.maps.views import scale_minmax
from lookalike.metrics.products import mean_squared_differences, vectors
from lookalike.metrics.topk_iou import largest_pixels

sliced_wasserstein = importlib.import_module("lookalike.metrics.sliced_wasserstein")


def maps(signed, size=(40, 33), seed=0):
    """Return two smooth maps, shape (2, *size), scaled to at most 1."""
    drawn = gaussian_filter(np.random.default_rng(seed).normal(size=(2, *size)), (0, 3, 3))
    drawn = drawn if signed else np.abs(drawn)
    return drawn / np.abs(drawn).max(axis=(1, 2), keepdims=True)


def top_pixels(saliency, share):
    """Return the indices of the share of largest pixels, ties to the earlier one, zeros never."""
    there = [index for index in range(saliency.size) if saliency.flat[index] != 0]
    order = sorted(there, key=lambda index: (-saliency.flat[index], index))
    return set(order[: max(1, round(share * saliency.size))])


def top_iou(x, y, share=0.1):
    first, second = top_pixels(x, share), top_pixels(y, share)
    return 1 - len(first & second) / len(first | second) if first and second else np.nan


def sign_disagreement(x, y, dead_zone=0.0):
    signs = [
        [0 if abs(value) <= dead_zone else np.sign(value) for value in saliency.flat]
        for saliency in (x, y)
    ]
    active = [(one, other) for one, other in zip(*signs, strict=True) if one or other]
    return sum(one != other for one, other in active) / len(active)


def pots_sliced_wasserstein(x, y, count=64, sign="absolute"):
    """Return POT's distance in the same directions, over the diagonal of the unit square."""
    from ot import sliced_wasserstein_distance

    masses = [np.abs(one) if sign == "absolute" else np.maximum(one, 0) for one in (x, y)]
    points = (np.argwhere(np.ones(x.shape)) + 0.5) / x.shape
    masses = [mass.ravel() / mass.sum() for mass in masses]
    directions = sliced_wasserstein.directions(count).T
    return sliced_wasserstein_distance(
        points, points, *masses, projections=directions, p=1
    ) / np.sqrt(2)


def judd(x, y):
    return 1 - np.mean(
        [
            roc_auc_score((truth > truth.mean()).ravel(), score.ravel())
            for score, truth in ((x, y), (y, x))
        ]
    )


def jeffreys(x, y, epsilon=1e-10):
    p, q = (saliency.ravel() / saliency.max() + epsilon for saliency in (x, y))
    return entropy(p, q) + entropy(q, p)


SIGNED = {
    "angular": lambda x, y: np.arccos(1 - distance.cosine(x.ravel(), y.ravel())) / np.pi,
    "spearman": lambda x, y: 1 - spearmanr(x.ravel(), y.ravel()).statistic,
    "mae": lambda x, y: mean_absolute_error(x.ravel(), y.ravel()),
    "rmse": lambda x, y: np.linalg.norm(x - y) / np.sqrt(x.size),
    "psnr": lambda x, y: 10 ** (-peak_signal_noise_ratio(x, y, data_range=2.0) / 20),
    "emd_values": lambda x, y: wasserstein_distance(x.ravel(), y.ravel()),
    "topk_iou": top_iou,
    "sign_agreement": sign_disagreement,
    "auc_judd": judd,
    "sliced_wasserstein": pots_sliced_wasserstein,
}
UNSIGNED = {
    "jaccard": lambda x, y: 1 - sum(map(min, x.flat, y.flat)) / sum(map(max, x.flat, y.flat)),
    "czekanowski": lambda x, y: distance.braycurtis(x.ravel(), y.ravel()),
    "similarity": lambda x, y: 1 - sum(map(min, (x / x.sum()).flat, (y / y.sum()).flat)),
    "jensen_shannon": lambda x, y: distance.jensenshannon(x.ravel(), y.ravel(), base=2),
    "kl_divergence": lambda x, y: jeffreys(x, y),
}


def value(name, x, y, **options):
    card = registry.get("metric", name)
    return card(x[None], y[None], **({"data_range": 2.0} if card.bounded else {}), **options).item()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", [*SIGNED, *UNSIGNED])
def test_metric_equals_an_independent_implementation(name, seed):
    x, y = maps(name in SIGNED, seed=seed)
    assert value(name, x, y) == pytest.approx((SIGNED | UNSIGNED)[name](x, y), abs=1e-9)


@pytest.mark.parametrize(
    "name", ["spearman", "topk_iou", "auc_judd", "emd_values", "mae", "sign_agreement"]
)
def test_metric_equals_its_reference_where_many_values_are_tied(name):
    x, y = np.round(maps(True, seed=5) * 3) / 3
    assert value(name, x, y) == pytest.approx(SIGNED[name](x, y), abs=1e-9)


def test_options_reach_the_metric():
    x, y = maps(True, seed=6)
    assert value("topk_iou", x, y, share=0.3) == pytest.approx(top_iou(x, y, 0.3), abs=1e-12)
    assert value("sign_agreement", x, y, dead_zone=0.2) == pytest.approx(
        sign_disagreement(x, y, 0.2), abs=1e-12
    )


def test_distributions_without_a_common_pixel_are_as_far_apart_as_can_be():
    x, y = np.zeros((2, 12, 12))
    x[:6], y[6:] = 1, 0.5
    assert value("kl_divergence", x, y) == pytest.approx(2 * np.log(1e10), rel=1e-6)
    for name in UNSIGNED.keys() - {"kl_divergence"}:
        assert value(name, x, y) == pytest.approx(1, abs=1e-12)


def test_maps_with_zeros_have_a_jensen_shannon_distance():
    x, y = np.maximum(maps(True, seed=7), 0)
    assert (x == 0).any()
    assert value("jensen_shannon", x, y) == pytest.approx(
        distance.jensenshannon(x.ravel(), y.ravel(), base=2), abs=1e-9
    )


@pytest.mark.parametrize("name", ["rmse", "angular", "jensen_shannon"])
def test_nearly_equal_maps_keep_their_digits(name):
    x = maps(False, seed=8)[0] + 0.1
    y = x + 1e-9 * np.random.default_rng(1).random(x.shape)
    first, second = (saliency.astype(np.longdouble) for saliency in (x, y))
    if name == "rmse":
        expected = np.sqrt(((first - second) ** 2).mean())
    elif name == "angular":
        first, second = (one / np.sqrt((one**2).sum()) for one in (first, second))
        expected = 2 * np.arcsin(np.sqrt(((first - second) ** 2).sum()) / 2) / np.pi
    else:
        first, second = first / first.sum(), second / second.sum()
        expected = np.sqrt((((first - second) ** 2) / (first + second)).sum() / (4 * np.log(2)))
    assert value(name, x, y) == pytest.approx(float(expected), rel=1e-3)


def test_mean_squared_error_of_zscored_maps_is_twice_the_pearson_dissimilarity():
    x, y = ((saliency - saliency.mean()) / saliency.std() for saliency in maps(True, seed=9))
    assert value("mse", x, y) == pytest.approx(2 * value("pearson", x, y), abs=1e-9)
    assert value("pearson", x, y) == pytest.approx(
        1 - pearsonr(x.ravel(), y.ravel()).statistic, abs=1e-9
    )


SAME = {
    "cosine": peer.cosine_distance,
    "pearson": peer.correlation_distance,
    "mse": peer.mean_squared_error,
    "mae": peer.mean_absolute_error,
    "jaccard": peer.jaccard_distance,
    "czekanowski": peer.czenakowski_distance,
    "kl_divergence": peer.kl_divergence,
}


@pytest.mark.parametrize("name", SAME)
def test_saliencytools_gives_the_same_where_the_definition_is_the_same(name):
    x, y = map(scale_minmax, maps(False, seed=10))
    assert value(name, x, y) == pytest.approx(SAME[name](x, y), abs=1e-9)


def test_saliencytools_differs_as_the_cards_say():
    x, y = maps(True, seed=11)
    assert peer.euclidean_distance(x, y) == pytest.approx(np.sqrt(x.size) * value("rmse", x, y))
    span = max(x.max(), y.max()) - min(x.min(), y.min())
    assert 1 / peer.psnr(x, y) == pytest.approx(-20 * np.log10(value("rmse", x, y) / span))
    assert peer.sign_agreement_ratio(x, y) == pytest.approx(sign_disagreement(x, y))
    assert (
        peer.emd(x, 0.5 * x) == pytest.approx(0, abs=1e-6) and value("emd_values", x, 0.5 * x) > 0.1
    )
    assert peer.ssim(x, x + 1e-9) == 0
    assert peer.auc_judd(np.zeros_like(x), y) == pytest.approx(0, abs=1e-12) and np.isnan(
        value("auc_judd", np.zeros_like(x), y)
    )
    assert (
        peer.jaccard_distance(np.zeros((12, 12)), np.zeros((12, 12))) == 1
        and value("jaccard", *np.zeros((2, 12, 12))) == 0
    )
    assert abs(peer.czenakowski_distance(x, -0.99 * x)) > 10


def test_cosine_agrees_with_scipy():
    from scipy.spatial.distance import cosine

    x, y = smooth_maps(2, 32, 32, 10, 2.0)
    assert dissimilarities("cosine", x[None], y[None]).item() == pytest.approx(
        cosine(x.ravel(), y.ravel()), abs=1e-12
    )


def test_pearson_agrees_with_scipy():
    from scipy.stats import pearsonr

    x, y = smooth_maps(2, 32, 32, 11, 2.0)
    assert dissimilarities("pearson", x[None], y[None]).item() == pytest.approx(
        1 - pearsonr(x.ravel(), y.ravel()).statistic, abs=1e-12
    )


def test_mse_agrees_with_scikit_image():
    from skimage.metrics import mean_squared_error

    x, y = smooth_maps(2, 32, 32, 12, 2.0)
    assert dissimilarities("mse", x[None], y[None]).item() == pytest.approx(
        mean_squared_error(x, y), rel=1e-12
    )


def test_mse_of_nearly_equal_large_maps_does_not_cancel():
    x = 1e4 * smooth_maps(2, 32, 32, 13)
    y = x + 2.0**-20
    np.testing.assert_allclose(np.diag(dissimilarities("mse", x, y)), 2.0**-40, rtol=1e-3)
    np.testing.assert_array_equal(np.diag(dissimilarities("mse", x, x)), 0)
    assert mean_squared_differences(vectors(x), vectors(y))[0, 1] == pytest.approx(
        np.mean((x[0] - y[1]) ** 2), rel=1e-9
    )


def test_rbf_equals_its_formula_on_224_pixels():
    x, y = smooth_maps(2, 224, 224, 14)
    expected = 1 - np.exp(-0.5 * np.sum((x - y) ** 2) / 80**2)
    assert dissimilarities("rbf", x[None], y[None]).item() == pytest.approx(expected, abs=1e-12)


def test_rbf_width_is_carried_over_to_other_sizes():
    x, y = smooth_maps(2, 28, 28, 15)
    fine = [np.repeat(np.repeat(saliency, 8, axis=0), 8, axis=1)[None] for saliency in (x, y)]
    assert dissimilarities("rbf", x[None], y[None]).item() == pytest.approx(
        dissimilarities("rbf", *fine).item(), abs=1e-12
    )


@pytest.mark.parametrize("shape", [(11, 11), (40, 33)])
@every_range
def test_ssim_agrees_with_scikit_image(shape, data_range):
    x, y = smooth_maps(2, *shape, 16, data_range), smooth_maps(3, *shape, 17, data_range)
    settings_of_skimage = {
        "gaussian_weights": True,
        "sigma": 1.5,
        "use_sample_covariance": False,
        "data_range": data_range,
    }
    raw = registry.get("metric", "ssim").raw(dissimilarities("ssim", x, y, data_range))
    expected = [
        [structural_similarity(one, other, **settings_of_skimage) for other in y] for one in x
    ]
    np.testing.assert_allclose(raw, expected, rtol=0, atol=1e-9)


def test_ssim_of_constant_maps_is_the_luminance_alone():
    x, y = np.full((1, 16, 16), 0.2), np.full((1, 16, 16), 0.6)
    expected = (2 * 0.2 * 0.6 + 1e-4) / (0.2**2 + 0.6**2 + 1e-4)
    assert 1 - 2 * dissimilarities("ssim", x, y, 1.0).item() == pytest.approx(expected, abs=1e-9)


def test_every_metric_has_a_reference():
    assert sorted(
        {*SIGNED, *UNSIGNED, "cosine", "emd", "mse", "pearson", "rbf", "ssim"}
    ) == registry.names("metric")


@pytest.mark.parametrize("size", [(11, 11), (24, 31), (50, 50)], ids=str)
@pytest.mark.parametrize("name", [*SIGNED, *UNSIGNED])
def test_metric_equals_its_reference_on_other_sizes_signs_and_with_many_zeros(name, size):
    for data_range in ranges_for(name):
        x, y = maps(data_range == 2.0, size, seed=12)
        for first, second in ((x, y), np.trunc([4 * x, 4 * y]) / 4):
            assert value(name, first, second) == pytest.approx(
                (SIGNED | UNSIGNED)[name](first, second), abs=1e-12
            )


def exact_rmse(x, y):
    return mp.sqrt(mp.fsum((a - b) ** 2 for a, b in zip(x, y, strict=True)) / len(x))


def exact_angular(x, y):
    return mp.acos(mp.fdot(x, y) / mp.sqrt(mp.fdot(x, x) * mp.fdot(y, y))) / mp.pi


def exact_jensen_shannon(x, y):
    p, q = ([one / mp.fsum(values) for one in values] for values in (x, y))
    return mp.sqrt(
        mp.fsum(
            a * mp.log(2 * a / (a + b), 2) + b * mp.log(2 * b / (a + b), 2)
            for a, b in zip(p, q, strict=True)
        )
        / 2
    )


@pytest.mark.parametrize(
    ("name", "exact"),
    [("rmse", exact_rmse), ("angular", exact_angular), ("jensen_shannon", exact_jensen_shannon)],
)
@pytest.mark.parametrize("difference", [1e-3, 1e-6, 1e-9])
def test_digits_of_nearly_equal_maps_are_those_of_exact_arithmetic(name, exact, difference):
    x = smooth_maps(1, 24, 24, 23)[0]
    y = x + difference * np.random.default_rng(24).random(x.shape)
    with mp.workdps(60):
        expected = float(exact(*(list(map(mpf, saliency.ravel().tolist())) for saliency in (x, y))))
    assert value(name, x, y) == pytest.approx(expected, rel=1e-6)


def test_angular_keeps_its_digits_for_nearly_opposite_maps():
    x = maps(True, seed=13)[0]
    y = x + 1e-6 * np.random.default_rng(26).random(x.shape)
    assert 1 - value("angular", x, -y) == pytest.approx(value("angular", x, y), rel=1e-6)


@every_range
def test_raw_psnr_is_in_decibels(data_range):
    x, y = smooth_maps(2, 24, 24, 27, data_range)
    raw = (
        registry.get("metric", "psnr")
        .raw(dissimilarities("psnr", x[None], y[None], data_range))
        .item()
    )
    assert raw == pytest.approx(peak_signal_noise_ratio(x, y, data_range=data_range), abs=1e-9)


def test_jaccard_of_binary_maps_is_scikit_learns():
    x, y = maps(True, seed=14) > 0
    assert value("jaccard", x, y) == pytest.approx(
        1 - jaccard_score(x.ravel(), y.ravel()), abs=1e-12
    )


@pytest.mark.parametrize("sign", [1, -1])
def test_topk_iou_counts_the_pixels_that_are_there(sign):
    x, y, z = np.zeros((3, 20, 20))
    x[2:4, 2:4], y[15:17, 15:17], z[3:5, 2:4] = 3 * sign, 0.5 * sign, sign
    assert value("topk_iou", x, y) == 1
    assert value("topk_iou", x, z) == pytest.approx(1 - 2 / 6)
    assert value("topk_iou", x, 0.1 * x) == 0
    assert np.isnan(value("topk_iou", x, 0 * y))
    # As many pixels as there are, and no more: 2 of 4, the earlier ones.
    assert value("topk_iou", x, z, share=2 / 400) == 1


def test_auc_judd_counts_pixels_at_the_mean_as_not_salient():
    x, y = np.tile([0.0, 0.5, 1.0], (2, 12, 4))
    y[::2] = 0.25
    assert value("auc_judd", x, y) == pytest.approx(judd(x, y), abs=1e-12)


@few_examples
@given(
    drawn=small_maps(2),
    share=st.floats(0.001, 1),
    dead_zone=st.integers(0, 200).map(lambda steps: steps / 256),
)
def test_any_share_and_dead_zone_equal_sorting_and_a_loop(drawn, share, dead_zone):
    x, y = np.round(4 * drawn) / 4
    assert set(np.flatnonzero(largest_pixels(x[None], share=share))) == top_pixels(x, share)
    assert value("topk_iou", x, y, share=share) == pytest.approx(
        top_iou(x, y, share), abs=1e-12, nan_ok=True
    )
    x[0, :2], y[0, :2] = (1, dead_zone), (-1, -dead_zone)
    assert value("sign_agreement", x, y, dead_zone=dead_zone) == pytest.approx(
        sign_disagreement(x, y, dead_zone), abs=1e-12
    )


@few_examples
@given(drawn=small_maps(4))
def test_mse_rmse_psnr_and_rbf_are_one_ranking(drawn):
    mse, rmse, psnr, rbf = (
        dissimilarities(name, drawn, drawn) for name in ("mse", "rmse", "psnr", "rbf")
    )
    for implied in (rmse**2, (2 * psnr) ** 2, -np.log1p(-rbf) / 3.92):
        np.testing.assert_allclose(implied, mse, rtol=1e-9)
    for values in (rmse, psnr, rbf):
        assert (np.diff(values.ravel()[np.argsort(mse, axis=None)]) >= 0).all()


def test_saliencytools_has_the_definitions_that_the_cards_tell():
    assert [
        name
        for name in registry.names("metric")
        if "the same" in registry.get("metric", name).saliencytools
    ] == sorted(SAME)
    x, y = (scale_minmax(saliency) for saliency in maps(False, seed=15))
    assert peer.emd(x, y) == pytest.approx(256 * value("emd_values", x, y), abs=1)
    assert peer.emd(x, x[::-1]) == pytest.approx(0, abs=1e-9) and value("emd", x, x[::-1]) > 0.01
    assert peer.psnr(3 * x, 3 * y) == pytest.approx(peer.psnr(x, y)) and value(
        "rmse", 3 * x, 3 * y
    ) > 2 * value("rmse", x, y)
    uniform = structural_similarity(x, y, win_size=7, data_range=1.0)
    assert (
        peer.ssim(x, y) == pytest.approx((1 - uniform) / 2, abs=1e-12)
        and abs(peer.ssim(x, y) - value("ssim", x, y)) > 1e-3
    )
    assert peer.auc_judd(x, y) != pytest.approx(peer.auc_judd(y, x), abs=1e-3)
    assert (peer.auc_judd(x, y) + peer.auc_judd(y, x)) / 2 == pytest.approx(
        value("auc_judd", x, y), abs=1e-12
    )
    assert peer.kl_divergence(x * (x > y), y * (y > x)) > 20
    signs = np.array([[1.0, 0, 0, -1]]), np.array([[-1.0, 0, 0, -1]])
    assert (peer.sign_agreement_ratio(*signs), value("sign_agreement", *signs)) == (0.25, 0.5)
    with np.errstate(invalid="ignore"):
        assert np.isnan([peer.cosine_distance(0 * x, y), peer.correlation_distance(0 * x, y)]).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@few_examples
@given(data=st.data())
def test_ranks_of_any_values_are_scipys(dtype, data):
    """Values as they come, tiny ones and both zeros among them, so that many bits and many ties
    occur.
    """
    bits = 8 * np.dtype(dtype).itemsize
    values = st.floats(width=bits, allow_nan=False, allow_infinity=False) | st.sampled_from(
        [0.0, -0.0, 1.0, -1.0, 0.5]
    )
    vectors = data.draw(arrays(dtype, (2, 60), elements=values))
    np.testing.assert_array_equal(average_ranks(vectors), rankdata(vectors, axis=1))
