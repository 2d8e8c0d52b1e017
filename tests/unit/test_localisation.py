"""Localisation: the share of raw maps on the object, the floors, and the test."""

import numpy as np
import pytest

from lookalike.core.errors import InputError
from lookalike.images import masks
from lookalike.inference.localisation import localisation_tests
from lookalike.maps import localisation

SIDE = 32


def disk(rng, spread, smallest=0.1, largest=0.3):
    """Return the mask of a disk of random size, near the centre by the `spread` of its place."""
    place = 0.5 + spread * rng.normal(size=2)
    radius = rng.uniform(smallest, largest)
    axes = (np.arange(SIDE) + 0.5) / SIDE
    return np.hypot(axes[:, None] - place[0], axes[None] - place[1]) < radius


def blob(rng, width, spread, cells=8):
    """Return a map with a Gaussian near the centre and some noise."""
    axes, place = (np.arange(cells) + 0.5) / cells, 0.5 + spread * rng.normal(size=2)
    squares = (axes[:, None] - place[0]) ** 2 + (axes[None] - place[1]) ** 2
    return np.exp(-0.5 * squares / width**2) + 0.1 * rng.random((cells, cells))


def spot(rng, spread, cells=8):
    """Return a map of one cell near the centre."""
    saliency = np.zeros((cells, cells))
    row, column = (cells * (0.5 + spread * rng.normal(size=2))).clip(0, cells - 1).astype(int)
    saliency[row, column] = 1
    return saliency


def measured(maps, objects, units=None, seed=0):
    """Return rows and blocks of maps (n, h, w) by model on the images of some masks."""
    images = [f"i{place}" for place in range(len(objects))]
    numbers = dict(zip(images, range(len(images)) if units is None else units, strict=True))
    rows, blocks = localisation.measure(
        list(maps),
        numbers,
        lambda model, image: maps[model][int(image[1:])],
        lambda image: objects[int(image[1:])],
        "squash",
        seed,
    )
    return rows, blocks, numbers


def results_of(maps, objects, units=None, seed=0, permutations=199):
    rows, blocks, numbers = measured(maps, objects, units, seed)
    return localisation_tests(rows, blocks, numbers, 199, permutations, seed)


def null_maps(kind, rng, images, models):
    """Return maps that are biased to the centre, whatever is in the image."""
    make = {
        "as the floor": lambda: blob(rng, 0.25, 0),
        "narrower": lambda: blob(rng, 0.12, 0.05),
        "wandering": lambda: blob(rng, rng.uniform(0.1, 0.3), 0.15),
        "spots": lambda: spot(rng, 0.1),
    }[kind]
    return {f"m{number}": [make() for _ in range(images)] for number in range(models)}


def null_objects(kind, rng, images, copies=1):
    """Return masks: large ones hold most of the centre, so that the shares of spots are skewed."""
    sizes = (0.3, 0.45) if kind == "spots" else (0.1, 0.3)
    return [one for _ in range(images // copies) for one in [disk(rng, 0.08, *sizes)] * copies]


def claims(kind, draws, images=40, models=3, copies=1):
    """Return in which share of simulations any model is said to find the object."""
    found = []
    for draw in range(draws):
        rng = np.random.default_rng([draw, images, models, copies])
        maps = null_maps(kind, rng, images // copies, models)
        maps = {
            name: [one + 0.02 * rng.random(one.shape) for one in own for _ in range(copies)]
            for name, own in maps.items()
        }
        units = np.arange(images) // copies
        rows = results_of(maps, null_objects(kind, rng, images, copies), units, draw)
        found.append(any(row["localisation_holm"] <= 0.05 for row in rows))
    return np.mean(found)


def found(draws, images=40, weight=0.15):
    """Return in which share of simulations models are found whose maps are partly on the object."""
    hits = []
    for draw in range(draws):
        rng = np.random.default_rng([draw, images])
        objects = null_objects("narrower", rng, images)
        maps = null_maps("narrower", rng, images, 3)
        for place, mask in enumerate(objects):
            cover = masks.fit_mask(mask, (8, 8), "squash")
            for own in maps.values():
                share = own[place] / own[place].sum()
                own[place] = (1 - weight) * share + weight * cover / cover.sum()
        hits.append(
            np.mean(
                [row["localisation_holm"] <= 0.05 for row in results_of(maps, objects, None, draw)]
            )
        )
    return np.mean(hits)


def test_shares_are_of_absolute_values_on_the_grid_of_the_map():
    mask = np.array([[1, 0], [1, 0]], bool)
    cover = masks.fit_mask(mask, (2, 2), "squash")
    found = localisation.shares_inside(
        np.array([[[1.0, 2], [-3, -4]], np.zeros((2, 2))]), cover[None]
    )
    assert found[0] == 0.4 and np.isnan(found[1])
    # A cell that the mask covers by half counts by half.
    cover = masks.fit_mask(mask, (1, 4), "squash")[None]
    np.testing.assert_allclose(localisation.shares_inside(np.ones((1, 1, 4)), cover), 0.5)
    cover = masks.fit_mask(np.arange(4)[None] < 1, (1, 2), "squash")[None]
    np.testing.assert_allclose(localisation.shares_inside(np.array([[[1.0, 3]]]), cover), 0.125)


def test_every_map_has_floors_of_its_own_grid_and_image():
    objects = [disk(np.random.default_rng(place), 0.2) for place in range(5)]
    maps = {
        "on it": [one.astype(float) for one in objects],
        "even": [np.ones((3, 5 + place % 2)) for place in range(5)],
        "zero": [np.zeros((4, 4))] * 5,
    }
    rows, blocks, _ = measured(maps, objects)
    assert [(row["model"], row["image"]) for row in rows] == [
        (model, f"i{place}") for model in maps for place in range(5)
    ]
    for row, mask in zip(rows, [*objects, *objects, *objects], strict=True):
        area = mask.mean()
        assert row["area"] == pytest.approx(area)
        if row["model"] == "zero":
            assert all(np.isnan(row[name]) for name in ("mass", "random", "centre", "others"))
            continue
        assert row["mass"] == pytest.approx(1 if row["model"] == "on it" else area)
        assert row["random"] == pytest.approx(area, abs=0.03) and row["random"] != area
        shape = maps[row["model"]][int(row["image"][1:])].shape
        axes = [((np.arange(extent) + 0.5) / extent - 0.5) / 0.25 for extent in shape]
        bias = np.exp(-0.5 * (axes[0][:, None] ** 2 + axes[1][None] ** 2))
        cover = masks.fit_mask(mask, bias.shape, "squash")
        assert row["centre"] == pytest.approx((bias * cover).sum() / bias.sum(), rel=1e-5)
    for row in rows[:5]:
        own = objects[int(row["image"][1:])]
        others = [(one & own).sum() / one.sum() for one in objects if one is not own]
        assert row["others"] == pytest.approx(np.mean(others))
    ((_, shares),) = blocks["on it"]
    np.testing.assert_allclose(shares.diagonal(), 1)
    np.testing.assert_equal(measured(maps, objects)[0], rows)


def test_maps_of_one_unit_are_no_other_images():
    objects = [disk(np.random.default_rng(place // 2), 0.2) for place in range(8)]
    maps = {"m": [one.astype(float) for one in objects]}
    rows = measured(maps, objects, np.arange(8) // 2)[0]
    for row in rows:
        own = objects[int(row["image"][1:])]
        others = [(one & own).sum() / one.sum() for one in objects if (one != own).any()]
        assert len(others) == 6 and row["others"] == pytest.approx(np.mean(others))


def test_maps_of_rounding_count_as_zero_and_blank_masks_do_not_count():
    rng = np.random.default_rng(0)
    objects = [disk(rng, 0.1) for _ in range(6)] + [np.zeros((SIDE, SIDE), bool)]
    own = [rng.random((4, 4)) for _ in range(7)]
    own[2] = 1e-9 * own[2]
    rows = measured({"m": own}, objects)[0]
    assert [place for place, row in enumerate(rows) if np.isnan(row["mass"])] == [2, 6]
    assert rows[6]["area"] == 0
    with pytest.raises(InputError, match=r"the masks of all 1 are empty or full; images\.fit"):
        measured({"m": own[:1]}, objects[-1:])
    with pytest.raises(InputError, match=r"images\.masks: no explained image has a mask"):
        measured({"m": []}, [])


def test_p_is_that_of_the_best_floor_and_corrected_for_all_models():
    rng = np.random.default_rng(1)
    objects = [disk(rng, 0.15) for _ in range(30)]
    cover = [masks.fit_mask(mask, (8, 8), "squash") for mask in objects]
    maps = {
        "on it": cover,
        "beside": [1 - one for one in cover],
        "zero": [np.zeros((8, 8))] * 30,
    }
    on, beside, zero = results_of(maps, objects)
    # The least p of 199 permutations, for two models that can be tested.
    assert (on["localisation_p"], on["localisation_holm"]) == (1 / 200, 2 / 200)
    assert on["mass"] > 0.7 and on["n"] == on["units"] == 30
    floor = max(localisation.FLOORS, key=lambda name: on[name])
    assert on["floor"] == floor and on["difference"] == pytest.approx(on["mass"] - on[floor])
    assert on["difference_low"] < on["difference"] < on["difference_high"]
    assert beside["localisation_holm"] == 1 and beside["difference_high"] < 0
    assert zero["n"] == 0 and np.isnan(zero["localisation_holm"]) and zero["floor"] == ""


def test_signs_are_flipped_by_unit_and_all_of_them_where_they_are_few():
    from lookalike.inference.localisation import random_signs

    signs = random_signs(4, 199, 0)
    assert len(signs) == len(np.unique(signs, axis=0)) == 15 and (signs.min(axis=1) == -1).all()
    # All images in two units: no p value of sign flips is below 1/4.
    rng = np.random.default_rng(2)
    objects = [disk(rng, 0.1) for _ in range(24)]
    on = {"m": [one.astype(float) for one in objects]}
    (row,) = results_of(on, objects, np.arange(24) // 12)
    assert row["units"] == 2 and row["localisation_p"] >= 0.25
    (row,) = results_of(on, objects, np.zeros(24, int))
    assert row["units"] == 1 and np.isnan(row["localisation_p"]) and np.isnan(row["mass_low"])
    assert results_of(on, objects)[0]["localisation_p"] == 1 / 200


@pytest.mark.parametrize(("kind", "copies"), [("narrower", 1), ("spots", 1), ("narrower", 2)])
def test_a_bias_without_regard_to_the_object_is_not_taken_for_localisation(kind, copies):
    # Of 200 draws 5.5%, 4.5% and 4%.
    assert claims(kind, 8, images=30 * copies, copies=copies) <= 0.25


def test_maps_partly_on_the_object_are_found():
    assert found(5) >= 0.8
