"""DeepLIFT against captum where that is right, and by its rules where it is not."""

from copy import deepcopy

import numpy as np
import pytest
import torch
from captum.attr import DeepLift
from networks import SEEDS, TARGETS, assert_close, tiny_model
from torch.nn import functional

from lookalike.core.errors import InputError
from lookalike.methods.baselines import baseline_of
from lookalike.methods.deeplift import deeplift
from lookalike.models.networks import VisionModel

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def images():
    return torch.rand(3, 3, 64, 64, generator=torch.Generator().manual_seed(0))


def by_captum(model, images, baseline="zero"):
    # In double precision: quotients of small differences would be rounding.
    inputs = model.normalise(images)
    starts = baseline_of(inputs, baseline)
    found = DeepLift(deepcopy(model.net).double()).attribute(
        inputs.double(), starts.double(), TARGETS
    )
    return found.detach().sum(dim=1).numpy()


def plain(net):
    one = torch.ones(1, 3, 1, 1)
    return VisionModel(net.eval().requires_grad_(False), 0.5 * one, one, list("abcde"))


@pytest.mark.parametrize("baseline", ["zero", "blur"])
def test_a_network_without_max_pooling_is_that_of_captum(baseline, images):
    model = tiny_model("test_resnet")
    model.net.maxpool = torch.nn.AvgPool2d(2)
    maps, diagnostics = deeplift(model, images, TARGETS, SEEDS, baseline=baseline)
    assert_close(maps, by_captum(model, images, baseline), share=1e-4)
    assert (diagnostics["completeness_gap"] < 1e-3).all()


class Residual(torch.nn.Module):
    def __init__(self, first, second):
        super().__init__()
        torch.manual_seed(0)
        self.one, self.two = torch.nn.Conv2d(3, 4, 3), torch.nn.Conv2d(4, 4, 1)
        self.first, self.second, self.head = first, second, torch.nn.Linear(4, 5)

    def forward(self, images):
        x = self.first(9 * self.one(images))
        return self.head((self.second(self.two(x)) + x).mean(dim=(2, 3)))


FUNCTIONS = {
    torch.nn.ReLU: lambda x: x.relu_(),
    torch.nn.ELU: functional.elu,
    torch.nn.LeakyReLU: lambda x: functional.leaky_relu(x, inplace=True),
    torch.nn.Sigmoid: torch.sigmoid,
    torch.nn.Tanh: lambda x: x.tanh(),
    torch.nn.Softplus: functional.softplus,
}


@pytest.mark.parametrize("kind", FUNCTIONS)
def test_modules_and_functions_used_twice_are_modules_of_captum_used_once(kind, images):
    expected = by_captum(plain(Residual(kind(), kind())), images)
    shared = kind()
    for used in (Residual(FUNCTIONS[kind], FUNCTIONS[kind]), Residual(shared, shared)):
        assert_close(deeplift(plain(used), images, TARGETS, SEEDS)[0], expected, share=1e-4)


class Table(torch.nn.Module):
    """Adds what a rectifier makes of weights alone, as tables of relative positions do."""

    def __init__(self, net):
        super().__init__()
        self.net, self.weights = net, torch.nn.Parameter(torch.linspace(-1, 1, 5))

    def forward(self, images):
        return self.net(images) + torch.relu(self.weights)


def test_rectifiers_of_weights_add_nothing(images):
    net = Residual(torch.nn.ReLU(), torch.nn.ReLU())
    expected, _ = deeplift(plain(net), images, TARGETS, SEEDS)
    model = plain(Table(net))
    model.net.requires_grad_(True)
    assert_close(deeplift(model, images, TARGETS, SEEDS)[0], expected)


@pytest.mark.parametrize(
    "kind", [torch.nn.GELU, torch.nn.SiLU, torch.nn.Hardswish, torch.nn.Mish, torch.nn.ReLU6]
)
def test_one_hidden_layer_follows_the_formula(kind, images):
    torch.manual_seed(0)
    hidden, head = torch.nn.Linear(3 * 64 * 64, 7), torch.nn.Linear(7, 5)
    hidden.weight.data *= 9
    net = torch.nn.Sequential(torch.nn.Flatten(), hidden, kind(), head)
    maps, _ = deeplift(plain(net), images, TARGETS, SEEDS)
    with torch.no_grad():
        x = (images - 0.5).flatten(1).double()
        z, z0 = x @ hidden.weight.double().T + hidden.bias.double(), hidden.bias.double()
        quotient = (kind()(z) - kind()(z0)) / (z - z0)
        multiplier = (head.weight.double()[TARGETS] * quotient) @ hidden.weight.double()
        expected = (x * multiplier).view(3, 3, 64, 64).sum(dim=1).numpy()
    assert_close(maps, expected, share=1e-4)


def test_overlapping_windows_credit_their_largest_cells(images):
    torch.manual_seed(0)
    head = torch.nn.Linear(3 * 4 * 4, 5)
    net = torch.nn.Sequential(torch.nn.MaxPool2d(3, 2, 1), torch.nn.Flatten(), head)
    images = images[:, :, :8, :8]
    maps, diagnostics = deeplift(plain(net), images, TARGETS, SEEDS, baseline="blur")
    inputs = images - 0.5
    starts = baseline_of(inputs, "blur").numpy()
    weights = head.weight.detach()[TARGETS].view(3, 3, 4, 4).numpy()
    expected = np.zeros((3, 8, 8))
    for n, k, i, j in np.ndindex(3, 3, 4, 4):
        rows, columns = (slice(max(2 * at - 1, 0), 2 * at + 2) for at in (i, j))
        window, before = inputs[n, k].numpy()[rows, columns], starts[n, k][rows, columns]
        larger = max(window.max(), before.max())
        for values, credit in (
            (window, larger - before.max()),
            (before, window.max() - larger),
        ):
            row, column = np.unravel_index(values.argmax(), values.shape)
            expected[n, rows.start + row, columns.start + column] += weights[n, k, i, j] * credit
    assert_close(maps, expected, share=1e-4)
    assert (diagnostics["completeness_gap"] < 1e-4).all()


@pytest.mark.parametrize("name", ["test_resnet", "densenet121", "mobilenetv2_050"])
def test_contributions_sum_to_the_gain(name, images):
    model = tiny_model(name)
    maps, diagnostics = deeplift(model, images, TARGETS, SEEDS)
    with torch.no_grad():
        inputs = model.normalise(images)
        gain = (model.net(inputs) - model.net(0 * inputs))[range(3), TARGETS].numpy()
    sums = maps.sum(axis=(1, 2), dtype=float)
    np.testing.assert_allclose(sums, gain, rtol=1e-3)
    np.testing.assert_allclose(diagnostics["completeness_gap"], np.abs(sums / gain - 1), atol=1e-4)


@pytest.mark.parametrize("name", ["test_vit", "test_convnext", "test_byobnet"])
def test_networks_that_multiply_activations_are_refused(name, images):
    with pytest.raises(InputError, match=r"deeplift: .* do not sum to the gain in score"):
        deeplift(tiny_model(name), images, TARGETS, SEEDS)
