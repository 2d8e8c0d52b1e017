"""Blocks of models are compared image by image, with another image's map for chance."""

import dataclasses
import functools
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lookalike.compare import pairs
from lookalike.compare.pairs import compare_maps, image_cycle
from lookalike.core import registry
from lookalike.maps import stacks

ROOT = Path(pairs.__file__).parents[2]
METRICS = ("cosine", "mse", "ssim", "emd")


def model_maps(models, images, seed=0):
    """Return a list of one array of maps (images, 16, 16) a model."""
    return list(np.random.default_rng(seed).random((models, images, 16, 16)))


def compare_blocks(metric, x, y, *, seed, **options):
    """Compare by one metric: values (n, a, b) and chance (derangements, n, a, b)."""
    options = {"data_range": 1.0} | options
    (values,), (chance,) = pairs.compare_blocks([(metric, options)], x, y, seed=seed)
    return values, chance


def chance_partners(n, seed, step=1):
    """Return the partner of every image: the one that follows it by so many steps."""
    order = image_cycle(n, seed)
    return dict(zip(order.tolist(), np.roll(order, -step).tolist(), strict=True))


def naive_chance(metric, x, y, seed):
    """Return chance (derangements, n, a, b), pair by pair."""
    steps = {"product": 4, "pairs": 1}[metric.cost]
    n = len(x[0])
    return np.array(
        [
            naive(metric, x, y, chance_partners(n, seed, step))
            for step in range(1, min(steps, n - 1) + 1)
        ]
    )


def naive(metric, x, y, partner=None):
    """Return the dissimilarities pair by pair, of the same image or of the partner's for the second
    model.
    """
    n = len(x[0])
    values = np.empty((n, len(x), len(y)))
    for image, first, second in np.ndindex(values.shape):
        other = partner[image] if partner else image
        values[image, first, second] = metric(
            x[first][image][None], y[second][other][None], data_range=1.0
        ).item()
    return values


def counting(metric):
    """Return the metric and a list that notes how many maps each preparation took."""
    calls = []

    @functools.wraps(metric.prepare)
    def prepare(maps, **options):
        calls.append(len(maps))
        return metric.prepare(maps, **options)

    return dataclasses.replace(metric, prepare=prepare), calls


@pytest.mark.parametrize("name", METRICS)
def test_two_blocks_equal_a_naive_loop(name):
    metric = registry.get("metric", name)
    x, y = model_maps(2, 4, 1), model_maps(3, 4, 2)
    values, chance = compare_blocks(metric, x, y, seed=5)
    np.testing.assert_allclose(values, naive(metric, x, y), rtol=0, atol=1e-12)
    np.testing.assert_allclose(chance, naive_chance(metric, x, y, 5), rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", METRICS)
def test_one_block_equals_a_naive_loop(name):
    metric = registry.get("metric", name)
    x = model_maps(3, 4, 3)
    values, chance = compare_blocks(metric, x, x, seed=6)
    np.testing.assert_allclose(values, naive(metric, x, x), rtol=0, atol=1e-12)
    above = np.triu(np.ones((3, 3), bool), 1)
    np.testing.assert_allclose(
        chance[..., above], naive_chance(metric, x, x, 6)[..., above], rtol=0, atol=1e-12
    )
    assert np.isnan(chance[..., ~above]).all()


@pytest.mark.parametrize("name", METRICS)
def test_values_do_not_depend_on_the_size_of_the_blocks(name):
    metric = registry.get("metric", name)
    maps = model_maps(5, 4, 4)

    def in_blocks(size):
        tables = np.full((1 + len(naive_chance(metric, maps[:1], maps[:1], 7)), 4, 5, 5), np.nan)
        blocks = [list(range(start, min(start + size, 5))) for start in range(0, 5, size)]
        for index, rows in enumerate(blocks):
            for columns in blocks[index:]:
                x = [maps[row] for row in rows]
                y = x if rows is columns else [maps[column] for column in columns]
                values, chance = compare_blocks(metric, x, y, seed=7)
                tables[:, :, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] = [
                    values,
                    *chance,
                ]
        return tables[:, :, *np.triu_indices(5, 1)]

    whole = in_blocks(5)
    assert np.isfinite(whole).all()
    for size in (1, 2):
        np.testing.assert_allclose(in_blocks(size), whole, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", METRICS)
def test_within_a_block_values_are_symmetric_with_zero_diagonal(name):
    x = model_maps(4, 3, 8)
    values, _ = compare_blocks(registry.get("metric", name), x, x, seed=0)
    np.testing.assert_array_equal(values, values.transpose(0, 2, 1))
    np.testing.assert_array_equal(values[:, range(4), range(4)], 0)
    assert (values[:, *np.triu_indices(4, 1)] > 0).all()


@pytest.mark.parametrize("name", ["cosine", "emd"])
def test_map_without_a_value_spoils_only_its_own_pairs(name):
    x = model_maps(3, 2, 9)
    x[1][0] = 0
    values, chance = compare_blocks(registry.get("metric", name), x, x, seed=0)
    np.testing.assert_array_equal(
        np.isnan(values[0]), [[False, True, False], [True, False, True], [False, True, False]]
    )
    assert np.isfinite(values[1]).all()
    # Of two images each is the other's partner.
    upper = np.isnan(chance[0][:, *np.triu_indices(3, 1)])
    np.testing.assert_array_equal(upper, [[False, False, True], [True, False, False]])


def test_chance_of_an_image_uses_its_partners_map():
    x, y = model_maps(1, 5, 10), model_maps(1, 5, 11)
    metric = registry.get("metric", "mse")
    _, chance = compare_blocks(metric, x, y, seed=3)
    assert chance.shape == (4, 5, 1, 1)
    for step in range(4):
        for image, partner in chance_partners(5, 3, step + 1).items():
            assert chance[step, image, 0, 0] == pytest.approx(
                np.mean((x[0][image] - y[0][partner]) ** 2), rel=1e-12
            )


def test_single_image_has_values_but_no_chance():
    x, y = model_maps(2, 1, 12), model_maps(3, 1, 13)
    metric = registry.get("metric", "mse")
    values, chance = compare_blocks(metric, x, y, seed=0)
    np.testing.assert_allclose(values, naive(metric, x, y), rtol=0, atol=1e-12)
    assert chance.shape == (0, 1, 2, 3)


@pytest.mark.parametrize("name", ["cosine", "emd"])
@pytest.mark.parametrize("images", [1, 2, 6])
def test_every_map_is_prepared_once(name, images):
    metric, calls = counting(registry.get("metric", name))
    x, y = model_maps(2, images, 14), model_maps(3, images, 15)
    compare_blocks(metric, x, y, seed=0)
    assert sum(calls) == 5 * images
    calls.clear()
    compare_blocks(metric, x, x, seed=0)
    assert sum(calls) == 2 * images


@pytest.mark.parametrize("within", [True, False])
def test_several_metrics_at_once_give_what_each_gives_alone(within):
    x = model_maps(3, 4, 17)
    y = x if within else model_maps(2, 4, 18)
    names = registry.names("metric")
    metrics = [(registry.get("metric", name), {"data_range": 1.0}) for name in names]
    values, chance = pairs.compare_blocks(metrics, x, y, seed=1)
    for (metric, _), of_values, of_chance in zip(metrics, values, chance, strict=True):
        alone = compare_blocks(metric, x, y, seed=1)
        np.testing.assert_array_equal(of_values, alone[0])
        np.testing.assert_array_equal(of_chance, alone[1])


def test_one_metric_twice_with_other_options():
    x = model_maps(3, 2, 19)
    metric = registry.get("metric", "topk_iou")
    narrow, wide = pairs.compare_blocks(
        [(metric, {"share": 0.1}), (metric, {"share": 0.4})], x, x, seed=1
    )[0]
    np.testing.assert_array_equal(narrow, compare_blocks(metric, x, x, seed=1, share=0.1)[0])
    np.testing.assert_array_equal(wide, compare_blocks(metric, x, x, seed=1, share=0.4)[0])
    assert (narrow != wide).any()


def test_maps_compared_with_each_other_equal_a_block_of_one_image():
    x = model_maps(4, 1, 20)
    metrics = [(registry.get("metric", name), {"data_range": 1.0}) for name in METRICS]
    np.testing.assert_array_equal(
        compare_maps(metrics, [maps[0] for maps in x]),
        pairs.compare_blocks(metrics, x, x, seed=0)[0][:, 0],
    )


@pytest.mark.parametrize("chance_as_well", [True, False])
def test_within_a_block_no_pair_is_computed_twice(chance_as_well, monkeypatch):
    computed = []
    monkeypatch.setattr(
        "lookalike.metrics.compiled.network_simplex.transport_cost",
        lambda surplus: computed.append(surplus) or 0.0,
    )
    images = 3 if chance_as_well else 1
    x = model_maps(4, images, 21)
    compare_blocks(registry.get("metric", "emd"), x, x, seed=0, grid=4)
    assert len(computed) == images * 6 * (1 + chance_as_well)


def test_options_reach_preparation_and_kernel():
    x = model_maps(2, 3, 16)
    emd, ssim = registry.get("metric", "emd"), registry.get("metric", "ssim")
    coarse, _ = compare_blocks(emd, x, x, seed=0, grid=4)
    np.testing.assert_allclose(
        coarse[1, 0, 1], emd(x[0][1:2], x[1][1:2], grid=4).item(), rtol=0, atol=1e-12
    )
    assert abs(coarse[1, 0, 1] - emd(x[0][1:2], x[1][1:2]).item()) > 1e-6
    wide, chance = compare_blocks(ssim, x, x, seed=0, data_range=2.0)
    partner = chance_partners(3, 0)[2]
    np.testing.assert_allclose(
        wide[2, 0, 1], ssim(x[0][2:], x[1][2:], data_range=2.0).item(), rtol=0, atol=1e-12
    )
    np.testing.assert_allclose(
        chance[0, 2, 0, 1],
        ssim(x[0][2:], x[1][partner][None], data_range=2.0).item(),
        rtol=0,
        atol=1e-12,
    )


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(n=st.integers(2, 300), seed=st.integers(0, 2**31), step=st.integers(1, 4))
def test_each_step_along_the_cycle_is_a_derangement(n, seed, step):
    step = min(step, n - 1)
    partners = chance_partners(n, seed, step)
    assert sorted(partners) == sorted(partners.values()) == list(range(n))
    assert all(image != partner for image, partner in partners.items())
    found = pairs.image_partners(n, seed, step)
    assert found.shape == (step, n)
    assert found[-1].tolist() == [partners[image] for image in range(n)]


def test_image_cycle_depends_on_the_seed_alone():
    np.testing.assert_array_equal(image_cycle(50, 1), image_cycle(50, 1))
    assert (image_cycle(50, 1) != image_cycle(50, 2)).any()


def peak_memory(folder, name, models, images, size):
    """Return the MB of memory, at most, of a process that compares one block of models as a job
    does.
    """
    maps = np.random.default_rng(0).random((images, size, size), dtype=np.float32)
    card = {
        "images": [str(image) for image in range(images)],
        "shape": list(maps.shape),
        "data_range": 1.0,
    }
    for model in range(models):
        stacks.write_batch(folder / f"{model}.npy", maps, card)
    code = f"""
from lookalike.compare import pairs
from lookalike.core import io, registry
from lookalike.maps import stacks
maps, _, data_range = stacks.read_batches([f"{folder}/{{model}}.npy" for model in range({models})])
metric = registry.get("metric", {name!r}), {{"data_range": data_range}}
pairs.compare_blocks([metric], maps, maps, seed=0)
# Not ru_maxrss, which remembers the process that this one was forked from.
lines = open("/proc/self/status").read().splitlines()
print(next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return float(done.stdout)


@pytest.mark.parametrize("name", ["cosine", "ssim"])
def test_memory_does_not_grow_with_the_number_of_images(name, tmp_path):
    few, many = (
        peak_memory(tmp_path, name, models=14, images=images, size=112) for images in (4, 160)
    )
    # The maps of all images are 110 MB.
    assert many < few + 20


@pytest.mark.parametrize("name", ["ssim", "spearman", "emd", "sliced_wasserstein"])
def test_fourteen_models_of_full_size_take_less_than_a_gigabyte_and_a_half(name, tmp_path):
    assert peak_memory(tmp_path, name, models=14, images=2, size=224) < 1500
