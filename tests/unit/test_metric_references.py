"""Every metric against an independent implementation, on maps scaled to at most 1, in float64."""

import numpy as np
import pytest
import saliencytools.maskcompare as peer
from scipy.ndimage import gaussian_filter
from scipy.spatial import distance
from scipy.stats import pearsonr, spearmanr, wasserstein_distance
from skimage.metrics import peak_signal_noise_ratio
from sklearn.metrics import mean_absolute_error, roc_auc_score

from lookalike import registry


def maps(signed, size=(40, 33), seed=0):
    """Return two smooth maps, shape (2, *size), scaled to at most 1."""
    drawn = gaussian_filter(np.random.default_rng(seed).normal(size=(2, *size)), (0, 3, 3))
    drawn = drawn if signed else np.abs(drawn)
    return drawn / np.abs(drawn).max(axis=(1, 2), keepdims=True)


def top_pixels(saliency, share):
    """Return the places of exactly the share of largest pixels, ties to the earlier one."""
    order = sorted(range(saliency.size), key=lambda place: (-saliency.flat[place], place))
    return set(order[: max(1, round(share * saliency.size))])


def top_iou(x, y, share=0.1):
    first, second = top_pixels(x, share), top_pixels(y, share)
    return 1 - len(first & second) / len(first | second)


def sign_disagreement(x, y, dead_zone=0.0):
    signs = [[0 if abs(value) <= dead_zone else np.sign(value) for value in saliency.flat] for saliency in (x, y)]
    active = [(one, other) for one, other in zip(*signs, strict=True) if one or other]
    return sum(one != other for one, other in active) / len(active)


def judd(x, y):
    return 1 - np.mean([roc_auc_score((truth > truth.mean()).ravel(), score.ravel()) for score, truth in ((x, y), (y, x))])


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
}
UNSIGNED = {
    "jaccard": lambda x, y: 1 - sum(map(min, x.flat, y.flat)) / sum(map(max, x.flat, y.flat)),
    "czekanowski": lambda x, y: distance.braycurtis(x.ravel(), y.ravel()),
    "similarity": lambda x, y: 1 - sum(map(min, (x / x.sum()).flat, (y / y.sum()).flat)),
    "jensen_shannon": lambda x, y: distance.jensenshannon(x.ravel(), y.ravel(), base=2),
}


def value(name, x, y, **options):
    card = registry.get("metric", name)
    return card(x[None], y[None], **({"data_range": 2.0} if card.bounded else {}), **options).item()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", [*SIGNED, *UNSIGNED])
def test_metric_equals_an_independent_implementation(name, seed):
    x, y = maps(name in SIGNED, seed=seed)
    assert value(name, x, y) == pytest.approx((SIGNED | UNSIGNED)[name](x, y), abs=1e-9)


@pytest.mark.parametrize("name", ["spearman", "topk_iou", "auc_judd", "emd_values", "mae", "sign_agreement"])
def test_metric_equals_its_reference_where_many_values_are_tied(name):
    x, y = np.round(maps(True, seed=5) * 3) / 3
    assert value(name, x, y) == pytest.approx(SIGNED[name](x, y), abs=1e-9)


def test_options_reach_the_metric():
    x, y = maps(True, seed=6)
    assert value("topk_iou", x, y, share=0.3) == pytest.approx(top_iou(x, y, 0.3), abs=1e-12)
    assert value("sign_agreement", x, y, dead_zone=0.2) == pytest.approx(sign_disagreement(x, y, 0.2), abs=1e-12)


def test_distributions_without_a_common_pixel_are_as_far_apart_as_can_be():
    x, y = np.zeros((2, 12, 12))
    x[:6], y[6:] = 1, 0.5
    for name in UNSIGNED:
        assert value(name, x, y) == pytest.approx(1, abs=1e-12)


def test_maps_with_zeros_have_a_jensen_shannon_distance():
    x, y = np.maximum(maps(True, seed=7), 0)
    assert (x == 0).any()
    assert value("jensen_shannon", x, y) == pytest.approx(distance.jensenshannon(x.ravel(), y.ravel(), base=2), abs=1e-9)


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
    assert value("pearson", x, y) == pytest.approx(1 - pearsonr(x.ravel(), y.ravel()).statistic, abs=1e-9)


SAME = {
    "cosine": peer.cosine_distance,
    "pearson": peer.correlation_distance,
    "mse": peer.mean_squared_error,
    "mae": peer.mean_absolute_error,
    "jaccard": peer.jaccard_distance,
    "czekanowski": peer.czenakowski_distance,
}


@pytest.mark.parametrize("name", SAME)
def test_saliencytools_gives_the_same_where_the_definition_is_the_same(name):
    x, y = maps(False, seed=10)
    assert value(name, x, y) == pytest.approx(SAME[name](x, y), abs=1e-7)


def test_saliencytools_differs_as_the_cards_say():
    x, y = maps(True, seed=11)
    assert peer.euclidean_distance(x, y) == pytest.approx(np.sqrt(x.size) * value("rmse", x, y))
    span = max(x.max(), y.max()) - min(x.min(), y.min())
    assert 1 / peer.psnr(x, y) == pytest.approx(-20 * np.log10(value("rmse", x, y) / span))
    assert peer.sign_agreement_ratio(x, y) == pytest.approx(sign_disagreement(x, y))
    assert peer.emd(x, 0.5 * x) == pytest.approx(0, abs=1e-6) and value("emd_values", x, 0.5 * x) > 0.1
    assert peer.ssim(x, x + 1e-9) == 0
    assert peer.auc_judd(np.zeros_like(x), y) == pytest.approx(0, abs=1e-12) and np.isnan(value("auc_judd", np.zeros_like(x), y))
    assert peer.jaccard_distance(np.zeros((12, 12)), np.zeros((12, 12))) == 1 and value("jaccard", *np.zeros((2, 12, 12))) == 0
    assert abs(peer.czenakowski_distance(x, -0.99 * x)) > 10
