"""Artefacts: planted cells are found and named, clean models are not."""

import numpy as np
import pytest
from scipy import stats

from lookalike.core import registry
from lookalike.maps import views
from lookalike.maps.audit import peak_cell
from lookalike.methods.centre import centre
from lookalike.plots.artefacts import peaks_and_repairs, shares_of
from lookalike.studies import repairs
from lookalike.studies.artefacts import (
    CENTRE,
    artefacts_of,
    chance_of,
    conclude,
    find_artefacts,
)
from lookalike.studies.peaks import (
    Peaks,
    about_places,
    measure_places,
    middle_peaks,
    name_of,
    read_peaks,
    share_of,
)

GRIDS = [(7, 7), (14, 14), (7, 7), (8, 8), (12, 12), (7, 7), (16, 16)]


def clean_models(rng, images=32, models=7, spread=0.3, shared=False):
    """Return the peaks of models that look at the objects of images, each with its own precision,
    and at times anywhere.
    """
    objects = np.clip(0.5 + rng.normal(0, spread, (images, 2)), 0, 0.999)
    found = {}
    for number in range(models):
        grid = GRIDS[0] if shared else GRIDS[number % len(GRIDS)]
        precision, lost = rng.uniform(0.02, 0.25), rng.uniform(0, 0.4)
        positions = objects + rng.normal(0, precision, (images, 2))
        anywhere = rng.random(images) < lost
        positions[anywhere] = rng.random((int(anywhere.sum()), 2))
        cells = (np.clip(positions, 0, 0.999) * grid).astype(int)
        found["gradcam", f"m{number}"] = Peaks(cells, grid)
    return found


def plant(peaks, rng, share, cell=(0, 6), model="m0"):
    own = peaks["gradcam", model]
    cells = own.cells.copy()
    chosen = rng.permutation(len(cells))[: round(share * len(cells))]
    cells[chosen] = cell
    return peaks | {("gradcam", model): Peaks(cells, own.grid)}


def found_in(peaks, units=None, resamples=20):
    images = len(next(iter(peaks.values())).cells)
    units = np.arange(images) if units is None else units
    return find_artefacts(peaks, units, resamples, 0, 0.05)


@pytest.mark.parametrize("share", [1.0, 0.6])
@pytest.mark.parametrize("spread", [0.3, 0.03], ids=["objects anywhere", "objects in the middle"])
@pytest.mark.parametrize("models", [3, 7, 14])
def test_a_planted_corner_is_found_and_named_and_nothing_else(share, spread, models):
    rng = np.random.default_rng([5, models])
    for _ in range(3):
        peaks = plant(clean_models(rng, models=models, spread=spread), rng, share)
        rows = found_in(peaks)
        (row,) = artefacts_of(rows, "gradcam")
        assert (row["model"], row["row"], row["column"]) == ("m0", 0, 6)
        assert row["share_low"] <= share <= row["share_high"]
        text = conclude(rows, [])[0]
        assert text.startswith(
            "gradcam, m0: one place wins too often: top right corner (cell [0, 6] of 7x7) is the "
        )


@pytest.mark.parametrize("spread", [0.3, 0.02], ids=["objects anywhere", "objects in the middle"])
def test_clean_models_are_rarely_named(spread):
    rng = np.random.default_rng(int(1000 * spread))
    alarms = 0
    for draw in range(100):
        peaks = clean_models(rng, models=(3, 4, 7)[draw % 3], spread=spread)
        alarms += bool(artefacts_of(found_in(peaks, resamples=1), "gradcam"))
    assert alarms <= 5


def test_models_that_share_an_artefact_do_not_hide_one_another():
    rng = np.random.default_rng(1)
    peaks = clean_models(rng, models=8, shared=True)
    for model in ("m0", "m1"):
        peaks = plant(peaks, rng, 0.9, model=model)
    assert {row["model"] for row in artefacts_of(found_in(peaks), "gradcam")} == {"m0", "m1"}


def test_copies_of_one_image_count_once():
    rng = np.random.default_rng(2)
    peaks = plant(clean_models(rng, images=3), rng, 1)
    many = {key: Peaks(np.repeat(own.cells, 10, axis=0), own.grid) for key, own in peaks.items()}
    assert artefacts_of(found_in(many), "gradcam")
    rows = found_in(many, np.repeat(np.arange(3), 10))
    assert not artefacts_of(rows, "gradcam")
    assert all(row["units"] == 3 for row in rows)
    assert conclude(rows, [])[0] == (
        "gradcam: cannot tell whether one place always wins: 3 images are too few for 807 cells."
    )


def test_of_two_models_nobody_knows_which_is_wrong():
    rng = np.random.default_rng(3)
    rows = found_in(plant(clean_models(rng, models=2), rng, 1))
    assert all(row["untested"] for row in rows if row["model"] != CENTRE)
    assert conclude(rows, [])[0].endswith("needs at least 3 independent models; found 2.")


def test_chance_is_that_of_fisher_without_slack_and_of_the_binomial_for_a_known_rate():
    for hits, near in [(9, 2), (12, 0), (16, 9), (20, 18)]:
        table = [[hits, 20 - hits], [near, 40 - near]]
        exact = stats.fisher_exact(table, alternative="greater").pvalue
        assert chance_of(hits, 20, near, 40, 0.0) == pytest.approx(exact, rel=0.5)
        assert chance_of(hits, 20, near, 40, 0.0) >= 0.9 * exact
    known = chance_of(9, 20, 300_000, 1_000_000, 0.0)
    assert known == pytest.approx(stats.binom.sf(8, 20, 0.3), rel=1e-2)
    known = chance_of(9, 20, 0, 1_000_000, 0.3)
    assert known == pytest.approx(stats.binom.sf(8, 20, 0.3), rel=1e-2)
    assert chance_of(20, 20, 40, 40, 0.0) == chance_of(3, 20, 10, 40, 0.1) == 1


def test_chance_is_rarely_small_where_all_look_alike():
    rng = np.random.default_rng(4)
    rate = rng.beta(1, 4, (400, 24))  # of each image, for all models
    hits = (rng.random(rate.shape) < rate).sum(axis=1)
    near = (rng.random((3, *rate.shape)) < rate).sum(axis=(0, 2))
    p = [chance_of(*pair, 0.0) for pair in zip(hits, [24] * 400, near, [72] * 400, strict=True)]
    assert np.mean(np.array(p) <= 0.05) <= 0.05


def test_the_middle_is_where_the_map_centre_peaks():
    for grid in [(7, 7), (14, 14), (8, 6)]:
        saliency = centre(None, np.zeros((1, 3, *grid)), None, [0])[0][0]
        peaks = middle_peaks(Peaks(np.zeros((1, 2), int), grid))
        row, column = peaks.cells[0]
        assert saliency[row, column] == saliency.max() and name_of(peaks.cells[0], grid) == "middle"


@pytest.mark.parametrize(("middles", "named"), [(29, "would not be named"), (5, "would be named")])
def test_a_map_that_looks_at_the_middle_is_odd_only_where_objects_are_elsewhere(middles, named):
    rng = np.random.default_rng(6)
    at_middle = rng.permutation(32) < middles
    cells = np.where(at_middle[:, None], 3, rng.integers(0, 2, (32, 2)))
    nearly = np.clip(cells + rng.integers(-1, 2, (5, 32, 2)), 0, 6)
    peaks = {("gradcam", f"m{place}"): Peaks(own, (7, 7)) for place, own in enumerate(nearly)}
    assert named in conclude(found_in(peaks), [])[-1]


def test_places_and_their_shares():
    grid = (7, 7)
    names = {(0, 0): "top left corner", (6, 0): "bottom left corner", (0, 3): "top edge"}
    names |= {(3, 6): "right edge", (3, 3): "middle", (1, 1): "top left", (5, 4): "bottom right"}
    assert {cell: name_of(np.array(cell), grid) for cell in names} == names
    assert name_of(np.array([1, 13]), (14, 14)) == "top right corner"
    cells = np.array([[0, 0], [0, 6], [0, 3], [3, 3], [-1, -1]])
    rows = measure_places(
        {("a", "A"): Peaks(cells, grid), ("a", "B"): Peaks(cells[[3, 3, 3, 3, 3]], grid)},
        np.arange(5),
        100,
        0,
    )
    first, second = rows
    assert (first["n"], first["corner"], first["border"]) == (4, 0.5, 0.75)
    assert (first["corner_area"], first["border_area"]) == (4 / 49, 24 / 49)
    assert (second["corner"], second["corner_others"], first["corner_others"]) == (0, 0.5, 0)


def test_shares_without_an_exception_have_the_exact_bound():
    own = share_of(np.ones(20, bool), np.arange(20), "share", 50, 0)
    exact = stats.binomtest(20, 20).proportion_ci(method="exact")
    assert own["share_low"] == pytest.approx(exact.low) and own["share_high"] == 1
    other = share_of(np.zeros(20, bool), np.arange(20), "share", 50, 0)
    assert other["share_high"] == pytest.approx(1 - exact.low)


def test_tied_cells_peak_in_their_middle():
    saliency = np.zeros((9, 9))
    saliency[2:7, 0:3] = -2
    assert peak_cell(saliency) == (4, 1)
    saliency[8, 8] = 3
    assert peak_cell(saliency) == (8, 8)


def test_peaks_are_read_as_the_view_sees_the_maps():
    maps = {name: np.zeros((4, 4), np.float32) for name in "abcd"}
    maps["a"][1, 2], maps["b"][3, 3], maps["b"][0, 0] = 1, -2, 5
    maps["d"] = np.ones((2, 3), np.float32) * np.arange(3)
    card = {"images": list("abcd"), "rounding": [], "view": {"size": 4, "repair": (0, 0)}}
    peaks = read_peaks(maps.__getitem__, card)
    assert peaks.grid == (4, 4)
    assert peaks.cells.tolist() == [[1, 2], [3, 3], [-1, -1], [-1, -1]]


def planted_maps(rng, images=12, models=5, size=7):
    """Return raw maps of models, all alike but for noise, the first with a corner that wins."""
    shared = rng.random((images, size, size))
    raw = [shared + 0.3 * rng.random((images, size, size)) for _ in range(models)]
    raw[0][:, 0, 6] = 9
    return [own.astype(np.float32) for own in raw]


def test_a_repair_is_the_view_with_repair_and_brings_the_model_back():
    rng = np.random.default_rng(7)
    raw, names, images = planted_maps(rng), list("ABCDE"), [f"i{i}" for i in range(12)]
    view = {"size": 14, "scale": "max_abs"}
    card = {"images": images, "rounding": [], "view": view, "data_range": 1.0}
    maps = [np.stack([views.view(one, **view) for one in own]) for own in raw]
    mended = repairs.repaired_maps(
        dict(zip(images, raw[0], strict=True)).__getitem__, card, (0, 6), signed=False
    )
    np.testing.assert_allclose(
        mended, [views.view(one, **view, repair=(0, 6)) for one in raw[0]], rtol=1e-6
    )
    metrics = {name: (registry.get("metric", name), {}) for name in ("cosine", "mse")}
    rows = repairs.repair(
        "gradcam",
        metrics,
        {name: (own, card) for name, own in zip(names, maps, strict=True)},
        {"A": mended},
        {"A": (0, 6)},
        np.arange(12),
        100,
        0,
    )
    assert len(rows) == 2 * 5 and not any(row["untested"] for row in rows)
    (nothing,) = repairs.repair("gradcam", metrics, {}, {}, {}, np.arange(12), 100, 0)
    assert nothing["untested"] and repairs.conclude([nothing]) == []
    cosine = metrics["cosine"][0]
    expected = np.mean([cosine(a[None], b[None]).item() for a, b in zip(*maps[:2], strict=True)])
    after = np.mean([cosine(a[None], b[None]).item() for a, b in zip(mended, maps[1], strict=True)])
    row = next(row for row in rows if row["other"] == "B" and row["metric"] == "cosine")
    assert (row["before"], row["after"]) == pytest.approx((expected, after))
    assert row["change"] == pytest.approx(after - expected)
    assert row["change_low"] <= row["change"] <= row["change_high"] < 0
    (text,) = repairs.conclude(rows)
    assert "`repair: {A: {cell: [0, 6]}}`" in text and text.endswith(".")


def test_two_repaired_models_are_compared_repaired():
    rng = np.random.default_rng(8)
    blocks = [rng.random((3, 4, 4)) for _ in range(4)]
    chosen = [(registry.get("metric", "cosine"), {})]
    before, after = repairs.compare_repaired(chosen, blocks, {0: blocks[2], 1: blocks[2]}, 3)
    assert np.isnan(before[0, :, 0, 0]).all() and np.isnan(after[0, :, 1, 1]).all()
    assert np.allclose(after[0, :, 0, 1], 0) and (before[0, :, 0, 1] > 0.01).all()


def test_figure_has_a_panel_for_each_model_and_blocks_of_fine_grids():
    rng = np.random.default_rng(9)
    peaks = plant(clean_models(rng, models=9), rng, 1)
    own = {model: one for (_, model), one in peaks.items()}
    figure = peaks_and_repairs(own, artefacts_of(found_in(peaks), "gradcam"), [], title="peaks")
    shown = [axes for axes in figure.subfigs[0].axes if axes.images]
    assert len(shown) == 9
    assert [len(axes.patches) for axes in shown] == [1] + [0] * 8
    assert shares_of(Peaks(np.array([[100, 223], [-1, -1]]), (224, 224)))[6, 13] == 1


def test_corners_are_called_many_only_where_their_share_is_clearly_above_their_area():
    places = {
        f"{place}_{name}": 0.06 for place in ("corner", "border") for name in ("area", "others")
    }
    row = {"model": "A", "border": 0.4, "border_low": 0.3, "border_high": 0.5} | places
    for low, start in ((0.0, "no model's peaks lie clearly"), (0.2, "A has most peaks")):
        found = row | {"corner": 0.3, "corner_low": low, "corner_high": 0.5}
        (text,) = about_places("gradcam", [found])
        assert text.startswith(f"gradcam: {start}") and "30% (95% interval" in text
