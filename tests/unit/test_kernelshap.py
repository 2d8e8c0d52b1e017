"""KernelSHAP against exact enumeration."""

from itertools import product
from math import factorial

import numpy as np
import pytest
import torch
from networks import SEEDS, TARGETS, assert_close, tiny_model

from lookalike.core.errors import InputError
from lookalike.images import demo
from lookalike.methods.baselines import baseline_of
from lookalike.methods.kernelshap import (
    draw_coalitions,
    kernelshap,
    masked_scores,
    shapley_regression,
    superpixels,
)
from lookalike.models.networks import to_tensor

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def images():
    return to_tensor(np.stack([image for _, _, image, _ in demo.draw_images(0, "val", 3, 64)]))


@pytest.fixture(scope="module")
def resnet():
    return tiny_model("test_resnet")


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
    with pytest.raises(InputError, match="samples must be at least 2, not 1"):
        kernelshap(resnet, images[:1], TARGETS[:1], [1], segments=40, samples=1)
