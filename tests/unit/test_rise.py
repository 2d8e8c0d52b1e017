"""RISE against a plain loop by its formula, and on a linear network, whose answer is known."""

import numpy as np
import pytest
import torch
from networks import assert_close, tiny_model

from lookalike.core.errors import InputError
from lookalike.methods.rise import RandomMasks, rise

torch.set_num_threads(1)
TARGETS, SEEDS = torch.tensor([0, 3, 1]), [1, 2, 3]


@pytest.fixture(scope="module")
def images():
    return torch.rand(3, 3, 64, 64, generator=torch.Generator().manual_seed(0))


def enlarge(extent, cells):
    """Return which share each cell has in each place of an enlarged grid, (places, cells), by the
    bilinear rule: distances between the centres, places beyond the last centre as at it.
    """
    side = -(-extent // cells)
    places = (cells + 1) * side
    shares = np.zeros((places, cells))
    for place in range(places):
        at = min(max((place + 0.5) * cells / places - 0.5, 0), cells - 1)
        low = min(int(at), cells - 1)
        shares[place, low] += 1 - (at - low)
        if low + 1 < cells:
            shares[place, low + 1] += at - low
    return shares, side


def masks_by_hand(size, samples, cells, keep, seed):
    """Return masks (samples, H, W) one after another."""
    rng = np.random.default_rng(seed)
    grids = rng.random((samples, 1, cells, cells)) < keep
    (rows, high), (columns, wide) = (enlarge(extent, cells) for extent in size)
    found = []
    for grid, (top, left) in zip(grids, rng.integers(0, [high, wide], (samples, 2)), strict=True):
        whole = rows @ grid[0] @ columns.T
        found.append(whole[top : top + size[0], left : left + size[1]])
    return np.array(found)


@pytest.mark.parametrize(("size", "cells"), [((64, 64), 7), ((30, 41), 4), ((5, 5), 1)])
def test_masks_are_enlarged_and_shifted_grids(size, cells):
    masks = RandomMasks(torch.zeros(3, *size), 9, cells, 0.4, 5)
    found = torch.cat(list(masks.in_parts(4))).numpy()
    expected = masks_by_hand(size, 9, cells, 0.4, 5)
    assert found.shape == (9, *size) and found.min() >= 0 and found.max() < 1 + 1e-6
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("network", ["test_resnet", "test_vit", "test_mambaout"])
def test_rise_is_its_formula(network, images):
    model, options = tiny_model(network), {"samples": 12, "cells": 4, "keep": 0.6}
    maps, diagnostics = rise(model, images, TARGETS, SEEDS, **options, baseline="mean")
    assert maps.shape == (3, 64, 64) and maps.dtype == np.float32
    inputs = model.normalise(images)
    for place in range(3):
        masks, scores = masks_by_hand((64, 64), 12, 4, 0.6, SEEDS[place]), []
        missing = inputs[place].mean(dim=(1, 2), keepdim=True)
        for mask in torch.from_numpy(masks).float():
            masked = inputs[place] * mask + missing * (1 - mask)
            with torch.no_grad():
                scores.append(model.net(masked[None])[0, TARGETS[place]].item())
        # The paper's estimate, and that of a score that is the same for all masks.
        expected = sum(f * mask for f, mask in zip(scores, masks, strict=True)) / (12 * 0.6)
        expected = expected - np.mean(scores) * sum(masks) / (12 * 0.6)
        assert_close(maps[place], expected, share=1e-4)
        terms = (np.array(scores) - np.mean(scores))[:, None, None] * masks / 0.6
        errors = terms.std(axis=0, ddof=1) / np.sqrt(12)
        found = diagnostics["standard_error"][place]
        assert found == pytest.approx(np.sqrt(np.mean(errors**2)), rel=1e-4)
        assert diagnostics["relative_error"][place] == pytest.approx(
            found / np.sqrt(np.mean(expected**2)), rel=1e-4
        )


def test_the_estimate_of_a_linear_network_is_that_of_all_masks():
    size, cells, keep, samples = 12, 3, 0.3, 4000
    model = tiny_model("test_resnet")
    torch.manual_seed(3)
    model.net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * size**2, 5)).eval()
    images = torch.rand(1, 3, size, size)
    maps, diagnostics = rise(
        model, images, torch.tensor([2]), [7], samples=samples, cells=cells, keep=keep
    )
    weights = model.net[1].weight[2].detach().view(3, size, size)
    gains = (weights * model.normalise(images)[0]).sum(dim=0).double().numpy()
    # The score is a sum of a gain for each pixel, so that what is expected are covariances of
    # pixels: those over grids are p (1 - p) times the shares of common cells, whatever the place.
    shares, side = enlarge(size, cells)
    common = np.zeros((size,) * 4)
    for top in range(side):
        for left in range(side):
            rows, columns = shares[top : top + size], shares[left : left + size]
            common += np.einsum("ij,kl->ikjl", rows @ rows.T, columns @ columns.T)
    expected = keep * (1 - keep) * np.einsum("ikjl,jl->ik", common / side**2, gains) / keep
    error = maps[0] - expected
    assert np.sqrt(np.mean(error**2)) < 2 * diagnostics["standard_error"][0]
    assert diagnostics["standard_error"][0] < 0.1 * np.abs(expected).max()
    assert np.corrcoef(maps[0].ravel(), expected.ravel())[0, 1] > 0.99


def test_a_batch_gives_what_single_images_and_small_parts_give(images):
    model = tiny_model("test_resnet")
    maps, _ = rise(model, images, TARGETS, SEEDS, samples=10)
    np.testing.assert_array_equal(maps, rise(model, images, TARGETS, SEEDS, samples=10)[0])
    model.most = 3
    for place in range(3):
        part = slice(place, place + 1)
        own, _ = rise(model, images[part], TARGETS[part], SEEDS[part], samples=10)
        np.testing.assert_allclose(maps[place], own[0], rtol=1e-3, atol=1e-4 * np.abs(own).max())


def test_a_score_that_does_not_depend_on_the_image_gives_zero_maps(images):
    model = tiny_model("test_resnet")
    with torch.no_grad():
        model.net.fc.weight.zero_()
    maps, diagnostics = rise(model, images, TARGETS, SEEDS, samples=5)
    assert (maps == 0).all() and (diagnostics["relative_error"] == 0).all()


@pytest.mark.parametrize("options", [{"samples": 1}, {"keep": 0.0}, {"keep": 1.0}])
def test_options_that_mask_nothing_are_refused(options, images):
    with pytest.raises(InputError, match="rise: samples must be at least 2, and keep between"):
        rise(tiny_model("test_resnet"), images, TARGETS, SEEDS, **options)
