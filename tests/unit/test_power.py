"""Power from a pilot: false alarms where nothing is planted, and the power of real new data."""

import numpy as np
import pandas as pd
import pytest
from planting import planted_table

from lookalike.compare import laws
from lookalike.compare.dissimilarities import Key
from lookalike.compare.image_table import ImageTable
from lookalike.core import io, registry
from lookalike.findings.power import needed, power_findings, read_power
from lookalike.inference.structure import structure_test
from lookalike.plots.studies import power_curves
from lookalike.studies.pilot import (
    draw_models,
    draw_noise,
    pilot_of,
    places_of,
    variation_of_models,
    why_no_pilot,
)
from lookalike.studies.power import (
    COLUMNS,
    enough,
    find_dependence,
    find_factor,
    find_structure,
    study_power,
)

COSINE = registry.get("metric", "cosine")


def table_of(seed=0, models=8, images=32, metric="cosine", **planted):
    return planted_table(np.random.default_rng(seed), models, metric, images=images, **planted)


def graded(models):
    return np.linspace(0, 2, models)


@pytest.mark.parametrize(
    ("about", "n"),
    [
        ({}, 32),
        ({"noise": graded(8)}, 32),
        # Most units are drawn more than ten times: these are as many units.
        ({"images": 10}, 80),
        # What the pilot has found already is not planted again.
        ({"groups": 2, "within": 0.45}, 32),
        ({"images": 40, "copies": 4}, 32),
    ],
    ids=["equal", "graded noise", "few units", "groups", "near-copies"],
)
def test_nothing_is_found_where_nothing_is_planted(about, n):
    pilot = pilot_of(table_of(**about))
    rng = np.random.default_rng(1)
    found = find_structure(pilot, "product", 0.0, n, 200, rng)
    found["factor"] = find_factor(pilot, 0.0, 12, 200, rng)
    for test, hits in found.items():
        # Three standard errors about .05.
        assert 0.005 <= hits.mean() <= 0.1, test
    # Of a two-sided interval of 95%, one side.
    assert find_dependence(pilot, 0.0, n, 40, rng, 4).mean() <= 0.06


def test_power_is_that_of_new_images():
    planted = {"groups": 2, "within": 0.34}
    large = table_of(seed=9, images=2000, **planted)
    rows, columns = np.triu_indices(8, 1)
    across = rows // 4 != columns // 4
    mean = large.values.mean(axis=0)
    effect = (mean[across].mean() - mean[~across].mean()) / large.chance.mean()
    found = [
        structure_test(table_of(seed=[1, draw], images=64, **planted), COSINE, "mean", 39, draw)
        for draw in range(60)
    ]
    hits = find_structure(
        pilot_of(table_of()), "product", effect, 64, 200, np.random.default_rng(0)
    )
    for test in ("structure", "grouping"):
        power = np.mean([one[f"{test}_p"] <= 0.05 for one in found])
        assert 0.4 < power < 0.9
        # Standard errors of .06 and .03.
        assert abs(power - hits[test].mean()) < 0.13, test


def test_noise_has_the_spread_of_the_pilot_and_no_mean():
    table = table_of(images=400, noise=graded(8))
    pilot = pilot_of(table)
    values = draw_noise(pilot, 8000, np.random.default_rng(0))[0]
    own = table.values.std(axis=0, ddof=1)
    assert np.abs(values.mean(axis=0)).max() < 5 * own.max() / np.sqrt(8000)
    assert np.allclose(values.std(axis=0), own, rtol=0.1)
    # How alike all maps of an image are varies as in the pilot.
    usual = table.values.mean(axis=1).std()
    assert values.mean(axis=1).std() == pytest.approx(usual, rel=0.1)


def test_units_that_are_drawn_twice_are_two_units():
    pilot = pilot_of(table_of(images=8))
    values = draw_noise(pilot, 100, np.random.default_rng(0))[0]
    assert len(np.unique(values.round(9), axis=0)) > 95


def test_near_copies_are_one_unit():
    pilot = pilot_of(table_of(images=40, copies=4))
    assert pilot.units == 10
    alone = pilot_of(table_of(images=40))
    assert alone.units == 40


def test_places_of_units_are_those_that_were_planted():
    rng = np.random.default_rng(0)
    true, near = rng.normal(size=30), rng.normal(size=30)
    true -= true.mean()
    one = np.tile(np.arange(30), 4)
    other = np.concatenate([np.roll(np.arange(30), -step) for step in (1, 2, 3, 4)])
    places, rest = places_of(2 + true[one] + true[other], one, other, near)
    assert np.allclose(places, true) and np.allclose(rest, 0)
    # With noise, what is found varies as what was planted, and not more.
    found = [
        places_of(true[one] + true[other] + rng.normal(0, 2, 120), one, other, near)
        for _ in range(100)
    ]
    assert np.mean([places.var() for places, _ in found]) == pytest.approx(true.var(), rel=0.15)
    assert np.mean([rest.var() for _, rest in found]) == pytest.approx(4, rel=0.1)


def test_new_models_vary_as_those_of_the_pilot():
    rng = np.random.default_rng(0)
    rows, columns = np.triu_indices(14, 1)
    own = rng.normal(0, 0.1, 14)
    mean = 1 + own[rows] + own[columns] + rng.normal(0, 0.05, len(rows))
    values = mean + rng.normal(0, 0.01, (16, len(rows)))
    names = tuple(f"m{number:02}" for number in range(14))
    table = ImageTable(
        values, np.ones((1, *values.shape)), tuple(map(str, range(16))), names, Key("a", "b")
    )
    pilot = pilot_of(table)
    variation = variation_of_models(pilot)
    drawn = np.array([draw_models(pilot, variation, 10, rng) for _ in range(300)])
    effects = laws.main_effects(drawn)
    assert drawn.mean() == pytest.approx(pilot.mean.mean(), abs=0.02)
    assert effects.std(axis=1, ddof=1).mean() == pytest.approx(own.std(ddof=1), rel=0.15)
    left = drawn - laws.sums(drawn)
    # 45 pairs, of which the effects of ten models took ten.
    assert np.sqrt((left**2).sum(axis=1) / 35).mean() == pytest.approx(0.05, rel=0.15)


def test_a_factor_of_few_models_cannot_be_found():
    pilot, rng = pilot_of(table_of()), np.random.default_rng(0)
    assert [find_factor(pilot, 0.9, n, 20, rng).mean() for n in (4, 6, 8)] == [0, 0, 1]


@pytest.mark.parametrize(
    ("powers", "least"),
    [
        ([0.1, 0.5, 0.8, 0.9], 64),
        ([0.9, 0.9, 0.9, 0.9], 16),
        ([0.9, 0.7, 0.8, 0.9], 64),
        ([0.1, 0.9, 0.9, 0.7], None),
    ],
)
def test_enough_is_the_number_from_which_on_the_power_is_as_wanted(powers, least):
    found = enough([16, 32, 64, 128], powers)
    assert np.isnan(found) if least is None else found == least


@pytest.fixture(scope="module")
def studied():
    """Return the rows of a metric with a law, and of one without."""
    given = {"effect": 0.04, "images": [16, 128], "models": [6, 12], "simulations": 40, "seed": 0}
    return {
        name: study_power(table_of(metric=name), registry.get("metric", name), **given)
        for name in ("cosine", "emd_values")
    }


def test_the_table_has_every_test_at_every_number(studied):
    rows = pd.DataFrame(studied["cosine"])
    assert tuple(rows.columns) == COLUMNS
    assert (rows["untested"] == "").all() and (rows["subset"] == "all").all()
    tests = rows.groupby(["of", "test"], sort=False)["pilot"].agg(["size", "first"])
    assert list(tests.index) == [
        ("images", "dependence"),
        ("images", "main_effects"),
        ("images", "structure"),
        ("images", "grouping"),
        ("models", "factor"),
    ]
    assert tests["size"].tolist() == [4] * 5 and tests["first"].tolist() == [32, 32, 32, 32, 8]
    power = rows["power"]
    assert np.allclose(rows["error"], np.sqrt(power * (1 - power) / 40))
    more, less = (rows[(rows["test"] == "grouping") & (rows["n"] == n)]["power"] for n in (128, 16))
    assert more.iloc[0] > 0.9
    assert less.iloc[0] < 0.6


def test_the_table_is_the_same_again_whatever_else_is_asked(studied):
    again = study_power(
        table_of(), COSINE, effect=0.04, images=[16], models=[12], simulations=40, seed=0
    )
    both = [
        [row for row in rows if row["n"] in (16, 12) and row["effect"] == 0.04]
        for rows in (studied["cosine"], again)
    ]
    assert both[0] == both[1] and len(both[0]) == 5


def test_without_a_law_structure_is_said_to_be_unknown(studied):
    rows = studied["emd_values"]
    unknown = {row["test"]: row["untested"] for row in rows if row["untested"]}
    assert unknown.keys() == {"structure", "grouping"}
    assert "law" in unknown["structure"]
    assert {row["test"] for row in rows if not row["untested"]} == {
        "dependence",
        "main_effects",
        "factor",
    }


@pytest.mark.parametrize(
    ("about", "reason"),
    [
        ({"models": 3}, "at least 4 independent models"),
        ({"images": 7}, "needs at least 8 images"),
        ({"images": 28, "copies": 4}, "needs at least 8 images"),
        ({"accuracies": np.full(8, 0.3)}, "needs at least 8 images"),
    ],
)
def test_a_table_that_is_no_pilot_says_why(about, reason, tmp_path):
    table = table_of(**about)
    assert reason in why_no_pilot(table)
    rows = study_power(table, COSINE, effect=0.1, images=[16], models=[8], simulations=20, seed=0)
    assert [row["of"] for row in rows] == ["images", "models"]
    assert all(reason in row["untested"] and row["power"] is None for row in rows)
    io.write_table(tmp_path / "power.csv", rows, COLUMNS)
    images, _ = power_findings(read_power([tmp_path / "power.csv"]))
    assert "cannot be told" in images.text and images.answers[0].verdict == "cannot tell"


def power_table(found):
    """Return a table of groups alone, of powers at 16, 32 and 64 images, for each metric."""
    return pd.DataFrame(
        [
            {"method": "g", "metric": metric, "of": of, "test": test, "effect": effect, "n": n}
            | {"power": power, "pilot": pilot, "untested": ""}
            for metric, powers in found.items()
            for of, test, pilot in (("images", "grouping", 30), ("models", "factor", 6))
            for effect, own in ((0.05, powers), (0.025, [power / 2 for power in powers]))
            for n, power in zip((16, 32, 64), own, strict=True)
        ]
    )


def test_a_sentence_for_images_and_one_for_models():
    table = power_table({"a": [0.5, 0.9, 1.0], "b": [0.9, 0.9, 1.0], "c": [0.1, 0.2, 0.3]})
    images, models = power_findings(table)
    assert images.text == (
        "Two groups of models, nearer within than between by 0.05 of chance, are found in 80% of "
        "studies with 16 to 32 images under 2 of 3 methods and metrics, not even with 64 under "
        "g c; half of that difference not even with 64 images (this run has 30; simulated from it, "
        "one test at .05)."
    )
    assert models.text.startswith("Two levels of a factor, nearer within than between by 0.05")
    assert [(one.metric, one.verdict, one.value, one.n) for one in images.answers[::2]] == [
        ("a", "no", 32, 30),
        ("b", "yes", 16, 30),
        ("c", "no", pytest.approx(np.nan, nan_ok=True), 30),
    ]
    assert power_findings(pd.DataFrame()) == [] and needed(pd.DataFrame()) == []


def test_the_figure_has_a_line_for_each_test_and_effect(studied):
    figure = power_curves(
        [
            {name: "" if value is None else str(value) for name, value in row.items()}
            for row in studied["cosine"]
        ],
        title="a",
    )
    images, models = figure.axes
    assert len(images.containers) == 8 and len(models.containers) == 2
    labels = [text.get_text() for text in images.get_legend().get_texts()]
    assert labels == ["depends on the image", "models differ", "structure", "groups"]
    assert [text.get_text() for text in images.get_xticklabels()] == ["16", "128"]
    drawn = images.containers[6][0].get_ydata()
    groups = [row for row in studied["cosine"] if row["test"] == "grouping"]
    assert list(drawn) == [row["power"] for row in groups if row["effect"] == 0.04]
