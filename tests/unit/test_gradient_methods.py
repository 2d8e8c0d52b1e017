"""Methods that average or change the gradient of the image, against captum, plain loops and
networks whose answer is known.
"""

import numpy as np
import pytest
import torch
from captum.attr import GuidedBackprop, InputXGradient, Saliency
from networks import SEEDS, TARGETS, assert_close, tiny_model

from lookalike.core import registry
from lookalike.core.errors import InputError
from lookalike.methods.baselines import baseline_of
from lookalike.methods.gradient_shap import gradient_shap
from lookalike.methods.guided_backprop import guided_backprop
from lookalike.methods.integrated_gradients import integrated_gradients
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


# A CNN, a ViT and a network whose activations have channels last, all with rectifiers.
RECTIFIED = {
    "test_resnet": {},
    "test_vit": {"act_layer": "relu"},
    "test_mambaout": {"act_layer": torch.nn.ReLU},
    "test_byobnet": {},
}


@pytest.mark.parametrize("network", RECTIFIED)
def test_guided_backprop_is_that_of_captum(network, images):
    model = tiny_model(network, **RECTIFIED[network])
    maps, diagnostics = guided_backprop(model, images, TARGETS, SEEDS)
    # Captum refuses modules that work in place.
    for module in model.net.modules():
        if hasattr(module, "inplace"):
            module.inplace = False
    expected = GuidedBackprop(model.net).attribute(model.normalise(images), TARGETS)
    assert_close(maps, expected.detach().abs().amax(dim=1).numpy(), share=1e-4)
    assert diagnostics == {}


class Guided(torch.autograd.Function):
    """A rectifier with a slope below 0 and a ceiling, and its guided gradient by its formula."""

    @staticmethod
    def forward(ctx, x, below, ceiling):
        ctx.save_for_backward(x)
        ctx.numbers = below, ceiling
        return torch.where(x > 0, x.clamp(max=ceiling), below * x)

    @staticmethod
    def backward(ctx, gradient):
        (x,), (below, ceiling) = ctx.saved_tensors, ctx.numbers
        slope = torch.where(x > 0, (x < ceiling).float(), torch.tensor(below))
        return slope * gradient.clamp(min=0), None, None


RECTIFIERS = {
    "relu": (torch.relu, 0.0, np.inf),
    "in place": (lambda x: torch.nn.functional.relu(x, inplace=True), 0.0, np.inf),
    "method": (lambda x: x.relu_(), 0.0, np.inf),
    "relu6": (torch.nn.functional.relu6, 0.0, 6.0),
    "module of relu6": (torch.nn.ReLU6(inplace=True), 0.0, 6.0),
    "leaky": (lambda x: torch.nn.functional.leaky_relu(x, 0.2), 0.2, np.inf),
    "module of leaky": (torch.nn.LeakyReLU(0.2, inplace=True), 0.2, np.inf),
}


class Residual(torch.nn.Module):
    """What a rectifier gives is read twice."""

    def __init__(self, rectify):
        super().__init__()
        torch.manual_seed(0)
        self.first, self.second = torch.nn.Conv2d(3, 4, 3), torch.nn.Conv2d(4, 4, 1)
        self.head, self.rectify = torch.nn.Linear(4, 5), rectify

    def forward(self, images):
        x = self.rectify(9 * self.first(images))
        return self.head((self.rectify(self.second(x)) + x).mean(dim=(2, 3)))


@pytest.mark.parametrize("name", RECTIFIERS)
def test_guided_backprop_sees_functions_and_modules_in_place(name, images):
    rectify, below, ceiling = RECTIFIERS[name]
    maps, _ = guided_backprop(plain(Residual(rectify), 0.5), images, TARGETS, SEEDS)
    inputs = (images - 0.5).requires_grad_()
    net = Residual(lambda x: Guided.apply(x, below, ceiling))
    (gradient,) = torch.autograd.grad(net(inputs)[range(3), TARGETS].sum(), inputs)
    assert_close(maps, gradient.abs().amax(dim=1).numpy())


@pytest.mark.parametrize("network", ["test_vit", "test_convnext", "test_efficientnet"])
def test_a_network_without_rectifiers_is_refused(network, images):
    with pytest.raises(InputError, match=r"guided_backprop: .* has no ReLU, ReLU6 or leaky ReLU"):
        guided_backprop(tiny_model(network), images, TARGETS, SEEDS)


@pytest.mark.parametrize("network", ["test_resnet", "test_vit", "test_mambaout"])
def test_gradient_shap_is_the_mean_of_captums_gradients_along_noisy_paths(network, images):
    model = tiny_model(network)
    maps, diagnostics = gradient_shap(
        model, images, TARGETS, SEEDS, samples=3, noise=0.2, baseline="blur"
    )
    captum, inputs = InputXGradient(model.net), model.normalise(images)
    starts = baseline_of(inputs, "blur")
    for place, (image, start, target) in enumerate(zip(inputs, starts, TARGETS, strict=True)):
        noise, points = (np.random.default_rng(key) for key in (SEEDS[place], [SEEDS[place], 1]))
        total = 0
        for index in range(3):
            added = noise.standard_normal((3, 64, 64), dtype=np.float32)
            path = image + 0.2 * (image.max() - image.min()) * added - start
            point = (start + (index + points.random()) / 3 * path)[None].requires_grad_()
            product = captum.attribute(point, target)[0].detach()
            total = total + product / point[0].detach() * path / 3
        assert_close(maps[place], total.sum(dim=0).numpy(), share=1e-3)
        with torch.no_grad():
            gain = (model.net(image[None]) - model.net(start[None]))[0, target]
        gap = abs(maps[place].sum() / float(gain) - 1)
        assert diagnostics["completeness_gap"][place] == pytest.approx(gap, rel=1e-2)


def test_gradient_shap_without_noise_becomes_integrated_gradients(images):
    model = tiny_model("test_vit")
    expected, _ = integrated_gradients(model, images, TARGETS, SEEDS, steps=64)
    errors = []
    for samples in (2, 64):
        maps, diagnostics = gradient_shap(model, images, TARGETS, SEEDS, samples=samples, noise=0.0)
        errors.append(np.abs(maps - expected).mean() / np.abs(expected).mean())
    assert errors[1] < 0.005 and errors[0] > 0.1
    assert (diagnostics["completeness_gap"] < 0.1).all()


def test_points_and_noise_average_to_what_a_cubic_network_gives(images):
    # Of b = 0: the mean of y * 3 (a y)^2 = y^3 over y = x + e, whose mean is x^3 + 3 x sigma^2.
    model = plain(Cubic(), 0.5, 0.5)
    maps, _ = gradient_shap(model, images, TARGETS, SEEDS, samples=300, noise=0.1)
    inputs = (images - 0.5) / 0.5
    sigma = 0.1 * (inputs.amax(dim=(1, 2, 3)) - inputs.amin(dim=(1, 2, 3))).view(-1, 1, 1)
    expected = (inputs[:, 0] ** 3 + 3 * inputs[:, 0] * sigma**2) * (TARGETS + 1).view(-1, 1, 1)
    difference = maps - expected.numpy()
    size = expected.abs().mean(dim=(1, 2)).numpy()
    assert (np.abs(difference.mean(axis=(1, 2))) < 0.01 * size).all()
    assert (np.abs(difference).mean(axis=(1, 2)) < 0.1 * size).all()
