"""Units of images: given, by class or found; what is drawn, split and permuted together, and what
is said of them.
"""

import numpy as np
import pytest
from configs import small_config
from planting import scenes_of

from lookalike.compare import resampling
from lookalike.compare.dissimilarities import Key
from lookalike.compare.image_table import ImageTable
from lookalike.compare.summary import summarise_images
from lookalike.core import io, registry
from lookalike.core.errors import InputError
from lookalike.findings import units as unit_sentences
from lookalike.images import units
from lookalike.workflow.images import check_images
from lookalike.workflow.plan import make_plan

ROWS = [
    {"image": image, "label": label, "path": f"photos/{label}/{image}.png", "split": "val"}
    for image, label in zip("abcdef", ["cat"] * 3 + ["dog"] * 3, strict=True)
]


def table_file(folder, cells, column="scene"):
    path = folder / "scenes.csv"
    lines = (f"{image},{cell}\n" for image, cell in cells.items())
    path.write_text(f"image,{column}\n{''.join(lines)}", encoding="utf-8")
    return path


def test_near_copies_are_units_and_are_named():
    found = units.group_images(ROWS, np.array([0, 0, 2, 3, 0, 5]))
    assert [row["unit"] for row in found] == ["a", "a", "c", "d", "a", "f"]
    assert [row["why"] for row in found] == [*["near-copies"] * 2, "", "", "near-copies", ""]
    assert [*units.number_units(found).values()] == [0, 0, 1, 2, 0, 3]
    assert units.unit_remarks(found) == [
        "3 of 6 images are near-copies of others, for example a and b: the 6 images are counted as "
        "4 units.",
        "Images of one unit that have different classes: 1 unit, for example a (cat) and e (dog).",
    ]


def test_images_without_near_copies_are_units_of_their_own():
    for copies in (None, np.arange(6)):
        found = units.group_images(ROWS, copies)
        assert [*units.number_units(found).values()] == [*range(6)]
        assert units.unit_remarks(found) == []


def test_given_groups_are_units_whatever_is_near(tmp_path):
    path = table_file(tmp_path, dict(zip("fedcba", "xxyyzz", strict=True)), "Scene")
    groups = units.find_groups(ROWS, ROWS, False, path, "scene")
    assert groups == (dict(zip("abcdef", "zzyyxx", strict=True)), "scene")
    found = units.group_images(ROWS, np.array([0, 1, 0, 3, 4, 5]), *groups)
    assert [*units.number_units(found).values()] == [0, 0, 1, 1, 2, 2]
    assert units.unit_remarks(found) == [
        "Images of one scene belong together: 6 images in 3 units.",
        "2 of 6 images are near-copies of others, for example a and c.",
        "Near-copies in different units, which count as independent: 1 group, for example a and c.",
        "Images of one unit that have different classes: 1 unit, for example c (cat) and d (dog).",
    ]
    by_class = units.find_groups(ROWS, ROWS, True, path, "scene")
    assert by_class == ({row["image"]: row["label"] for row in ROWS}, "class")


def test_the_table_of_groups_may_name_files_and_other_images(tmp_path):
    cells = {f"{image}.png": "x" for image in "abc"} | {"d": "y", "e": "y", "z": "y"}
    path = table_file(tmp_path, cells)
    assert units.find_groups(ROWS, ROWS[:5], False, path, "scene")[0] == dict(
        zip("abcde", "xxxyy", strict=True)
    )


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (dict.fromkeys("abcde", "x"), "1 of 6 images have no scene, for example 'f'"),
        (dict.fromkeys("abcdef", "x") | {"b": " "}, "the scene of image 'b' is missing"),
        (dict.fromkeys([*"abcdef", "a.png"], "x"), "image 'a' appears twice"),
    ],
)
def test_tables_that_leave_groups_open_are_refused(cells, message, tmp_path):
    with pytest.raises(InputError, match=f"scenes.csv: {message}"):
        units.find_groups(ROWS, ROWS, False, table_file(tmp_path, cells), "scene")
    with pytest.raises(InputError, match="columns image and place, between commas"):
        units.find_groups(ROWS, ROWS, False, table_file(tmp_path, cells), "place")


def test_images_without_classes_are_not_drawn_by_class():
    rows = [*ROWS, {"image": "g", "label": "", "path": "g.png"}]
    with pytest.raises(InputError, match=r"image 'g' has no class to be drawn by"):
        units.find_groups(rows, rows, True)


def config_of(images, **changes):
    models = {name: {"timm": "test_resnet", "finetune": False} for name in "xy"}
    return small_config() | {"models": models, "images": images} | changes


def test_groups_are_checked_before_any_job(tmp_path):
    for image in "abc":
        (tmp_path / f"{image}.png").write_text(image)
    table = table_file(tmp_path, {"a": "x", "b": "x"})
    images = {"source": str(tmp_path), "n": "all"}
    plan = make_plan(config_of(images | {"group": {"table": str(table), "column": "scene"}}))
    assert plan.paths["images.group.table"] == str(table) and not plan.draws_classes
    with pytest.raises(InputError, match=r"1 of 3 images have no scene, for example 'c'"):
        check_images(plan, io.hash_file, None)
    for changes in (
        {"images": images | {"group": "class"}},
        {"images": images, "inference": {"population": "classes"}},
    ):
        plan = make_plan(config_of(images) | changes)
        assert plan.draws_classes and plan.group_table == (None, "")
        with pytest.raises(InputError, match="image 'a' has no class"):
            check_images(plan, io.hash_file, None)
    check_images(make_plan(config_of(images)), io.hash_file, None)
    both = config_of(images | {"group": {"table": str(table), "column": "scene"}})
    with pytest.raises(InputError, match=r"images.group: has no effect with `population: classes`"):
        make_plan(both | {"inference": {"population": "classes"}})


def test_groups_of_given_maps_are_checked_and_have_no_classes(tmp_path):
    maps = {name: {"maps": str(tmp_path)} for name in "xy"}
    given = {"models": maps, "metrics": ["cosine"]}
    table = table_file(tmp_path, {"a": "x"})
    images = {"group": {"table": str(table), "column": "scene"}}
    plan = make_plan(given | {"images": images}, lambda *about: False)
    check_images(plan, io.hash_file, ["a"])
    with pytest.raises(InputError, match=r"1 of 2 images have no scene, for example 'b'"):
        check_images(plan, io.hash_file, ["a", "b"])
    for changes in ({"images": {"group": "class"}}, {"inference": {"population": "classes"}}):
        with pytest.raises(InputError, match=r"classes are those of the images of `images.source`"):
            make_plan(given | changes, lambda *about: False)
    alone = {"matrices": {"m": {"path": str(table)}}, "images": images}
    with pytest.raises(InputError, match=r"images.group: has no effect, since no maps"):
        make_plan(alone)


# Factors worked out from tables of Student's t: sqrt(n / (n - 1)) t / 1.959964.
@pytest.mark.parametrize(
    ("number", "factor"), [(2, 9.1682), (8, 1.28978), (30, 1.06127), (128, 1.01356)]
)
def test_intervals_of_few_units_are_widened_about_the_mean(number, factor):
    replicates = np.random.default_rng(number).gamma(2, size=(500, 2))
    plain = resampling.percentile_interval(replicates)
    wide = resampling.percentile_interval(replicates, np.full(2, number))
    centre = replicates.mean(axis=0)
    np.testing.assert_allclose((wide - centre) / (plain - centre), factor, rtol=2e-4)
    row = resampling.with_interval(np.append(1.0, replicates[:, 0]), "x", number)
    assert [row["x_low"], row["x_high"]] == pytest.approx(wide[:, 0].tolist())


def test_one_unit_has_no_interval():
    assert np.isnan(resampling.percentile_interval(np.ones((9, 1)), np.ones(1))).all()


def test_halves_keep_units_whole_and_are_as_before_without_units():
    values = np.random.default_rng(0).random((20, 3))
    alone = resampling.split_halves(values, "mean", 3, 5)
    np.testing.assert_array_equal(
        alone, resampling.split_halves(values, "mean", 3, 5, np.arange(20))
    )
    order = resampling.rng_of(5, "halves", 20).permutation(20)
    np.testing.assert_array_equal(alone[0, 0], values[order[:10]].mean(axis=0))
    # Both images of a scene in one half: then no half has the one without the other.
    scenes = scenes_of(20, 2)[::-1]
    signs = np.tile([1.0, -1.0], 10)[:, None]
    assert np.abs(resampling.split_halves(signs, "mean", 9, 0)).max() > 0
    np.testing.assert_array_equal(resampling.split_halves(signs, "mean", 9, 0, scenes), 0)


def test_a_design_effect_is_the_ratio_of_two_variances():
    rng, scenes = np.random.default_rng(3), scenes_of(30, 3)
    values = rng.normal(size=(10, 4))[scenes] + 0.5 * rng.normal(size=(30, 4))
    found = resampling.design_effects(values, scenes)
    means = values.reshape(10, 3, 4).mean(axis=1)
    np.testing.assert_allclose(
        found, (means.var(axis=0, ddof=1) / 10) / (values.var(axis=0, ddof=1) / 30), rtol=1e-12
    )
    np.testing.assert_allclose(resampling.design_effects(values, np.arange(30)), 1)
    copies = resampling.design_effects(values[::3][scenes], scenes)
    np.testing.assert_allclose(copies, 3 * (10 / 9) / (30 / 29))
    assert np.isnan(resampling.design_effects(values, np.zeros(30, int))).all()


def test_the_summary_goes_by_units_and_never_below_the_metrics_range():
    rng, scenes = np.random.default_rng(4), scenes_of(12, 3)
    values = rng.gamma(0.2, size=(4, 3))[scenes]
    images = tuple(f"i{number}" for number in range(12))
    # Chance needs no values here.
    table = ImageTable(values, values[None], images, ("a", "b", "c"), Key("m", "mse"), scenes)
    found = summarise_images(
        table,
        registry.get("metric", "mse"),
        aggregate="mean",
        resamples=200,
        seed=0,
        originals={name: name for name in "abc"},
    )
    replicates = resampling.bootstrap(values, "mean", 200, 0, scenes)
    low, high = resampling.percentile_interval(replicates, np.full(3, 4))
    np.testing.assert_array_equal(found.dissimilarities.replicates, replicates)
    np.testing.assert_array_equal(found.matrices["low"][0, 1:], np.maximum(low[:2], 0))
    np.testing.assert_array_equal(found.matrices["high"][0, 1:], high[:2])
    assert (low < 0).any() and found.dissimilarities.units_of("a", "c") == 4
    effects = resampling.design_effects(values, scenes)
    np.testing.assert_array_equal(found.matrices["design_effect"][0, 1:], effects[:2])


def coverage_of(units_of_image, sd_unit, draws=400, seed=0):
    """Return the share of draws in which the interval by unit of the mean of normal values holds
    the true mean, 0; images of a unit share a value of this standard deviation, next to their own
    of 1.
    """
    rng, number = np.random.default_rng(seed), int(units_of_image.max()) + 1
    # One column a draw: images are drawn once for all.
    shared = sd_unit * rng.normal(size=(number, draws))
    values = shared[units_of_image] + rng.normal(size=(len(units_of_image), draws))
    replicates = resampling.bootstrap(values, "mean", 400, seed, units_of_image)
    low, high = resampling.percentile_interval(replicates, np.full(draws, number))
    return np.mean((low <= 0) & (high >= 0))


@pytest.mark.parametrize(
    ("number", "copies", "sd"), [(20, 2, 3), (8, 5, 3), (8, 5, 1), (10, 4, 1), (8, 5, 0)]
)
def test_intervals_by_unit_hold_the_true_mean(number, copies, sd):
    by_unit = coverage_of(scenes_of(number * copies, copies), sd)
    assert 0.90 <= by_unit <= 0.98


def sample(classes, each=2):
    rows = [
        {"image": f"{label}{number}", "label": f"c{label}" if classes > 1 else ""}
        for label in range(max(1, classes))
        for number in range(each)
    ]
    return units.group_images(rows, None)


@pytest.mark.parametrize(
    ("classes", "population", "expected"),
    [
        (1, "images", "for other images like these"),
        (5, "images", "for other images of these classes"),
        (10, "images", "for other images of these classes"),
        (8, "classes", "for other classes, of which these 8 are a draw"),
        (
            7,
            "classes",
            "for other images of these classes (to speak of other classes takes at least 8; there "
            "are 7)",
        ),
    ],
)
def test_findings_say_of_which_images_intervals_speak(classes, population, expected):
    assert unit_sentences.scope_of(sample(classes), population) == expected


def test_findings_say_how_much_lies_between_units():
    found = units.group_images(ROWS, np.array([0, 0, 2, 2, 4, 4]))
    effects = [np.array([[np.nan, 2.0], [2.0, np.nan]]), np.array([[0, 1.5], [1.5, 0]])]
    last = unit_sentences.unit_findings(found, effects)[-1].text
    assert last == (
        "Design effect: where images are drawn by units, the variance of a mean is 1.5 to 2.0 "
        "times that of independent images (median over the pairs of models, by method and metric), "
        "so that 6 images count as 3 to 4 independent ones."
    )
    alone = units.group_images(ROWS, None)
    assert unit_sentences.unit_findings(alone, effects) == []
