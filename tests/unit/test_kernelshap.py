"""KernelSHAP against exact enumeration."""

from itertools import product
from math import comb, factorial

import numpy as np
import pytest
import torch
from networks import SEEDS, TARGETS, assert_close, tiny_model

from lookalike.core.errors import InputError
from lookalike.images import demo
from lookalike.methods.baselines import baseline_of
from lookalike.methods.coalitions import Coalitions
from lookalike.methods.kernelshap import kernelshap, score_coalitions, superpixels
from lookalike.methods.shapley import MOST_SAMPLES, Estimate
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


def solve(game, features, samples, seed, tolerance=None):
    """Return an estimate from so many samples; given a tolerance, from so many as that takes."""
    estimate = Estimate(Coalitions(features, np.random.default_rng(seed)))
    pairs = samples // 2
    while pairs:
        estimate.add(game[bits(estimate.draw(pairs))])
        pairs = tolerance and estimate.pairs_wanted(tolerance)
    return estimate


def errors_of(values, exact):
    """Return the mean squared error of runs over the mean square of the exact values."""
    return np.mean((np.array(values) - exact) ** 2) / np.mean(exact**2)


def coverage(runs, exact):
    """Return how often 95% intervals hold the exact values, for each feature."""
    inside = [np.abs(run.values - exact) < 1.96 * run.errors for run in runs]
    return np.mean(inside, axis=0)


def kernel_weight(features, size):
    return (features - 1) / (comb(features, size) * size * (features - size))


def solve_in_pairs(game, features, samples, rng):
    """Return Shapley values by pairs of coalitions drawn with KernelSHAP's weights (Covert and Lee
    2021), and plain least squares with the last value from the efficiency constraint.
    """
    sizes = np.arange(1, features)
    chances = np.array([kernel_weight(features, size) * comb(features, size) for size in sizes])
    drawn = rng.choice(sizes, samples // 2, p=chances / chances.sum())
    half = rng.permuted(np.tile(np.arange(features), (len(drawn), 1)), axis=1) < drawn[:, None]
    kept = np.concatenate([half, ~half])
    gain, last = game[-1] - game[0], kept[:, -1]
    design = kept[:, :-1].astype(float) - last[:, None]
    free = np.linalg.lstsq(design, game[bits(kept)] - game[0] - last * gain)[0]
    return np.append(free, gain - free.sum())


@pytest.mark.parametrize("features", [2, 3, 8])
def test_regression_over_all_coalitions_equals_enumeration(features):
    game = synthetic_game(features)
    run = solve(game, features, 2**features - 2, seed=0)
    np.testing.assert_allclose(run.values, exact_shapley(game, features), atol=1e-9)
    assert not run.errors.any() and run.samples == 2**features - 2


def test_scores_of_all_coalitions_give_exact_shapley_values_of_a_network(resnet, images):
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
    estimate = Estimate(Coalitions(8, np.random.default_rng(0)))
    coalitions = estimate.draw(127)
    # Next to another image, with fewer superpixels.
    scores, others = score_coalitions(
        resnet,
        torch.stack([present, present.flip(2)]),
        torch.stack([missing, missing]),
        torch.tensor([2, 1]),
        [labels, np.zeros((64, 64), dtype=int)],
        [0, 1],
        [coalitions, np.array([[False], [True]])],
    )
    estimate.add(scores)
    assert len(coalitions) == 256 and not estimate.errors.any()
    assert_close(estimate.values, exact_shapley(game, 8), share=1e-5)
    ends = [resnet.net(one[None])[0, 1].item() for one in (missing, present.flip(2))]
    np.testing.assert_allclose(others, ends, rtol=1e-5)


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
    z = np.array([(run.values - exact) / run.errors for run in runs])
    assert 0.9 < z.std() < 1.1
    assert ((z.std(axis=0) > 0.8) & (z.std(axis=0) < 1.2)).all()
    assert np.abs(z.mean(axis=0)).max() < 0.25
    assert np.abs(z).max() < 5
    for run in runs:
        assert run.values.sum() == pytest.approx(game[-1] - game[0], abs=1e-9)


@pytest.mark.parametrize("samples", [40, 60, 120, 480, 960])
def test_intervals_hold_the_exact_values(samples):
    game = synthetic_game(10)
    exact = exact_shapley(game, 10)
    held = coverage([solve(game, 10, samples, seed) for seed in range(300)], exact)
    assert 0.9 <= held.mean() <= 0.98 and held.min() > 0.85


@pytest.mark.parametrize("tolerance", [0.05, 0.1, 0.2])
def test_drawing_on_until_the_error_is_small_keeps_the_intervals_right(tolerance):
    game = synthetic_game(10)
    exact = exact_shapley(game, 10)
    runs = [solve(game, 10, 40, seed, tolerance) for seed in range(300)]
    assert 0.9 <= coverage(runs, exact).mean() <= 0.98
    assert np.sqrt(errors_of([run.values for run in runs], exact)) < 1.1 * tolerance
    reached = [run.relative_error <= tolerance for run in runs]
    assert all(
        done or run.samples == 10 * MOST_SAMPLES for done, run in zip(reached, runs, strict=True)
    )
    assert np.mean(reached) > 0.9


@pytest.mark.parametrize("samples", [200, 400])
def test_the_error_of_pairs_by_kernelshaps_weights_takes_three_fifths_of_the_samples(samples):
    rng = np.random.default_rng(5)
    members = np.arange(2**10)[:, None] >> np.arange(10) & 1
    hidden = members @ rng.normal(size=(10, 30)) + rng.normal(size=30)
    game = np.maximum(hidden, 0) @ rng.normal(size=30)
    exact = exact_shapley(game, 10)
    ours = errors_of([solve(game, 10, samples * 3 // 5, seed).values for seed in range(200)], exact)
    theirs = [solve_in_pairs(game, 10, samples, np.random.default_rng(seed)) for seed in range(200)]
    assert ours < errors_of(theirs, exact)


def test_error_falls_with_the_root_of_the_samples():
    game = synthetic_game(14)
    few, many = (
        np.mean([solve(game, 14, samples, seed).errors for seed in range(30)])
        for samples in (200, 1800)
    )
    assert 2.5 < few / many < 5


@pytest.mark.parametrize(("features", "samples"), [(9, 60), (30, 61), (50, 350), (2000, 9000)])
def test_coalitions_come_in_pairs_with_their_complements(features, samples):
    drawn = Coalitions(features, np.random.default_rng(3))
    new = drawn.grow(samples // 2)
    assert (new == drawn.halves).all() and len(new) == samples // 2 and not drawn.are_all
    assert len({row.tobytes() for half in (new, ~new) for row in half}) == 2 * len(new)
    # Every size has as many pairs as every other, but for those that have no more.
    counts = np.bincount(new.sum(axis=1), minlength=features // 2 + 1)[1:]
    most = [comb(features, size) for size in range(1, features // 2 + 1)]
    open_ones = counts[[count < all_ for count, all_ in zip(counts, most, strict=True)]]
    assert counts.min() > 0 and np.ptp(open_ones) <= 1


def test_weights_are_those_of_kernelshap_over_the_chance_to_be_drawn():
    drawn = Coalitions(8, np.random.default_rng(0))
    halves = drawn.grow(60)
    weights, chances = drawn.weights()
    seen = np.zeros(5)
    for seed in range(2000):
        again = Coalitions(8, np.random.default_rng(seed))
        again.grow(60)
        seen += np.bincount(again.halves.sum(axis=1), minlength=5)
    pairs = np.array([comb(8, size) // (1 + (size == 4)) for size in range(5)])
    sizes = halves.sum(axis=1)
    np.testing.assert_allclose(chances, (seen / 2000 / pairs)[sizes])
    expected = [kernel_weight(8, size) for size in sizes.tolist()] / chances
    np.testing.assert_allclose(weights, expected)


def test_each_coalition_of_a_size_is_drawn_as_often():
    counts = np.zeros(2**6)
    for seed in range(3000):
        drawn = Coalitions(6, np.random.default_rng(seed))
        drawn.grow(9)
        drawn.grow(19)
        np.add.at(counts, bits(np.concatenate([drawn.halves, ~drawn.halves])), 1)
    for size in (1, 2, 3):
        own = counts[[subset for subset in range(64) if subset.bit_count() == size]] / 3000
        assert np.abs(own - own.mean()).max() < 5 * np.sqrt(0.25 / 3000)
    assert (counts[0], counts[63]) == (0, 0)


def test_more_coalitions_come_on_top_until_all_are_there_once():
    drawn = Coalitions(6, np.random.default_rng(0))
    first, second, third = (drawn.grow(pairs).copy() for pairs in (5, 20, 100))
    assert [len(part) for part in (first, second, third)] == [5, 15, 11] and drawn.are_all
    halves = np.concatenate([first, second, third])
    assert (halves == drawn.halves).all()
    assert sorted(bits(np.concatenate([halves, ~halves]))) == list(range(1, 63))


def test_auto_draws_on_for_each_image_until_its_error_is_small(resnet, images):
    options = {"segments": 20, "baseline": "blur"}
    maps, found = kernelshap(
        resnet, images, TARGETS, SEEDS, samples="auto", tolerance=0.3, **options
    )
    _, finer = kernelshap(resnet, images, TARGETS, SEEDS, samples="auto", tolerance=0.02, **options)
    features = found["segments"]
    for about, tolerance in ((found, 0.3), (finer, 0.02)):
        at_most = about["samples"] <= MOST_SAMPLES * features
        assert at_most.all() and (about["samples"] >= 4 * features - 1).all()
        assert (
            (about["relative_error"] <= tolerance) | (about["samples"] >= 40 * features - 1)
        ).all()
    assert (finer["samples"] > found["samples"]).all()
    assert len(set(finer["samples"])) > 1
    alone, _ = kernelshap(
        resnet, images[1:2], TARGETS[1:2], SEEDS[1:2], samples="auto", tolerance=0.3, **options
    )
    assert_close(alone[0], maps[1])


def test_kernelshap_depends_on_its_seed_and_not_on_the_other_images(resnet, images):
    options = {"segments": 20, "samples": 60}
    together, _ = kernelshap(resnet, images, TARGETS, SEEDS, **options)
    alone, _ = kernelshap(resnet, images[2:], TARGETS[2:], SEEDS[2:], **options)
    reseeded, _ = kernelshap(resnet, images[2:], TARGETS[2:], [99], **options)
    assert_close(alone[0], together[2])
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
    assert diagnostics["segments"][0] == 1 and diagnostics["samples"][0] == 0
    assert diagnostics["standard_error"][0] == 0


def test_kernelshap_with_fewer_coalitions_than_segments_knows_no_error(resnet, images):
    maps, diagnostics = kernelshap(resnet, images[:1], TARGETS[:1], [1], segments=40, samples=20)
    assert np.isfinite(maps).all()
    assert np.isnan(diagnostics["standard_error"]).all()
    with pytest.raises(InputError, match="samples must be at least 2, not 1"):
        kernelshap(resnet, images[:1], TARGETS[:1], [1], segments=40, samples=1)
