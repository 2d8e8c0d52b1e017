"""LIME against scikit-learn's ridge regression on the same masked images."""

import numpy as np
import pytest
import torch
from networks import assert_close, tiny_model
from sklearn.linear_model import Ridge
from sklearn.metrics import pairwise_distances

from lookalike.core.errors import InputError
from lookalike.images import demo
from lookalike.methods.baselines import baseline_of
from lookalike.methods.kernelshap import superpixels
from lookalike.methods.lime import lime, nearness, ridge
from lookalike.models.networks import to_tensor

torch.set_num_threads(1)
TARGETS, SEEDS = torch.tensor([0, 3, 1]), [1, 2, 3]
SMALL = {"segments": 12, "samples": 40}


@pytest.fixture(scope="module")
def images():
    return to_tensor(np.stack([image for _, _, image, _ in demo.draw_images(0, "val", 3, 64)]))


def masked_by_loop(model, image, target, shown, labels, baseline):
    """Return the scores of masked images, one at a time."""
    inputs, scores = model.normalise(image[None]), []
    missing = baseline_of(inputs, baseline)
    for row in shown:
        kept = torch.from_numpy(row[labels])
        with torch.no_grad():
            scores.append(model.net(torch.where(kept, inputs, missing))[0, target].item())
    return np.array(scores)


@pytest.mark.parametrize("network", ["test_resnet", "test_vit", "test_mambaout"])
def test_lime_is_scikit_learns_ridge_on_the_same_draws(network, images):
    model, options = tiny_model(network), SMALL | {"width": 0.4, "penalty": 2.0}
    maps, diagnostics = lime(model, images, TARGETS, SEEDS, **options, baseline="blur")
    assert maps.shape == (3, 64, 64) and maps.dtype == np.float32
    for place in range(3):
        labels = superpixels(images[place].permute(1, 2, 0).numpy(), 12)
        shown = np.random.default_rng(SEEDS[place]).random((40, labels.max() + 1)) < 0.5
        shown[0] = True
        scores = masked_by_loop(model, images[place], TARGETS[place], shown, labels, "blur")
        # As the package lime does: the root of the Gaussian of the cosine distance.
        distances = pairwise_distances(shown.astype(float), shown[:1].astype(float), "cosine")[:, 0]
        weights = np.sqrt(np.exp(-(distances**2) / 0.4**2))
        fitted = Ridge(alpha=2.0).fit(shown, scores, sample_weight=weights)
        assert_close(maps[place], fitted.coef_[labels], share=1e-3)
        assert diagnostics["segments"][place] == labels.max() + 1
        assert diagnostics["r2"][place] == pytest.approx(
            fitted.score(shown, scores, sample_weight=weights), abs=1e-4
        )


def test_weights_fall_with_what_is_hidden_and_nothing_shown_is_at_distance_one():
    shown = np.array([[1, 1, 1, 1], [1, 0, 0, 0], [0, 0, 0, 0]], bool)
    np.testing.assert_allclose(
        nearness(shown, 0.25), np.exp([0, -(0.5**2) / 0.125, -1 / 0.125]), rtol=1e-12
    )


def test_a_linear_score_is_found_and_shrunk_by_the_penalty():
    rng = np.random.default_rng(0)
    shown, gains = rng.random((200, 9)) < 0.5, rng.normal(size=9)
    scores, weights = 3 + shown @ gains, rng.random(200)
    found, r2 = ridge(shown, scores, weights, 1e-9)
    np.testing.assert_allclose(found, gains, rtol=1e-8)
    assert r2 == pytest.approx(1)
    shrunk, r2 = ridge(shown, scores, weights, 20.0)
    assert np.abs(shrunk).sum() < 0.8 * np.abs(gains).sum() and r2 < 1


def test_a_batch_gives_what_single_images_and_small_parts_give(images):
    model = tiny_model("test_resnet")
    maps, _ = lime(model, images, TARGETS, SEEDS, **SMALL)
    np.testing.assert_array_equal(maps, lime(model, images, TARGETS, SEEDS, **SMALL)[0])
    model.most = 3
    for place in range(3):
        part = slice(place, place + 1)
        own, _ = lime(model, images[part], TARGETS[part], SEEDS[part], **SMALL)
        np.testing.assert_allclose(maps[place], own[0], rtol=1e-3, atol=1e-4 * np.abs(own).max())


def test_a_score_that_does_not_depend_on_the_image_gives_zero_maps(images):
    model = tiny_model("test_resnet")
    with torch.no_grad():
        model.net.fc.weight.zero_()
    maps, diagnostics = lime(model, images, TARGETS, SEEDS, **SMALL)
    assert (maps == 0).all() and (diagnostics["r2"] == 0).all()


def test_a_single_sample_is_refused(images):
    with pytest.raises(InputError, match="lime: samples must be at least 2, not 1"):
        lime(tiny_model("test_resnet"), images, TARGETS, SEEDS, samples=1)
