"""Class activation maps and gradients of the image, against their formulas cell by cell on the full
graph, against captum, and on networks whose answer is known.
"""

import numpy as np
import pytest
import torch
from captum.attr import InputXGradient, Saliency
from networks import assert_close, one_by_one, tiny_model
from scipy.ndimage import zoom

from lookalike.core import registry

TARGETS, SEEDS = torch.tensor([0, 3, 1]), [1, 2, 3]
# A CNN, one whose activations have channels last, and a ViT, with what turns its tokens to a grid.
NETWORKS = {
    "test_resnet": ("layer4", lambda x: x),
    "test_mambaout": ("stages.1", lambda x: x.permute(0, 3, 1, 2)),
    "test_vit": ("blocks.5.norm1", lambda x: x[:, 1:].mT.reshape(len(x), -1, 8, 8)),
}


@pytest.fixture(scope="module")
def images():
    return torch.rand(3, 3, 64, 64, generator=torch.Generator().manual_seed(0))


def weigh_pp(cells, slopes):
    """GradCAM++ by its formula, one channel and cell after another."""
    found = np.zeros(cells.shape[1:])
    for activation, slope in zip(cells, slopes, strict=True):
        weight, total = 0.0, activation.sum()
        for g in slope.ravel():
            below = 2 * g**2 + total * g**3
            weight += g**2 / below * max(g, 0) if below else 0
        found += weight * activation
    return found


def weigh_x(cells, slopes):
    return sum((a * g).sum() / a.sum() * a for a, g in zip(cells, slopes, strict=True) if a.sum())


FORMULAS = {
    "gradcam_pp": weigh_pp,
    "hirescam": lambda cells, slopes: sum(a * g for a, g in zip(cells, slopes, strict=True)),
    "layercam": lambda cells, slopes: sum(
        a * np.maximum(g, 0) for a, g in zip(cells, slopes, strict=True)
    ),
    "xgradcam": weigh_x,
    "gradcam": lambda cells, slopes: sum(a * g.mean() for a, g in zip(cells, slopes, strict=True)),
}


def full_graph(name, images):
    """Return activations and gradients (n, k, h, w) from autograd over the whole network."""
    model, (layer, to_grid) = tiny_model(name), NETWORKS[name]
    kept = []
    handle = model.net.get_submodule(layer).register_forward_hook(
        lambda *found: kept.append(found[2])
    )
    scores = model.logits(images.clone().requires_grad_())
    handle.remove()
    gradient = torch.autograd.grad(scores[range(len(images)), TARGETS].sum(), kept[0])[0]
    return [to_grid(one.detach()).double().numpy() for one in (kept[0], gradient)]


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("name", FORMULAS)
def test_a_cam_is_its_formula_on_the_full_graph(name, network, images):
    maps, diagnostics = registry.get("method", name)(
        tiny_model(network), images, TARGETS, SEEDS, layer=NETWORKS[network][0]
    )
    assert maps.shape == (3, 8, 8) and maps.dtype == np.float32 and diagnostics == {}
    for found, cells, slopes in zip(maps, *full_graph(network, images), strict=True):
        expected = np.maximum(FORMULAS[name](cells, slopes), 0)
        # Terms of both signs cancel, and leave their rounding.
        size = np.abs(cells * slopes).sum(axis=0).max()
        np.testing.assert_allclose(found, expected, atol=2e-6 * size, rtol=1e-4)


@pytest.mark.parametrize("network", NETWORKS)
def test_eigencam_is_the_line_through_zero_nearest_to_the_cells(network, images):
    maps, diagnostics = registry.get("method", "eigencam")(
        tiny_model(network), images, TARGETS, SEEDS, layer=NETWORKS[network][0]
    )
    activations = full_graph(network, images)[0]
    for saliency, cells, share in zip(maps, activations, diagnostics["share"], strict=True):
        points = cells.reshape(len(cells), -1).T
        # By repeated multiplication, from a direction that is no solution.
        direction = np.random.default_rng(0).normal(size=points.shape[1])
        for _ in range(2000):
            direction = points.T @ (points @ direction)
            direction /= np.linalg.norm(direction)
        found = points @ direction
        found *= np.sign(found.sum())
        assert share == pytest.approx((found**2).sum() / (points**2).sum(), rel=1e-4)
        assert_close(saliency, np.maximum(found, 0).reshape(8, 8), share=1e-4)


def test_eigencam_of_features_that_are_not_negative_cuts_nothing(images):
    model = tiny_model("test_resnet")
    maps, _ = registry.get("method", "eigencam")(model, images, TARGETS, SEEDS)
    assert full_graph("test_resnet", images)[0].min() == 0 and (maps > 0).all()


def test_eigencam_of_a_silent_layer_is_zero(images):
    model = tiny_model("test_resnet")
    model.net.layer4[0].act2.register_forward_hook(lambda *found: found[2] * 0)
    maps, diagnostics = registry.get("method", "eigencam")(model, images, TARGETS, SEEDS)
    assert (maps == 0).all() and (diagnostics["share"] == 0).all()


# The axis of the channels in the output of the layer.
AXES = {"test_resnet": 1, "test_mambaout": 3, "test_vit": 2}


@pytest.mark.parametrize("network", NETWORKS)
def test_ablationcam_weighs_by_the_score_without_each_channel(network, images):
    model, (name, _) = tiny_model(network), NETWORKS[network]
    maps, diagnostics = registry.get("method", "ablationcam")(
        model, images, TARGETS, SEEDS, layer=name
    )
    activations = full_graph(network, images)[0]
    layer, inputs = model.net.get_submodule(name), model.normalise(images)
    without = one_by_one(layer, AXES[network], inputs, range(activations.shape[1]), model.net)
    with torch.no_grad():
        scores = model.net(inputs)[range(3), TARGETS].double().numpy()
    without = without[range(3), :, TARGETS].double().numpy()
    expected = np.einsum("nk,nkhw->nhw", scores[:, None] - without, activations)
    assert diagnostics == {} and maps.shape == (3, 8, 8)
    assert_close(maps, np.maximum(expected, 0), share=1e-4)


@pytest.mark.parametrize("network", NETWORKS)
def test_scorecam_weighs_by_the_score_of_the_image_under_each_channel(network, images):
    model = tiny_model(network)
    maps, diagnostics = registry.get("method", "scorecam")(
        model, images, TARGETS, SEEDS, layer=NETWORKS[network][0]
    )
    inputs = model.normalise(images).numpy()
    baseline = np.zeros((1, *inputs.shape[1:]), np.float32)
    activations = full_graph(network, images)[0]
    for image, target, cells, found in zip(inputs, TARGETS, activations, maps, strict=True):
        masked = []
        for channel in cells:
            # Linear between the centres of cells, constant beyond the outermost.
            mask = zoom(channel, 8, order=1, mode="nearest", grid_mode=True)
            spread = np.ptp(mask)
            masked.append(image * ((mask - mask.min()) / spread if spread else 0))
        with torch.no_grad():
            scores = model.net(torch.tensor(np.array(masked), dtype=torch.float32))[:, target]
            increase = (scores - model.net(torch.from_numpy(baseline))[0, target]).double().numpy()
        weights = np.exp(increase) / np.exp(increase).sum()
        expected = np.maximum(np.einsum("k,khw->hw", weights, cells), 0)
        assert_close(found, expected, share=1e-4)
    assert diagnostics == {}


@pytest.mark.parametrize("network", ["test_resnet", "test_vit", "test_convnext"])
def test_gradients_of_the_image_are_those_of_captum(network, images):
    model = tiny_model(network)
    inputs = model.normalise(images)
    saliency, _ = registry.get("method", "saliency")(model, images, TARGETS, SEEDS)
    expected = Saliency(model.net).attribute(inputs.clone().requires_grad_(), TARGETS)
    np.testing.assert_allclose(
        saliency, expected.detach().amax(dim=1).numpy(), rtol=1e-5, atol=1e-9
    )
    product, _ = registry.get("method", "input_x_gradient")(model, images, TARGETS, SEEDS)
    expected = InputXGradient(model.net).attribute(inputs.clone().requires_grad_(), TARGETS)
    np.testing.assert_allclose(product, expected.detach().sum(dim=1).numpy(), rtol=1e-4, atol=1e-7)


def test_input_x_gradient_sums_to_the_score_of_a_linear_network(images):
    model = tiny_model("test_resnet")
    model.net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 64 * 64, 5)).eval()
    maps, _ = registry.get("method", "input_x_gradient")(model, images, TARGETS, SEEDS)
    with torch.no_grad():
        inputs = model.normalise(images)
        gain = (model.net(inputs) - model.net(torch.zeros_like(inputs)))[range(3), TARGETS]
    np.testing.assert_allclose(maps.sum(axis=(1, 2)), gain.numpy(), rtol=1e-3, atol=1e-4)
