"""Dissimilarities next to chance: calibrated, and as a test of whether maps depend on the image."""

import numpy as np
import pytest
from planting import planted_maps, scenes_of

from lookalike.compare import calibration, resampling
from lookalike.compare.aggregation import weighted_moments
from lookalike.compare.image_table import ImageTable, agreeing_only
from lookalike.compare.pairs import compare_blocks, image_partners
from lookalike.core import registry
from lookalike.core.condensed import models_of
from lookalike.inference.dependence import image_dependence

KEY = ("gradcam", "cosine", "agreeing")


def table_of(values, chance, names, units=(), partners=None):
    """Return a table of images, with as many derangements as there are tables of chance."""
    images = tuple(map(str, range(len(values))))
    partners = np.empty((0, 0), int) if partners is None else partners
    return ImageTable(values, chance, images, tuple(names), KEY, np.array(units, int), partners)


def constant_table(values, chance, names, images=6):
    """Return a table in which all images are equal."""
    values, chance = (np.tile(np.array(one, float), (images, 1)) for one in (values, chance))
    return table_of(values, chance[None], names)


def calibrate(table, originals=None, aggregate="mean"):
    weights = resampling.unit_weights(table.units, 200, 0)
    originals = originals or {name: name for name in table.names}
    return calibration.calibrate(table, aggregate, weights, originals)


def test_calibrated_dissimilarities_lie_between_a_replicate_and_chance():
    # A~A-b, A~B, A~C, A-b~B, A-b~C, B~C
    table = constant_table(
        [0.2, 0.6, 1.0, 0.2, 0.6, 0.4], [0.9, 1.0, 1.0, 1.0, 0.2, 1.2], ["A", "A-b", "B", "C"]
    )
    found = calibrate(table, {"A": "A", "A-b": "A", "B": "B", "C": "C"})["calibrated"]
    np.testing.assert_allclose(found[:4], [0, 0.5, 1, 0], atol=1e-12)
    # Chance is no farther than the replicate; and of two models without replicates the others'
    # ceiling holds.
    assert np.isnan(found[4]) and found[5] == pytest.approx(0.2)


def test_a_pair_of_models_with_replicates_has_the_mean_of_both_ceilings():
    table = constant_table([0.1, 0.6, 0.6, 0.6, 0.6, 0.3], np.ones(6), ["A", "A2", "B", "B2"])
    found = calibrate(table, {"A": "A", "A2": "A", "B": "B", "B2": "B"})["calibrated"]
    np.testing.assert_allclose(found, [0, 0.5, 0.5, 0.5, 0.5, 0], atol=1e-12)


def test_without_replicates_the_ceiling_is_the_map_itself():
    found = calibrate(constant_table([0.25, np.nan, 0.0], np.full(3, 0.5), "abc"))
    np.testing.assert_allclose(found["calibrated"], [0.5, np.nan, 0])


def test_ceiling_and_chance_are_of_the_images_of_the_pair():
    names, originals = ["A", "A-b", "B"], {"A": "A", "A-b": "A", "B": "B"}
    values = np.tile([0.2, 0.6, 0.6], (8, 1))
    values[4:] = [0.8, np.nan, 0.6]
    chance = np.ones((1, 8, 3))
    chance[0, 4:] = 3.0
    # The image before each of the first four is one of them, too.
    partners = np.array([[1, 2, 3, 0, 5, 6, 7, 4]])
    table = table_of(values, chance, names, partners=partners)
    found = calibrate(table, originals)["calibrated"]
    assert found[1] == pytest.approx((0.6 - 0.2) / (1 - 0.2), abs=1e-12)
    assert found[2] == pytest.approx((0.6 - 0.5) / (2 - 0.5), abs=1e-12)


def test_where_the_gap_to_chance_is_not_clear_there_is_no_value():
    rng = np.random.default_rng(0)
    values = rng.uniform(0.4, 0.6, size=(20, 3))
    chance = np.stack([values[:, 0] * 0, rng.normal(0.0, 0.3, 20), values[:, 2] + 0.3], axis=1)
    found = calibrate(table_of(values, chance[None], "abc"))
    assert np.isnan(found["calibrated"]).tolist() == [True, True, False]
    assert found["calibrated_low"][2] < found["calibrated"][2] < found["calibrated_high"][2]


def test_a_chance_value_counts_as_often_as_both_of_its_images():
    rng = np.random.default_rng(1)
    chance, partners = rng.random((3, 7, 3)), image_partners(7, 0, 3)
    table = table_of(rng.random((7, 3)), chance, "abc", partners=partners)
    weights = rng.integers(0, 3, size=(5, 7)).astype(float)
    mean, _, count = weighted_moments(*calibration.chance_pairs(weights, table))
    for row, of_row, number in zip(weights, mean, count, strict=True):
        drawn = [
            chance[step, image]
            for step in range(3)
            for image in range(7)
            for _ in range(int(row[image] * row[partners[step, image]]))
        ]
        np.testing.assert_allclose(of_row, np.mean(drawn, axis=0), rtol=1e-12)
        assert (number == len(drawn)).all()


def compared(maps, metric="cosine", seed=0, units=(), classes=None):
    """Return the table of images of maps (n, models, side, side), with their chance values."""
    blocks = list(maps.transpose(1, 0, 2, 3))
    (values,), (chance,) = compare_blocks(
        [(registry.get("metric", metric), {})], blocks, blocks, seed=seed
    )
    upper = np.triu_indices(len(blocks), 1)
    values, chance = values[:, *upper], chance[:, :, *upper]
    partners = image_partners(len(maps), seed, len(chance))
    if classes is not None:
        values = agreeing_only(values, classes)
        counts = np.isfinite(values)
        chance[~(counts & counts[partners])] = np.nan
    if len(units):
        chance[units[partners] == units] = np.nan
    return table_of(values, chance, range(models_of(values)), units, partners)


def biased_maps(rng, models, images, side=8):
    """Return maps that favour the centre, by two widths, and do not depend on the image."""
    places = np.linspace(-1, 1, side)
    radius = places[:, None] ** 2 + places**2
    widths = np.where(np.arange(models) < models // 2, 0.3, 1.2)
    centre = np.exp(-radius / widths[:, None, None])
    return centre + 0.3 * rng.normal(size=(images, models, side, side))


def dependence_of(maps, draw, units=(), resamples=200):
    table = compared(maps, seed=draw, units=units)
    return image_dependence(table, resamples, draw), table


def test_a_bias_that_all_images_share_is_no_dependence_on_the_image():
    found = []
    for draw in range(60):
        row, table = dependence_of(biased_maps(np.random.default_rng([3, draw]), 8, 32), draw)
        found.append((row["dependence_low"] > 0, row["dependent_pairs"]))
        calibrated = calibrate(table)["calibrated"]
    assert np.mean([clear for clear, _ in found]) <= 0.1
    assert np.mean([share for _, share in found]) <= 0.06
    assert np.abs(np.nanmean(calibrated) - 1) < 0.03


@pytest.mark.parametrize(("between", "copies"), [(0.3, 1), (0.3, 2), (0.05, 1)])
def test_maps_that_depend_on_the_image_are_found_and_the_effect_has_its_interval(between, copies):
    hits, found = [], []
    for draw in range(60):
        rng = np.random.default_rng([4, draw])
        maps = planted_maps(rng, 5, 40, between=between, copies=copies, jitter=0.1)
        units = scenes_of(40, copies) if copies > 1 else ()
        row, _ = dependence_of(maps, draw, units)
        # Chance is 1: the maps have no mean. Near-copies have noise of their own in them.
        true = between / (1 + (0.1 if copies > 1 else 0))
        hits.append(row["dependence_low"] <= true <= row["dependence_high"])
        found.append(row["dependence_low"] > 0)
    assert np.mean(found) >= 0.95
    assert np.mean(hits) >= 0.86


def test_same_maps_on_other_images_are_at_chance_of_their_own_images():
    """Where models agree, images are easy and maps all alike; elsewhere they differ."""
    calibrated = []
    for draw in range(20):
        rng = np.random.default_rng([5, draw])
        easy = np.arange(60) % 2 == 0
        maps = rng.normal(size=(60, 4, 8, 8))
        # What all maps of easy images share, whatever the image.
        maps[easy] += 2 * rng.normal(size=(8, 8))
        classes = np.where(easy[:, None], 0, np.arange(4))
        table = compared(maps, seed=draw, classes=classes)
        calibrated.append(np.nanmean(calibrate(table)["calibrated"]))
    assert 0.97 <= np.mean(calibrated) <= 1.03


def test_the_error_of_the_choice_of_other_images_is_reported_where_there_are_several():
    maps = planted_maps(np.random.default_rng(6), 3, 12, side=7)
    cheap, dear = (image_dependence(compared(maps, name), 50, 0) for name in ("cosine", "emd"))
    assert 0 < cheap["dependence_error"] < 0.2 and np.isnan(dear["dependence_error"])


@pytest.mark.parametrize(
    ("values", "chance", "reason"),
    [
        (np.ones((1, 3)), np.ones((0, 1, 3)), "with n = 1 image nothing can be concluded"),
        (np.full((4, 3), np.nan), np.ones((1, 4, 3)), "with n = 0 images nothing"),
        (np.zeros((4, 3)), np.zeros((1, 4, 3)), "no dissimilarity of different images is known"),
        (
            np.ones((2, 3)),
            np.ones((1, 2, 3)),
            "with 2 images (or units of these) nothing can be concluded",
        ),
        (np.ones((4, 0)), np.ones((1, 4, 0)), "needs at least 2 independent models; found 1"),
    ],
)
def test_where_dependence_cannot_be_tested_the_reason_is_given(values, chance, reason):
    names = "abc" if values.shape[1] else "a"
    row = image_dependence(table_of(values, chance, names), 20, 0)
    assert reason in row["dependence_untested"] and np.isnan(row["dependence"])


def test_images_of_one_unit_say_nothing_and_two_have_no_calibrated_value():
    rng = np.random.default_rng(7)
    values, chance = rng.random((6, 3)), 1 + rng.random((1, 6, 3))
    one = image_dependence(table_of(values, chance, "abc", [0] * 6), 20, 0)
    assert "all images are of one unit" in one["dependence_untested"]
    for units, known in (([0, 0, 0, 1, 1, 1], False), ([0, 0, 1, 1, 2, 2], True)):
        found = calibrate(table_of(values, chance, "abc", units))
        assert np.isfinite(found["calibrated"]).all() == known
        assert np.isfinite(found["calibrated_low"]).all() == known
