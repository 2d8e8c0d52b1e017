"""Explanation methods against captum, full autograd and plain loops."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from captum.attr import IntegratedGradients, LayerGradCam, Occlusion
from networks import SEEDS, TARGETS, assert_close, tiny_model
from scipy.ndimage import gaussian_filter

from lookalike.core import registry
from lookalike.core.errors import InputError
from lookalike.images import demo
from lookalike.methods.baselines import baseline_of
from lookalike.methods.centre import centre
from lookalike.methods.gradcam import gradcam
from lookalike.methods.integrated_gradients import integrated_gradients
from lookalike.methods.occlusion import occlusion, square_windows
from lookalike.methods.random import random
from lookalike.models.layers import target_layer
from lookalike.models.networks import VisionModel, to_tensor

torch.set_num_threads(1)

LAYERS = {"test_convnext": "stages.1", "test_mambaout": "stages.1"}
CONVOLUTIONAL = ("test_resnet", "test_efficientnet", "test_byobnet", "test_convnext")


@pytest.fixture(scope="module")
def pixels():
    return np.stack([image for _, _, image, _ in demo.draw_images(0, "val", 3, 64)])


@pytest.fixture(scope="module")
def images(pixels):
    return to_tensor(pixels)


@pytest.fixture(scope="module")
def resnet():
    return tiny_model("test_resnet")


def full_graph_gradcam(model, images, layer, to_channels_first):
    """Return GradCAM by autograd through the whole network, from the inputs on."""
    kept = []
    handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
    scores = model.logits(images.clone().requires_grad_())
    handle.remove()
    gradient = torch.autograd.grad(scores[range(len(images)), TARGETS].sum(), kept[0])[0]
    activation, gradient = to_channels_first(kept[0].detach()), to_channels_first(gradient)
    return torch.einsum("nkhw,nk->nhw", activation, gradient.mean(dim=(2, 3))).clamp_min(0).numpy()


@pytest.mark.parametrize("name", CONVOLUTIONAL)
def test_gradcam_equals_captum(name, images):
    model = tiny_model(name)
    maps, diagnostics = gradcam(model, images, TARGETS, SEEDS, layer=LAYERS.get(name))
    captum = LayerGradCam(model.net, target_layer(model.net, layer=LAYERS.get(name), size=(64, 64)))
    expected = (
        captum.attribute(model.normalise(images), TARGETS, relu_attributions=True)[:, 0]
        .detach()
        .numpy()
    )
    assert maps.shape == (3, 8, 8) and diagnostics == {}
    assert_close(maps, expected)


def test_gradcam_on_channels_last_activations_equals_full_autograd(images):
    model = tiny_model("test_mambaout")
    expected = full_graph_gradcam(
        model, images, model.net.stages[1], lambda x: x.permute(0, 3, 1, 2)
    )
    maps, _ = gradcam(model, images, TARGETS, SEEDS, layer="stages.1")
    assert maps.shape == (3, 8, 8)
    assert_close(maps, expected)


def test_gradcam_of_a_vit_equals_full_autograd_over_its_patch_tokens(images):
    model = tiny_model("test_vit")
    expected = full_graph_gradcam(
        model, images, model.net.blocks[-1].norm1, lambda x: x[:, 1:].mT.reshape(len(x), -1, 8, 8)
    )
    maps, _ = gradcam(model, images, TARGETS, SEEDS)
    assert maps.shape == (3, 8, 8)
    assert_close(maps, expected)


def test_gradcam_finds_the_layer_at_the_size_of_the_images(images):
    model = tiny_model("test_maxvit")
    maps, _ = gradcam(model, images, TARGETS, SEEDS)
    assert maps.shape == (3, 2, 2)
    assert_close(maps, full_graph_gradcam(model, images, model.net.norm, lambda x: x))


def test_gradcam_gradient_stops_at_the_target_layer(images):
    model = tiny_model("test_resnet")
    expected = full_graph_gradcam(model, images, model.net.layer4, lambda x: x)
    target_layer(
        model.net, size=(64, 64)
    )  # the choice itself takes a gradient through the whole network, once
    model.net.requires_grad_(True)
    reached = []
    model.net.conv1[0].register_full_backward_hook(lambda *_: reached.append("below"))
    model.net.fc.register_full_backward_hook(lambda *_: reached.append("above"))
    maps, _ = gradcam(model, images.clone().requires_grad_(), TARGETS, SEEDS)
    assert reached == ["above"]
    assert all(parameter.grad is None for parameter in model.net.parameters())
    assert_close(maps, expected)


@pytest.mark.parametrize("layer", ["layer3.0.bn2", "layer4.0.bn1"])
def test_gradcam_is_not_corrupted_by_in_place_layers_after_the_target(layer, resnet, images):
    maps, _ = gradcam(resnet, images, TARGETS, SEEDS, layer=layer)
    plain = tiny_model("test_resnet")
    for module in plain.net.modules():
        if hasattr(module, "inplace"):
            module.inplace = False
    assert_close(
        maps, full_graph_gradcam(plain, images, plain.net.get_submodule(layer), lambda x: x)
    )


def test_gradcam_leaves_no_hook_behind_even_after_an_error(resnet, images):
    with pytest.raises(RuntimeError):
        gradcam(resnet, images[:, :2], TARGETS, SEEDS)
    gradcam(resnet, images, TARGETS, SEEDS)
    assert not any(module._forward_hooks for module in resnet.net.modules())


def test_gradcam_refuses_a_layer_that_does_not_run(images):
    with pytest.raises(InputError, match=r"attn_drop"):
        gradcam(tiny_model("test_vit"), images, TARGETS, SEEDS, layer="blocks.5.attn.attn_drop")


def test_gradcam_refuses_a_layer_that_the_score_reads_by_its_class_token_alone(images):
    with pytest.raises(
        InputError,
        match=r"does not depend on the grid of layer 'norm', or only by its class token",
    ):
        gradcam(tiny_model("test_vit"), images, TARGETS, SEEDS, layer="norm")


def test_gradcam_refuses_a_layer_without_influence(images):
    model = tiny_model("test_resnet")
    model.net.idle = torch.nn.Conv2d(3, 4, 3)

    def run_idle(net, inputs):
        net.idle(inputs[0])

    model.net.register_forward_pre_hook(run_idle)
    with pytest.raises(InputError, match=r"does not depend on the grid of layer 'idle'"):
        gradcam(model, images, TARGETS, SEEDS, layer="idle")


def test_gradcam_refuses_a_layer_that_gives_several_tensors():
    model, images = tiny_model("pit_ti_224"), torch.rand(3, 3, 224, 224)
    with pytest.raises(
        InputError,
        match=r"layer 'transformers.1' gives a tuple, not a tensor; give a `layer:` inside it",
    ):
        gradcam(model, images, TARGETS, SEEDS, layer="transformers.1")


@pytest.mark.parametrize("baseline", ["zero", "mean", "blur"])
def test_integrated_gradients_equal_captum_in_one_big_batch(baseline, resnet, images):
    maps, _ = integrated_gradients(resnet, images, TARGETS, SEEDS, steps=40, baseline=baseline)
    inputs = resnet.normalise(images)
    start = baseline_of(inputs, baseline)
    expected = (
        IntegratedGradients(resnet.net)
        .attribute(inputs, start, TARGETS, n_steps=40, internal_batch_size=None)
        .sum(dim=1)
        .numpy()
    )
    assert maps.shape == (3, 64, 64)
    assert_close(maps, expected, share=1e-6)


def test_completeness_gap_is_what_it_says(resnet, images):
    maps, diagnostics = integrated_gradients(resnet, images, TARGETS, SEEDS, steps=1)
    inputs = resnet.normalise(images)
    gain = (resnet.net(inputs) - resnet.net(inputs * 0))[range(3), TARGETS].numpy()
    spread = resnet.net(inputs).numpy().std(axis=1)
    missed = np.abs(maps.sum(axis=(1, 2), dtype=float) - gain)
    gap = missed / np.maximum(np.abs(gain), spread)
    assert gap.max() > 0.05
    np.testing.assert_allclose(diagnostics["completeness_gap"], gap, rtol=1e-2)


def test_completeness_gap_means_something_where_the_gain_vanishes(resnet, images):
    """At the baseline itself, the map is zero and nothing is missed."""
    flat = torch.full_like(images, 0.3)
    maps, diagnostics = integrated_gradients(resnet, flat, TARGETS, SEEDS, baseline="mean")
    assert np.abs(maps).max() < 1e-4 and (diagnostics["completeness_gap"] < 1e-4).all()


@pytest.mark.parametrize("name", ["test_resnet", "test_vit"])
def test_auto_steps_stop_for_each_image_where_the_gap_is_small(name, images):
    model = tiny_model(name)
    maps, found = integrated_gradients(model, images, TARGETS, SEEDS, tolerance=0.02)
    finer, many = integrated_gradients(model, images, TARGETS, SEEDS, tolerance=0.001)
    for about, tolerance in ((found, 0.02), (many, 0.001)):
        assert set(about["steps"]) <= {15, 31, 63, 127, 255, 511}
        assert ((about["completeness_gap"] <= tolerance) | (about["steps"] == 511)).all()
    assert (many["steps"] >= found["steps"]).all() and many["steps"].sum() > found["steps"].sum()
    expected, _ = integrated_gradients(model, images, TARGETS, SEEDS, steps=128)
    away = [np.sqrt(((one - expected) ** 2).sum() / (expected**2).sum()) for one in (maps, finer)]
    assert away[1] < 0.05 and away[1] <= away[0] < 0.25
    alone, _ = integrated_gradients(model, images[1:2], TARGETS[1:2], SEEDS[1:2], tolerance=0.02)
    assert_close(alone[0], maps[1])


def test_auto_steps_are_the_nested_rule(resnet, images):
    """By hand: 31 points equally spaced in the angle, weighted by its sine."""
    maps, found = integrated_gradients(resnet, images[:1], TARGETS[:1], SEEDS[:1], tolerance=0.001)
    count = int(found["steps"][0])
    angles = np.pi * np.arange(1, count + 1) / (count + 1)
    inputs = resnet.normalise(images[:1])
    total = 0
    for angle in angles:
        point = (inputs * float((1 - np.cos(angle)) / 2)).requires_grad_()
        (gradient,) = torch.autograd.grad(resnet.net(point)[0, TARGETS[0]], point)
        total = total + float(np.sin(angle)) * (gradient * inputs).sum(dim=1)
    assert count > 15
    assert_close(maps, (total / np.sin(angles).sum()).numpy(), share=1e-4)


@pytest.mark.parametrize("name", ["test_vit", "test_convnext", "test_efficientnet"])
def test_completeness_gap_is_small_on_smooth_nets(name, images):
    _, diagnostics = integrated_gradients(tiny_model(name), images, TARGETS, SEEDS, steps=64)
    assert (diagnostics["completeness_gap"] < 0.05).all()


def test_completeness_gap_shows_too_few_steps(resnet, images):
    few, many = (
        integrated_gradients(resnet, images, TARGETS, SEEDS, steps=steps)[1]["completeness_gap"]
        for steps in (1, 64)
    )
    assert few.max() > 5 * many.max()


def test_integrated_gradients_are_exact_on_a_linear_model(images):
    torch.manual_seed(1)
    linear = torch.nn.Linear(3 * 64 * 64, 5)
    net = torch.nn.Sequential(torch.nn.Flatten(), linear).requires_grad_(False)
    model = VisionModel(
        net, torch.full((1, 3, 1, 1), 0.4), torch.full((1, 3, 1, 1), 0.2), list("abcde")
    )
    maps, diagnostics = integrated_gradients(model, images, TARGETS, SEEDS, steps=3)
    expected = ((images - 0.4) / 0.2 * linear.weight[TARGETS].view(3, 3, 64, 64)).sum(dim=1).numpy()
    assert_close(maps, expected)
    assert (diagnostics["completeness_gap"] < 1e-4).all()


def test_random_follows_its_seeds_alone(images):
    first, _ = random(None, images, None, [1, 2, 3])
    second, _ = random(None, images * 0, None, [3, 1, 4])
    np.testing.assert_array_equal(first[0], second[1])
    np.testing.assert_array_equal(first[2], second[0])
    assert not np.array_equal(first[1], second[2])
    assert abs(first.mean() - 0.5) < 0.02 and first.min() >= 0 and first.max() < 1


@pytest.mark.parametrize("width", [0.1, 0.25])
def test_centre_peaks_at_the_centre_and_falls_as_a_gaussian(width):
    maps, _ = centre(None, np.zeros((2, 3, 41, 61)), None, [1, 2], width=width)
    assert maps.shape == (2, 41, 61) and maps[0, 20, 30] == maps.max() == 1
    np.testing.assert_allclose(maps[0], maps[0, ::-1, ::-1], atol=1e-6)
    np.testing.assert_array_equal(maps[0], maps[1])
    assert maps[0, 20, 40] == pytest.approx(np.exp(-0.5 * (10 / 61 / width) ** 2), rel=1e-5)
    assert maps[0, 30, 30] == pytest.approx(np.exp(-0.5 * (10 / 41 / width) ** 2), rel=1e-5)


def test_baselines_are_what_they_say(images):
    inputs = (images - 0.5) / 0.2
    np.testing.assert_array_equal(baseline_of(inputs, "zero"), np.zeros(inputs.shape))
    expected = np.broadcast_to(
        inputs.numpy().mean(axis=(2, 3), keepdims=True, dtype=float), inputs.shape
    )
    np.testing.assert_allclose(baseline_of(inputs, "mean"), expected, atol=1e-5)
    expected = gaussian_filter(inputs.numpy(), sigma=6.4, axes=(2, 3), radius=13, mode="mirror")
    np.testing.assert_allclose(baseline_of(inputs, "blur"), expected, atol=1e-4)


def test_unknown_baseline_gives_near_names(resnet, images):
    with pytest.raises(InputError, match=r"unknown baseline 'blurr'; did you mean 'blur'"):
        integrated_gradients(resnet, images, TARGETS, SEEDS, baseline="blurr")


def test_one_size_equals_captum(resnet, images):
    inputs = resnet.normalise(images)
    captum = Occlusion(resnet.net)
    expected = (
        captum.attribute(inputs, (3, 16, 16), (3, 8, 8), baseline_of(inputs, "mean"), TARGETS)
        .detach()
        .numpy()
    )
    maps, diagnostics = occlusion(resnet, images, TARGETS, SEEDS, windows=[0.25], baseline="mean")
    assert diagnostics == {}
    for channel in range(3):
        assert_close(maps, expected[:, channel], share=1e-4)


def test_several_sizes_equal_a_plain_loop(resnet, images):
    image, target = resnet.normalise(images)[:1], int(TARGETS[0])
    total, count = np.zeros((64, 64)), np.zeros((64, 64))
    with torch.no_grad():
        score = resnet.net(image)[0, target].item()
        for side, starts in ((19, [0, 9, 18, 27, 36, 45]), (32, [0, 16, 32])):
            for row in starts:
                for column in starts:
                    masked = image.clone()
                    masked[..., row : row + side, column : column + side] = 0
                    total[row : row + side, column : column + side] += (
                        score - resnet.net(masked)[0, target].item()
                    )
                    count[row : row + side, column : column + side] += 1
    maps, _ = occlusion(resnet, images[:1], TARGETS[:1], SEEDS[:1], windows=[0.3, 0.5])
    assert_close(maps[0], total / count, share=1e-4)


@pytest.mark.parametrize(
    ("height", "width", "share"), [(64, 64, 0.125), (50, 31, 0.3), (7, 9, 0.01), (20, 20, 1.0)]
)
def test_windows_cover_every_pixel_and_stay_inside(height, width, share):
    hidden = np.zeros((height, width), int)
    windows = square_windows(height, width, share)
    sides = set()
    for rows, columns in windows:
        hidden[rows, columns] += 1
        sides |= {rows.stop - rows.start, columns.stop - columns.start}
        assert (
            rows.start >= 0 and rows.stop <= height and columns.start >= 0 and columns.stop <= width
        )
    assert hidden.min() >= 1 and len(set(map(str, windows))) == len(windows)
    assert sides == {max(1, round(share * min(height, width)))}


@pytest.mark.parametrize("share", [0, -0.1, 1.1])
def test_windows_beyond_the_image_are_refused(share):
    with pytest.raises(InputError, match="occlusion: windows must be shares"):
        square_windows(64, 64, share)


@pytest.mark.parametrize("name", registry.names("method"))
def test_method_completes_its_options_and_refuses_unknown_ones(name):
    assert registry.with_defaults("method", name, {}) == registry.get("method", name).options
    with pytest.raises(InputError, match=f"unknown option of method '{name}' 'nonsense'"):
        registry.with_defaults("method", name, {"nonsense": 1})


def test_listing_the_methods_imports_no_torch():
    code = (
        "import sys; from lookalike.core import registry; names = registry.names('method'); "
        "print(len(names), 'torch' in sys.modules, 'captum' in sys.modules)"
    )
    printed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert (
        printed == [str(len(registry.names("method"))), "False", "False"]
        and len(registry.names("method")) >= 5
    )
