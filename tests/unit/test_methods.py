"""Explanation methods against captum, full autograd and exact enumeration."""

import subprocess
import sys
from itertools import product
from math import factorial

import numpy as np
import pytest
import torch
from captum.attr import IntegratedGradients, LayerGradCam, Occlusion
from scipy.ndimage import gaussian_filter

from lookalike.core import registry
from lookalike.core.errors import InputError
from lookalike.images import demo
from lookalike.images.scores import similarity_of_scores
from lookalike.methods.baselines import baseline_of
from lookalike.methods.centre import centre
from lookalike.methods.explain import inputs_of
from lookalike.methods.gradcam import gradcam
from lookalike.methods.integrated_gradients import integrated_gradients
from lookalike.methods.kernelshap import (
    draw_coalitions,
    kernelshap,
    masked_scores,
    shapley_regression,
    superpixels,
)
from lookalike.methods.occlusion import occlusion, window_places
from lookalike.methods.random import random
from lookalike.models.heads import attach_head
from lookalike.models.layers import target_layer
from lookalike.models.networks import VisionModel, build_network, normalisation_of, to_tensor

torch.set_num_threads(1)

STRIDE_8 = {"output_stride": 8}
OPTIONS = {
    "test_resnet": STRIDE_8,
    "test_efficientnet": STRIDE_8,
    "test_byobnet": STRIDE_8,
    "test_vit": {"img_size": 64, "patch_size": 8},
    "test_maxvit": {"img_size": 64},
}
LAYERS = {"test_convnext": "stages.1", "test_mambaout": "stages.1"}
CONVOLUTIONAL = ("test_resnet", "test_efficientnet", "test_byobnet", "test_convnext")
SEEDS = [11, 12, 13]
TARGETS = torch.tensor([0, 3, 1])


def tiny_model(name):
    """Return a tiny network with random weights, none of whose residual branches is silent."""
    torch.manual_seed(0)
    net = build_network({"timm": name, "options": OPTIONS.get(name, {})}, 5).eval()
    with torch.no_grad():
        for parameter in net.parameters():
            parameter += 0.05 * torch.randn_like(parameter)
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in normalisation_of(net))
    return VisionModel(net.requires_grad_(False), mean, std, list("abcde"))


def scoring_model(name):
    """Return a tiny network with a regression head."""
    model = tiny_model(name)
    model.net.reset_classifier(0)
    features = model.features(torch.zeros(1, 3, 64, 64)).shape[1]
    attach_head(model.net, features, [8], 0.0).eval().requires_grad_(False)
    return VisionModel(model.net, model.mean, model.std, ["score"])


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


def assert_close(found, expected, share=1e-5):
    assert np.abs(expected).max() > 0
    np.testing.assert_allclose(found, expected, rtol=0, atol=share * np.abs(expected).max())


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


def test_gradcam_of_a_batch_equals_that_of_each_image(resnet, images):
    maps, _ = gradcam(resnet, images, TARGETS, SEEDS)
    single = [
        gradcam(resnet, images[i : i + 1], TARGETS[i : i + 1], SEEDS[i : i + 1])[0][0]
        for i in range(3)
    ]
    assert_close(maps, np.stack(single))


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
        match=r"does not depend on the grid of layer 'norm', or by its class token alone",
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
    gap = np.abs(maps.sum(axis=(1, 2), dtype=float) - gain) / np.abs(gain)
    assert gap.max() > 0.1
    np.testing.assert_allclose(diagnostics["completeness_gap"], gap, rtol=1e-2)


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


def exact_shapley(game, features):
    """Return the Shapley values of a game, given as values by bit mask, by the sum over all
    subsets.
    """
    shares = [
        factorial(size) * factorial(features - size - 1) / factorial(features)
        for size in range(features)
    ]
    values = np.zeros(features)
    for subset, feature in product(range(2**features), range(features)):
        if not subset >> feature & 1:
            values[feature] += shares[subset.bit_count()] * (
                game[subset | 1 << feature] - game[subset]
            )
    return values


def bits(coalitions):
    return coalitions @ (1 << np.arange(coalitions.shape[1]))


def synthetic_game(features):
    """Return a game with additive, pairwise and irregular parts."""
    rng = np.random.default_rng(5)
    members = (np.arange(2**features)[:, None] >> np.arange(features) & 1).astype(float)
    pairwise = np.einsum("si,ij,sj->s", members, rng.normal(size=(features, features)), members)
    return (
        3
        + members @ rng.normal(size=features)
        + 0.3 * pairwise
        + np.tanh(members @ rng.normal(size=features))
        + 0.5 * rng.normal(size=2**features)
    )


def solve(game, features, samples, seed):
    coalitions, weights, paired = draw_coalitions(features, samples, np.random.default_rng(seed))
    scores = game[bits(coalitions)]
    return shapley_regression(coalitions[2:], weights, scores[2:], scores[0], scores[1], paired)


@pytest.mark.parametrize("features", [2, 3, 8])
def test_regression_over_all_coalitions_equals_enumeration(features):
    game = synthetic_game(features)
    values, errors = solve(game, features, 2**features - 2, seed=0)
    np.testing.assert_allclose(values, exact_shapley(game, features), atol=1e-9)
    assert not errors.any()


def test_masked_scores_of_all_coalitions_give_exact_shapley_values_of_a_network(resnet, images):
    labels = np.arange(64)[:, None] // 32 * 4 + np.arange(64) // 16
    present = resnet.normalise(images)[0]
    missing = baseline_of(present[None], "blur")[0]
    game = []
    for subset in range(256):
        pixel_is_kept = torch.from_numpy(
            np.vectorize(lambda label, subset=subset: subset >> label & 1)(labels)
        ).float()
        game.append(
            resnet.net((present * pixel_is_kept + missing * (1 - pixel_is_kept))[None])[0, 2].item()
        )
    coalitions, weights, paired = draw_coalitions(8, 254, np.random.default_rng(0))
    scores = masked_scores(resnet, present, missing, 2, labels, coalitions)
    values, _ = shapley_regression(
        coalitions[2:], weights, scores[2:], scores[0], scores[1], paired
    )
    assert not paired and len(coalitions) == 256
    assert_close(values, exact_shapley(game, 8), share=1e-5)


def test_kernelshap_sums_to_the_gain_and_is_constant_on_superpixels(resnet, images):
    maps, diagnostics = kernelshap(
        resnet, images, TARGETS, SEEDS, segments=12, samples=60, baseline="mean"
    )
    inputs = resnet.normalise(images)
    gain = (resnet.net(inputs) - resnet.net(baseline_of(inputs, "mean")))[range(3), TARGETS].numpy()
    for place in range(3):
        labels = superpixels(images[place].permute(1, 2, 0).numpy(), 12)
        regions = [maps[place][labels == label] for label in range(labels.max() + 1)]
        assert len(regions) == diagnostics["segments"][place] > 4
        assert all(np.ptp(region) == 0 for region in regions)
        assert len({region[0] for region in regions}) == len(regions)
        assert sum(float(region[0]) for region in regions) == pytest.approx(gain[place], abs=1e-5)


def test_segmentation_is_the_same_for_all_models(resnet, images):
    other = tiny_model("test_byobnet")
    other.mean, other.std = other.mean + 0.3, other.std * 2
    maps = [
        kernelshap(model, images[:1], TARGETS[:1], [1], segments=12, samples=60)[0][0]
        for model in (resnet, other)
    ]
    partitions = [np.unique(saliency, return_inverse=True)[1].ravel() for saliency in maps]
    assert not np.allclose(*maps)
    assert (
        len(set(zip(*partitions, strict=True)))
        == len(set(partitions[0]))
        == len(set(partitions[1]))
        > 4
    )


def test_sampled_shapley_values_are_unbiased_and_their_errors_calibrated():
    game = synthetic_game(10)
    exact = exact_shapley(game, 10)
    runs = [solve(game, 10, 300, seed) for seed in range(200)]
    z = np.array([(values - exact) / errors for values, errors in runs])
    assert 0.7 < z.std() < 1.4
    assert ((z.std(axis=0) > 0.6) & (z.std(axis=0) < 1.6)).all()
    assert np.abs(z.mean(axis=0)).max() < 0.4
    assert np.abs(z).max() < 6
    for values, _ in runs:
        assert values.sum() == pytest.approx(game[-1] - game[0], abs=1e-9)


def test_error_falls_with_the_root_of_the_samples():
    game = synthetic_game(10)
    few, many = (
        np.mean([solve(game, 10, samples, seed)[1] for seed in range(30)]) for samples in (100, 900)
    )
    assert 2 < few / many < 5


@pytest.mark.parametrize(("features", "samples"), [(9, 60), (30, 61), (50, 350)])
def test_coalitions_come_in_complementary_pairs(features, samples):
    coalitions, weights, paired = draw_coalitions(features, samples, np.random.default_rng(3))
    assert (
        paired
        and len(coalitions) == 2 + samples // 2 * 2
        and (weights == 1).all()
        and len(weights) == samples // 2 * 2
    )
    assert not coalitions[0].any() and coalitions[1].all()
    half = samples // 2
    assert (coalitions[2 : 2 + half] == ~coalitions[2 + half :]).all()
    assert set(coalitions[2:].sum(axis=1)) <= set(range(1, features))


def test_enough_samples_give_every_coalition_once():
    coalitions, weights, paired = draw_coalitions(6, 100, np.random.default_rng(0))
    assert sorted(bits(coalitions)) == list(range(64)) and len(weights) == 62 and not paired


def test_kernelshap_depends_on_its_seed_and_not_on_the_other_images(resnet, images):
    options = {"segments": 20, "samples": 60}
    together, _ = kernelshap(resnet, images, TARGETS, SEEDS, **options)
    alone, _ = kernelshap(resnet, images[2:], TARGETS[2:], SEEDS[2:], **options)
    reseeded, _ = kernelshap(resnet, images[2:], TARGETS[2:], [99], **options)
    np.testing.assert_array_equal(alone[0], together[2])
    assert not np.array_equal(reseeded[0], alone[0])


def test_kernelshap_reports_the_error_of_its_values(resnet, images):
    _, few = kernelshap(resnet, images[:1], TARGETS[:1], [1], segments=20, samples=60)
    _, many = kernelshap(resnet, images[:1], TARGETS[:1], [1], segments=20, samples=960)
    assert 0 < many["standard_error"][0] < few["standard_error"][0]
    assert 0 < many["relative_error"][0] < few["relative_error"][0]


def test_kernelshap_of_one_segment_is_the_whole_gain(resnet):
    grey = torch.full((1, 3, 64, 64), 0.7)
    maps, diagnostics = kernelshap(resnet, grey, TARGETS[:1], [0], segments=1, samples=10)
    inputs = resnet.normalise(grey)
    gain = (resnet.net(inputs) - resnet.net(inputs * 0))[0, 0].item()
    np.testing.assert_allclose(maps, np.full((1, 64, 64), gain), rtol=1e-5)
    assert diagnostics["segments"][0] == 1 and diagnostics["standard_error"][0] == 0


def test_kernelshap_with_fewer_coalitions_than_segments_knows_no_error(resnet, images):
    maps, diagnostics = kernelshap(resnet, images[:1], TARGETS[:1], [1], segments=40, samples=20)
    assert np.isfinite(maps).all()
    assert np.isnan(diagnostics["standard_error"]).all()
    with pytest.raises(InputError, match="samples must be 2 at least, not 1"):
        kernelshap(resnet, images[:1], TARGETS[:1], [1], segments=40, samples=1)


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
    places = window_places(height, width, share)
    sides = set()
    for rows, columns in places:
        hidden[rows, columns] += 1
        sides |= {rows.stop - rows.start, columns.stop - columns.start}
        assert (
            rows.start >= 0 and rows.stop <= height and columns.start >= 0 and columns.stop <= width
        )
    assert hidden.min() >= 1 and len(set(map(str, places))) == len(places)
    assert sides == {max(1, round(share * min(height, width)))}


@pytest.mark.parametrize("share", [0, -0.1, 1.1])
def test_windows_beyond_the_image_are_refused(share):
    with pytest.raises(InputError, match="occlusion: windows must be shares"):
        window_places(64, 64, share)


def explain(method, model_name, pixels, target):
    """Call a method on images as a job does, whatever it explains; `target` is a class or a
    score.
    """
    if not method.needs_model:
        return method(*inputs_of(None, pixels, []), SEEDS[: len(pixels)])
    if method.targets == "scores":
        return method(
            *inputs_of(scoring_model(model_name), pixels, [float(target)] * len(pixels)),
            SEEDS[: len(pixels)],
        )
    model, known = tiny_model(model_name), {}
    if method.targets == "similarity":
        everything = np.concatenate([pixels, pixels[:, ::-1], 255 - pixels])
        scores = np.random.default_rng(target).random(len(everything))
        known = {
            "human": similarity_of_scores(scores),
            "reference": model.features(to_tensor(everything)).numpy(),
            "negative": "keep",
        }
    targets = range(len(pixels)) if method.targets == "similarity" else [target] * len(pixels)
    return method(*inputs_of(model, pixels, targets), SEEDS[: len(pixels)], **known)


@pytest.mark.parametrize("model_name", ["test_resnet", "test_vit"])
@pytest.mark.parametrize("name", registry.names("method"))
def test_method_keeps_the_contract(name, model_name, pixels):
    method = registry.get("method", name)
    (maps, diagnostics), (again, diagnostics_again) = (
        explain(method, model_name, pixels[:2], 3) for _ in range(2)
    )
    assert (
        maps.dtype == np.float32 and maps.ndim == 3 and len(maps) == 2 and np.isfinite(maps).all()
    )
    # Not every target has both signs, but some target has.
    others = (
        np.concatenate([explain(method, model_name, pixels[:2], target)[0] for target in range(5)])
        if method.signed
        else maps
    )
    assert (others < 0).any() == method.signed
    assert all(
        column.shape == (2,) and np.isfinite(column).all() for column in diagnostics.values()
    )
    np.testing.assert_array_equal(maps, again)
    assert diagnostics.keys() == diagnostics_again.keys()


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
