"""How many images are enough: planted values whose spread is known."""

import numpy as np
import pytest
from planting import planted_table
from scipy.stats import t

from lookalike.compare.aggregation import summarise
from lookalike.compare.dissimilarities import Key
from lookalike.compare.image_table import ImageTable
from lookalike.core.condensed import condensed, square
from lookalike.groups.trees import clade_members, link
from lookalike.plots.image_count import curves
from lookalike.studies import image_count as study
from lookalike.studies import needed_images


def planted_values(rng, models=6, units=128, common=0.05, own=0.08, copies=1, near=False):
    """Values with a known spread by unit; trees are clear unless models are all as far apart."""
    pairs = models * (models - 1) // 2
    places = np.array([0, 1, 3.5, 5.5, 12, 13.5, 18, 25])[:models]
    apart = 0.015 * condensed(np.abs(places[:, None] - places)) * (not near)
    shape = (units, pairs)
    values = 0.4 + apart + common * rng.normal(size=(units, 1)) + own * rng.normal(size=shape)
    values = np.repeat(values, copies, axis=0)
    images = tuple(f"image{number}" for number in range(len(values)))
    names = tuple(f"model {number}" for number in range(models))
    chance = np.full((1, *values.shape), 0.8)
    numbers = np.repeat(np.arange(units), copies)
    return ImageTable(values, chance, images, names, Key("gradcam", "cosine"), numbers)


def counted(table, width=0.03, draws=25, aggregate="mean", counts=(), seed=0):
    return study.count_images(table, aggregate, counts=counts, draws=draws, width=width, seed=seed)


def truth_of(spread, wanted):
    return next(n for n in range(2, 10_000) if 2 * t.ppf(0.975, n - 1) * spread / n**0.5 <= wanted)


@pytest.mark.parametrize("width", [0.02, 0.05])
@pytest.mark.parametrize("copies", [1, 3], ids=["images", "near-copies"])
def test_the_number_needed_is_within_a_fifth_of_the_truth(width, copies):
    rng = np.random.default_rng(1)
    truth = truth_of(np.hypot(0.05, 0.08), width * 0.8)
    found = [
        counted(planted_values(rng, copies=copies), width, seed=seed).needed for seed in range(6)
    ]
    assert all(abs(row["needed"] / truth - 1) <= 0.2 for row in found)
    held = [row["needed_low"] <= truth <= row["needed_high"] for row in found]
    assert sum(held) >= 4
    assert all(row["units"] == 128 for row in found)


def test_the_interval_of_the_number_holds_the_truth():
    rng, held = np.random.default_rng(2), []
    truth = truth_of(0.1, 0.04)
    for seed in range(40):
        table = planted_values(rng, models=4, units=64, common=0.08, own=0.06)
        draws = []
        for images in study.drawn_images(table.units, 32, 25, seed):
            width = needed_images.width_of(table, "mean", images > 0, 100, seed)
            draws.append({"n": 32, "width": width})
        found = needed_images.needed_images(table, "mean", draws, width=0.05, seed=seed)
        held.append(found["needed_low"] <= truth <= found["needed_high"])
    assert 0.85 <= np.mean(held) <= 1


def test_distances_are_those_of_a_plain_loop_and_the_notebook_sums_all_cells():
    table = planted_values(np.random.default_rng(3), units=40)
    found = counted(table, draws=10)
    whole = square(summarise(table.values)["mean"], 6)
    drawn = study.drawn_images(table.units, 8, 10, 0)
    rows = [row for row in found.draws if row["n"] == 8]
    for row, images in zip(rows, drawn, strict=True):
        assert images.sum() == 8
        part = square(table.values[images > 0].mean(axis=0), 6)
        assert row["notebook_sum"] == pytest.approx(np.abs(part - whole).sum())
        assert row["distance"] == pytest.approx(np.abs(part - whole).sum() / 30)
    assert [row["n"] for row in found.counts] == [4, 8, 16, 20]
    assert [row["n"] for row in counted(table, draws=10, counts=[10, 30]).counts] == [10, 20]


def test_the_error_counts_that_draws_are_a_part_of_all_images():
    rng, found = np.random.default_rng(4), []
    expected = np.sqrt(2 / np.pi) * np.hypot(0.05, 0.08) / np.sqrt(16)
    for seed in range(12):
        (row, *_) = counted(planted_values(rng, units=32), draws=10, counts=[16], seed=seed).counts
        found.append([row["distance"], row["error"]])
    distance, error = np.mean(found, axis=0)
    assert error == pytest.approx(expected, rel=0.15)
    assert distance < 0.8 * expected


def test_widths_fall_as_the_square_root():
    found = counted(planted_values(np.random.default_rng(5)))
    by_n = {row["n"]: row["width"] for row in found.counts}
    expected = {
        n: 2 * t.ppf(0.975, n - 1) * np.hypot(0.05, 0.08) / np.sqrt(n) for n in (8, 16, 32, 64)
    }
    for n, width in expected.items():
        assert by_n[n] == pytest.approx(width, rel=0.15)


def test_a_clear_tree_settles_and_models_that_are_all_as_far_apart_have_none():
    rng = np.random.default_rng(6)
    clear = counted(planted_values(rng, models=5, own=0.01)).needed
    assert clear["tree_from"] <= 16 and clear["halves_alike"] >= 0.9
    none = counted(planted_values(rng, models=8, near=True)).needed
    assert np.isnan(none["tree_from"]) and none["halves_alike"] <= 0.2
    _, tree = study.conclude(none, 0.03, 128)
    assert "cannot tell from how many images on the tree stays" in tree
    assert "the tree stays in most draws from" in study.conclude(clear, 0.03, 128)[1]
    assert study.summary_table([clear, none])[1]["tree stays from"] == "unknown"


def test_clades_are_those_of_scipy():
    tables = np.random.default_rng(7).random((5, 28))
    found = study.clades_of(tables)
    for one, codes in zip(tables, found, strict=True):
        members = clade_members(link(square(one, 8)))
        assert len(codes) == len({tuple(row) for row in members}) - 1
    assert found[0] == study.clades_of(tables[:1])[0] != found[1]
    unknown = tables.copy()
    unknown[1, 3] = np.nan
    assert study.clades_of(unknown)[1] == frozenset()


def test_planted_maps_with_missing_values_and_dispersion():
    table = planted_table(np.random.default_rng(8), 5, "cosine", images=24, groups=1)
    values = table.values.copy()
    values[3, 2] = np.nan
    table = ImageTable(values, table.chance, table.images, table.names, table.key)
    found = counted(table, draws=10, aggregate="mean_std")
    assert found.needed["needed"] > 0 and not found.needed["untested"]
    assert curves(found.draws, found.counts, found.needed, title="planted").axes


def test_it_says_when_it_cannot_tell():
    few = planted_values(np.random.default_rng(9), units=5)
    found = counted(few)
    assert not found.draws and "needs at least 8 images" in found.needed["untested"]
    assert "cannot tell how many images are enough" in study.conclude(found.needed, 0.05, 5)[0]
    assert study.summary_table([found.needed]) == []
    assert curves(found.draws, found.counts, found.needed, title="few").axes
    two = counted(planted_values(np.random.default_rng(9), models=2, units=16), draws=10)
    assert "needs at least 3 models" in study.conclude(two.needed, 0.05, 16)[1]
