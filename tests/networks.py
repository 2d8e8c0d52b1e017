"""Tiny networks and models for the tests, and what networks give without some channels, computed by
the whole network each time.
"""

from contextlib import contextmanager

import numpy as np
import torch

from lookalike.core import registry
from lookalike.images.scores import similarity_of_scores
from lookalike.models.heads import attach_head
from lookalike.models.layers import target_layer
from lookalike.models.networks import VisionModel, build_network, normalisation_of

SIDE = 64


VIT = {"img_size": SIDE, "patch_size": 8}


SWIN = {
    "img_size": SIDE,
    "window_size": 4,
    "embed_dim": 24,
    "depths": (1, 2, 1, 1),
    "num_heads": (1, 1, 1, 1),
}


STRIDE_8 = {"output_stride": 8}
OPTIONS = {
    "test_resnet": STRIDE_8,
    "test_efficientnet": STRIDE_8,
    "test_byobnet": STRIDE_8,
    "test_vit": VIT,
    "test_maxvit": {"img_size": SIDE},
}
SEEDS = [11, 12, 13]
TARGETS = torch.tensor([0, 3, 1])
# Options of methods whose defaults are slow.
QUICK = {
    "integrated_gradients": {"steps": 4},
    "kernelshap": {"segments": 8, "samples": 60},
    "lime": {"segments": 8, "samples": 60},
    "occlusion": {"windows": [0.5]},
    "smoothgrad": {"samples": 3},
    "gradient_shap": {"samples": 4},
    "rise": {"samples": 40},
}


def tiny_model(name, **options):
    """Return a tiny network with random weights, none of whose residual branches is silent."""
    torch.manual_seed(0)
    net = build_network({"timm": name, "options": OPTIONS.get(name, {}) | options}, 5).eval()
    with torch.no_grad():
        for parameter in net.parameters():
            parameter += 0.05 * torch.randn_like(parameter)
    mean, std = (torch.tensor(values).view(1, -1, 1, 1) for values in normalisation_of(net))
    return VisionModel(net.requires_grad_(False), mean, std, list("abcde"))


def scoring_model(name):
    """Return a tiny network with a regression head."""
    model = tiny_model(name)
    model.net.reset_classifier(0)
    features = model.features(torch.zeros(1, 3, SIDE, SIDE)).shape[1]
    attach_head(model.net, features, [8], 0.0).eval().requires_grad_(False)
    return VisionModel(model.net, model.mean, model.std, ["score"])


def model_for(method, name):
    """Return a tiny network that a method can explain."""
    return scoring_model(name) if method.targets == "scores" else tiny_model(name)


def options_for(name, model, count, seed=0):
    """Return quick options of a method, and what the workflow gives it besides, for some images."""
    known = {}
    if registry.get("method", name).targets == "similarity":
        rng = np.random.default_rng(seed)
        features = model.features(torch.zeros(1, 3, SIDE, SIDE)).shape[1]
        known = {
            "human": similarity_of_scores(rng.random(count)),
            "reference": rng.normal(size=(count, features)).astype(np.float32),
            "negative": "keep",
        }
    return QUICK.get(name, {}) | known


def shake(net):
    """Give batch norms statistics and weights that a fresh one does not have, so that a mix-up of
    names shows.
    """
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            for tensor, low, high in (
                (module.running_mean, -0.2, 0.2),
                (module.running_var, 0.5, 2),
                (module.weight, 0.5, 1.5),
                (module.bias, -0.2, 0.2),
            ):
                torch.nn.init.uniform_(tensor, low, high)
    return net.eval()


def shaken(recipe, n_classes=3, seed=0):
    """Return a network of a recipe with weights of a seed, whose batch norms have statistics."""
    torch.manual_seed(seed)
    return shake(build_network(recipe, n_classes))


@torch.no_grad()
def assert_same_logits(net, other, size=64, n=2):
    images = torch.rand(n, 3, size, size, generator=torch.Generator().manual_seed(1))
    expected = other.eval()(images)
    torch.testing.assert_close(net.eval()(images), expected, atol=1e-5, rtol=1e-5)
    assert expected.std() > 0.01


def network(name, options=None, layer=None):
    """Return a network none of whose branches is silent, and a layer of it."""
    torch.manual_seed(0)
    net = build_network({"timm": name, "options": options or {}}, 5).eval()
    with torch.no_grad():
        for parameter in net.parameters():
            parameter += 0.05 * torch.randn_like(parameter)
    return net, target_layer(net, layer=layer, size=(SIDE, SIDE))


def tiny_vgg():
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Conv2d(3, 6, 3, padding=1),
        torch.nn.ReLU(inplace=True),
        torch.nn.MaxPool2d(4),
        torch.nn.Conv2d(6, 8, 3, padding=1),
        torch.nn.ReLU(inplace=True),
        torch.nn.Flatten(),
        torch.nn.Linear(8 * 4 * 4, 5),
    ).eval()


def images_of(count, side=SIDE):
    return torch.randn(count, 3, side, side, generator=torch.Generator().manual_seed(1))


def penultimate(net):
    return lambda images: net.forward_head(net.forward_features(images), pre_logits=True)


@contextmanager
def without(layer, axis, channel):
    """Set one channel, or several, of a layer to zero by a hook."""

    def drop(module, inputs, output):
        output = output.clone()
        output.movedim(axis, 0)[channel] = 0
        return output

    handle = layer.register_forward_hook(drop)
    yield
    handle.remove()


@torch.no_grad()
def one_by_one(layer, axis, images, dropped, read):
    """Return (n, M, ...), the outputs without each of the lists of channels, by the whole network
    each time.
    """
    outputs = []
    for channel in dropped:
        with without(layer, axis, channel):
            outputs.append(read(images))
    return torch.stack(outputs, dim=1)


def assert_same(found, expected, whole):
    """Compare outputs; what a channel changes, not their size, is the measure."""
    spread = (expected - whole[:, None]).abs().max()
    assert spread > 0 and found.shape == expected.shape
    assert (found - expected).abs().max() <= 1e-5 * max(spread, whole.std())


def instance_state(net):
    return [
        (list(vars(module)), len(module._forward_hooks), len(module._forward_pre_hooks))
        for module in net.modules()
    ]


class Pair(torch.nn.Module):
    def forward(self, x):
        windows = torch.stack([x, 2 * x, -x, x.abs()], dim=1).flatten(0, 1)
        return 2 * x, (
            {"windows": windows, "table": torch.arange(4)},
            x.new_full((1, 4, 1, 1), 3.0),
        )


class Twice(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer, self.idle, self.tuple = (
            torch.nn.Conv2d(3, 3, 1),
            torch.nn.Conv2d(3, 3, 1),
            Pair(),
        )

    def forward(self, images):
        return self.tuple(self.layer(self.layer(images)))[0].flatten(1)


def assert_close(found, expected, share=1e-5):
    """Compare maps, to a share of the largest value."""
    assert np.abs(expected).max() > 0
    np.testing.assert_allclose(found, expected, rtol=0, atol=share * np.abs(expected).max())
