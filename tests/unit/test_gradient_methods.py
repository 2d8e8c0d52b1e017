"""Methods that average or change the gradient of the image, against captum, plain loops and
networks whose answer is known.
"""

import numpy as np
import pytest
import torch
from captum.attr import Saliency
from networks import SEEDS, TARGETS, assert_close, tiny_model

from lookalike.core import registry
from lookalike.core.errors import InputError
from lookalike.methods.smoothgrad import smoothgrad
from lookalike.models.networks import VisionModel

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def images():
    return torch.rand(3, 3, 64, 64, generator=torch.Generator().manual_seed(0))


def plain(net, mean=0.0, std=1.0):
    """Return a network as a model that normalises by given numbers."""
    one = torch.ones(1, 3, 1, 1)
    return VisionModel(net.eval().requires_grad_(False), mean * one, std * one, list("abcde"))


class Cubic(torch.nn.Module):
    """Score c is (c + 1) times the sum of the cubes of red."""

    def forward(self, images):
        return (images[:, 0] ** 3).sum(dim=(1, 2))[:, None] * torch.arange(1.0, 6.0)


@pytest.mark.parametrize("network", ["test_resnet", "test_vit", "test_mambaout"])
def test_smoothgrad_is_the_mean_of_captums_gradients_of_noisy_images(network, images):
    model = tiny_model(network)
    maps, diagnostics = smoothgrad(model, images, TARGETS, SEEDS, samples=3, noise=0.2)
    captum, inputs = Saliency(model.net), model.normalise(images)
    for image, target, seed, found in zip(inputs, TARGETS, SEEDS, maps, strict=True):
        rng, total = np.random.default_rng(seed), 0
        for _ in range(3):
            noise = rng.standard_normal((3, 64, 64), dtype=np.float32)
            noisy = (image + 0.2 * (image.max() - image.min()) * noise)[None].requires_grad_()
            total = total + captum.attribute(noisy, target, abs=False)[0].numpy() / 3
        assert_close(found, np.abs(total).max(axis=0), share=2e-4)
    assert diagnostics == {}


def test_smoothgrad_of_a_cubic_network_shows_how_large_the_noise_is(images):
    maps, _ = smoothgrad(plain(Cubic(), 0.5, 0.5), images, TARGETS, SEEDS, samples=200, noise=0.3)
    inputs = (images - 0.5) / 0.5
    sigma = 0.3 * (inputs.amax(dim=(1, 2, 3)) - inputs.amin(dim=(1, 2, 3)))
    # The mean of 3 (x + e)^2.
    expected = 3 * ((inputs[:, 0] ** 2).mean(dim=(1, 2)) + sigma**2) * (TARGETS + 1)
    np.testing.assert_allclose(maps.mean(axis=(1, 2)), expected, rtol=0.02)


def test_smoothgrad_without_noise_is_the_saliency(images):
    model = tiny_model("test_resnet")
    maps, _ = smoothgrad(model, images, TARGETS, SEEDS, samples=2, noise=0.0)
    assert_close(maps, registry.get("method", "saliency")(model, images, TARGETS, SEEDS)[0])


def test_no_samples_are_refused(images):
    with pytest.raises(InputError, match="smoothgrad: samples must be at least 1, not 0"):
        smoothgrad(tiny_model("test_resnet"), images, TARGETS, SEEDS, samples=0)
