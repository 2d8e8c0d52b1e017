"""FullGrad against biases read from the layers themselves, and gradients of explicit biases."""

import numpy as np
import pytest
import torch
from networks import SEEDS, SWIN, TARGETS, assert_close, shake, tiny_model

from lookalike.core.errors import InputError
from lookalike.methods.fullgrad import decompose, fullgrad
from lookalike.models.networks import VisionModel

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def images():
    return torch.rand(3, 3, 64, 64, generator=torch.Generator().manual_seed(0))


def shaken_model(name):
    model = tiny_model(name)
    shake(model.net)
    return model


def own_bias(layer):
    """Return the bias of an affine layer for each channel, by the formula of its kind."""
    if isinstance(layer, torch.nn.BatchNorm2d):
        return (
            layer.bias - layer.weight * layer.running_mean / (layer.running_var + layer.eps).sqrt()
        )
    return getattr(layer, "bias", None)


def authors_map(model, images):
    """Return FullGrad as its authors compute it for a ReLU network: zeros that are added to every
    affine layer give the gradient of its bias.
    """
    layers = [
        layer
        for layer in model.net.modules()
        if isinstance(layer, torch.nn.Conv2d | torch.nn.BatchNorm2d) and own_bias(layer) is not None
    ]
    added, hooks = [], []
    for layer in layers:

        def add(module, given, output):
            added.append(torch.zeros_like(output).requires_grad_())
            return output + added[-1]

        hooks.append(layer.register_forward_hook(add))
    inputs = model.normalise(images).requires_grad_()
    score = model.net(inputs)[range(3), TARGETS].sum()
    gradients = torch.autograd.grad(score, [inputs, *added])
    for hook in hooks:
        hook.remove()
    biases = [own_bias(layer).view(1, -1, 1, 1) for layer in layers]
    found = torch.zeros(3, 64, 64)
    for bias, gradient in zip([inputs.detach(), *biases], gradients, strict=True):
        for image, part in enumerate((bias * gradient).abs()):
            part = (part - part.min()) / (part.max() - part.min())
            for channel in part:
                found[image] += torch.nn.functional.interpolate(
                    channel[None, None], (64, 64), mode="bilinear"
                )[0, 0]
    return found.numpy(), len(biases)


def test_maps_of_a_relu_network_are_those_of_its_explicit_biases(images):
    model = shaken_model("test_resnet")
    expected, count = authors_map(model, images)
    maps, diagnostics = fullgrad(model, images, TARGETS, SEEDS)
    assert maps.shape == (3, 64, 64) and count == 15
    assert_close(maps, expected, share=1e-4)
    assert (diagnostics["completeness_gap"] < 1e-3).all()


@pytest.mark.parametrize("name", ["test_resnet", "test_convnext", "densenet121"])
def test_the_parts_sum_to_the_score(name, images):
    model = shaken_model(name)
    inputs = model.normalise(images)
    with torch.no_grad():
        expected = model.net(inputs)[range(3), TARGETS].double()
    scores, parts = decompose(model.net, inputs.requires_grad_(), TARGETS)
    sums = torch.stack([part.double().flatten(1).sum(dim=1) for part in parts])
    torch.testing.assert_close(scores.double(), expected)
    assert ((sums.sum(dim=0) - expected).abs() < 1e-5 * sums.abs().sum(dim=0)).all()
    # The biases are no small matter.
    assert ((sums[0] - expected).abs() > 1e-3 * expected.abs()).all()


def test_the_bias_of_a_smooth_rectifier_is_what_its_tangent_leaves(images):
    torch.manual_seed(1)
    head = torch.nn.Linear(3 * 64 * 64, 5, bias=False)
    net = torch.nn.Sequential(
        torch.nn.AvgPool2d(1), torch.nn.SiLU(inplace=True), torch.nn.Flatten(), head
    )
    inputs = (images - 0.5).requires_grad_()
    _, parts = decompose(net, inputs, TARGETS)
    x = inputs.detach().double()
    sigmoid = 1 / (1 + torch.exp(-x))
    weights = head.weight.detach().double()[TARGETS].view(3, 3, 64, 64)
    slope = sigmoid + x * sigmoid * (1 - sigmoid)
    assert_close(parts[0].numpy(), (x * slope * weights).numpy(), share=1e-5)
    assert_close(parts[1].numpy(), ((x * sigmoid - x * slope) * weights).numpy(), share=1e-5)


def test_a_layer_that_adds_nothing_but_rounding_is_left_out(images):
    torch.manual_seed(1)
    net = torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(4 * 62**2, 5)
    )
    net[0].bias.data.fill_(1e-9)
    model = VisionModel(net, torch.zeros(1, 3, 1, 1), torch.ones(1, 3, 1, 1), list("abcde"))
    expected = np.abs(decompose(net, images.requires_grad_(), TARGETS)[1][0].numpy())
    expected = np.stack([(part - part.min()) / np.ptp(part) for part in expected]).sum(axis=1)
    assert_close(fullgrad(model, images, TARGETS, SEEDS)[0], expected, share=1e-5)


@pytest.mark.parametrize(
    "name", ["test_vit", "test_byobnet", "test_efficientnet", "swin_tiny_patch4_window7_224"]
)
def test_networks_that_multiply_activations_are_refused(name, images):
    with pytest.raises(InputError, match=r"fullgrad: the parts .* do not sum to the score"):
        options = SWIN if name == "swin_tiny_patch4_window7_224" else {}
        fullgrad(tiny_model(name, **options), images, TARGETS, SEEDS)
