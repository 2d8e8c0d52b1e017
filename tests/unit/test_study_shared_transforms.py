"""Shared and own transforms: timm's own pixels, planted maps, McNemar by hand, and null data."""

import math

import numpy as np
import pytest
import timm
import torch
from networks import SWIN, tiny_model
from PIL import Image

from lookalike.core import registry
from lookalike.core.errors import InputError
from lookalike.images.reading import load_images
from lookalike.maps.views import resize
from lookalike.plots.shared_transforms import accuracy_bars
from lookalike.studies import geometries, transform_ways
from lookalike.studies import shared_transforms as study

torch.set_num_threads(1)
SIZES = {"landscape": (230, 171), "portrait": (150, 213)}


def picture(size):
    """Return a picture whose colours vary smoothly."""
    width, height = size
    y, x = np.mgrid[:height, :width] / 40.0
    channels = np.sin(x + y), np.cos(2 * x - y), np.sin(x * y / 3)
    return Image.fromarray(np.uint8(127.5 + 120 * np.stack(channels, axis=-1)))


@pytest.mark.parametrize("mode", ["center", "squash", "border"])
@pytest.mark.parametrize("crop", [0.875, 0.95, 1.0])
@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_own_squares_are_those_of_timm(mode, crop, size):
    net = timm.create_model("test_resnet")
    net.pretrained_cfg |= {"crop_mode": mode, "crop_pct": crop}
    config = timm.data.resolve_model_data_config(net)
    reference = timm.data.create_transform(**config, is_training=False, normalize=False)
    image = picture(size)
    expected = reference(image).permute(1, 2, 0).numpy().astype(float)
    own = geometries.own_geometry(net)
    assert own.size == 160 and own.interpolation == "bilinear"
    np.testing.assert_allclose(np.asarray(own.apply(image)), expected, atol=1)
    if mode != "border":
        # The box alone tells where the square lies.
        box = own.box(*size) * np.tile(size, 2)
        within = np.clip(box, 0, np.tile(size, 2))
        found = np.asarray(image.resize((160, 160), Image.Resampling.BILINEAR, tuple(within)))
        assert np.abs(found - expected).mean() < 0.5


def test_the_size_of_the_options_wins_and_squares_alone_are_taken():
    net = timm.create_model("test_vit", img_size=64)
    assert geometries.own_geometry(net, 64).size == geometries.own_geometry(net, (64, 64)).size
    assert geometries.own_geometry(net, 64).size == 64
    with pytest.raises(InputError, match="no squares"):
        geometries.own_geometry(net, [64, 96])


def test_the_shared_geometry_is_that_of_the_workflow(tmp_path):
    picture(SIZES["portrait"]).save(tmp_path / "a.png")
    rows = [{"path": str(tmp_path / "a.png")}]
    for fit in geometries.MODES:
        found, sizes = geometries.load_squares(rows, geometries.shared_geometry(64, fit))
        np.testing.assert_array_equal(found, load_images(rows, 64, fit))
        assert sizes == [SIZES["portrait"]]
    own = geometries.Geometry(64, "center")
    assert own == geometries.shared_geometry(64, "crop")


@pytest.mark.parametrize("fit", geometries.MODES)
@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_a_map_of_the_own_square_lands_where_the_picture_has_it(fit, size):
    shared = geometries.shared_geometry(96, fit)
    own = geometries.Geometry(160, "center", 0.875)
    # A white disc is bright in both squares, and what the own square shows is its perfect map.
    width, height = size
    y, x = np.mgrid[:height, :width]
    disc = (x - 0.4 * width) ** 2 + (y - 0.6 * height) ** 2 < 15**2
    image = Image.fromarray(np.uint8(255 * disc)).convert("RGB")
    seen = [np.asarray(one.apply(image))[..., 0].astype(float) for one in (own, shared)]
    # Without grey borders.
    own_map, expected = (np.where(one > 130, one, 0) for one in seen)
    moved = geometries.move_map(own_map, own.box(*size), shared.box(*size), 96)
    for axis in (0, 1):
        places = np.arange(96)
        found, wanted = (
            (one.sum(axis=1 - axis) * places).sum() / one.sum() for one in (moved, expected)
        )
        assert found == pytest.approx(wanted, abs=1)
    # The own square leaves margins out.
    ones = geometries.move_map(np.ones((20, 20)), own.box(*size), shared.box(*size), 96)
    assert set(np.unique(ones.round(9))) == {0, 1} and ones[48, 48] > 0 == ones[0, 0]
    left, top, right, bottom = own.box(*size)
    edges = shared.box(*size)
    share = (right - left) / (edges[2] - edges[0]) * (bottom - top) / (edges[3] - edges[1])
    assert ones.mean() == pytest.approx(share, abs=0.03)


def test_a_map_in_its_own_square_is_resized_as_in_views():
    saliency = np.random.default_rng(0).random((7, 5))
    box = np.array([0.1, 0.0, 0.8, 1.0])
    np.testing.assert_allclose(
        geometries.move_map(saliency, box, box, 32), resize(saliency, 32), atol=1e-5
    )


def row(way, right, model="A", split="val", **more):
    right = None if right is None else np.asarray(right, bool)
    about = {"split": split, "model": model, "way": way, "size": 64, "right": right}
    images = 0 if right is None else len(right)
    return about | {"images": images, "remark": "", "untested": ""} | more


def test_mcnemar_by_hand():
    """Eight images change, seven of them for the worse."""
    shared = [1] * 17 + [0] * 3
    own = [0] * 7 + [1] * 10 + [1] + [0] * 2
    found = study.compare_ways([row("shared", shared), row("own", own)], 2000, 0)[1]
    expected = 2 * sum(math.comb(8, k) for k in (0, 1)) / 2**8
    assert (found["lost"], found["won"]) == (7, 1)
    assert found["p"] == found["p_holm"] == pytest.approx(expected)
    assert found["difference"] == pytest.approx(-6 / 20)
    assert found["difference_low"] < -0.3 < found["difference_high"] < 0.05
    # Holm over the models of a split: the smaller p twice.
    rows = [row("shared", shared, "B"), row("own", own, "B")]
    rows += [row("shared", shared, "C"), row("own", shared, "C")]
    corrected = [one["p_holm"] for one in study.compare_ways(rows, 50, 0) if one["way"] == "own"]
    assert corrected == [pytest.approx(2 * expected), 1]
    unchanged = study.compare_ways(rows, 2000, 0)[3]
    assert unchanged["difference"] == 0 and unchanged["difference_low"] < -0.02


def test_without_a_difference_few_are_claimed_and_intervals_hold():
    rng = np.random.default_rng(0)
    claims, covered, runs = 0, 0, 120
    for _ in range(runs):
        rows = []
        for model in "ABCD":
            ability = rng.random(60)
            rows += [row(way, rng.random(60) < ability, model) for way in ("shared", "own")]
        found = [one for one in study.compare_ways(rows, 100, 0) if one["way"] == "own"]
        claims += any(one["p_holm"] <= 0.05 for one in found)
        covered += sum(one["difference_low"] <= 0 <= one["difference_high"] for one in found)
        (sentence,) = study.conclude([one for one in found if one["model"] == "A"], [])[:1]
        assert ("the accuracy of 0 of 1 model is shown to differ" in sentence) == (
            found[0]["p_holm"] > 0.05
        )
    assert claims <= 0.08 * runs, claims
    assert 0.93 * 4 * runs <= covered < 0.995 * 4 * runs


def test_a_matrix_moves_only_where_geometries_matter():
    rng = np.random.default_rng(3)
    metrics = {"mse": (registry.get("metric", "mse"), {})}
    given = np.arange(16), "mean", 100, 0
    claims, runs = 0, 60
    for _ in range(runs):
        own = rng.random((4, 1, 1, 5, 5)) + rng.random((4, 2, 16, 5, 5))
        stacks = {name: tuple(one) for name, one in zip("ABCD", own, strict=True)}
        (found,) = study.measure_movements("gradcam", metrics, stacks, *given)
        claims += found["moved_low"] > 0
        assert ("is not shown to move" in study.conclude([], [found])[-1]) == (
            found["moved_low"] == 0
        )
    assert claims <= 0.1 * runs, claims
    # One model alone sees something else in its own geometry.
    stacks["A"] = stacks["A"][0], stacks["A"][1] + rng.random((5, 5))
    (found,) = study.measure_movements("gradcam", metrics, stacks, *given)
    assert found["moved_low"] > 0


def test_images_are_drawn_evenly_from_the_labels():
    rows = [
        {"image": f"{label}{number}", "label": label, "split": split}
        for split, label, count in (("val", "a", 2), ("val", "b", 9), ("val", "c", 9))
        for number in range(count)
    ]
    rows += [{"image": "x", "label": "", "split": "val"}]
    drawn = study.draw_images(rows, "val", 8, 0)
    assert [one["label"] for one in drawn] == ["a"] * 2 + ["b"] * 3 + ["c"] * 3
    assert {one["image"] for one in drawn} < {
        one["image"] for one in study.draw_images(rows, "val", 9, 0)
    }
    assert study.draw_images(rows, "train", 8, 0) == []
    assert len(study.draw_images(rows, "val", 100, 0)) == 20


@pytest.fixture
def images(tmp_path):
    rows = []
    for number, size in enumerate([*SIZES.values()] * 2):
        path = tmp_path / f"{number}.png"
        picture(size).save(path)
        label = "ab"[number % 2]
        rows.append({"image": str(number), "path": str(path), "label": label})
    return rows


def test_each_way_is_run_only_where_it_is_another(images):
    method, view = registry.get("method", "gradcam"), {"size": 24, "scale": "max_abs"}
    shared = geometries.shared_geometry(64, "crop")
    stacks, ways = {}, {}
    for name in ("test_resnet", "test_byobnet"):
        ways[name] = transform_ways.ways_of(tiny_model(name), shared)
        given = images, [0, 1, 2, 3], view, {}
        stacks[name] = transform_ways.explain_ways(method, ways[name], *given)
    # Of test_resnet alone, mean and std are not ImageNet's.
    remarks = [one.remark for own in ways.values() for one in own.values()]
    assert remarks == ["", "", "", "", "", "as shared"]
    assert all(before.shape == after.shape == (4, 24, 24) for before, after in stacks.values())
    rows = transform_ways.classify("A", ways["test_byobnet"], {"val": images, "train": []})
    assert [one["size"] for one in rows[:3]] == [64, 160, 64]
    np.testing.assert_array_equal(rows[0]["right"], rows[2]["right"])
    assert [one["untested"] for one in rows[3:]] == ["no labelled image in split 'train'"] * 3
    others = [one | {"label": "z"} for one in images]
    assert transform_ways.classify("A", ways["test_byobnet"], {"val": others})[0]["untested"] == (
        "the model has no class 'z'"
    )
    compared = study.compare_ways(rows, 50, 0)
    assert compared[2]["accuracy"] == compared[0]["accuracy"] and compared[2]["p"] is None
    metrics = {"mse": (registry.get("metric", "mse"), {})}
    given = np.arange(4), "mean", 50, 0
    (moved,) = study.measure_movements("gradcam", metrics, stacks, *given)
    assert moved["models"] == 2 and np.isfinite(moved["moved"])
    sentences = study.conclude(compared, [moved], ["A"])
    assert sentences[1].startswith("train: cannot tell")
    assert sentences[2].startswith("Every model has ImageNet's normalisation")
    assert sentences[3] == "Trained in the shared geometry, which favours it: A."
    assert sentences[4].endswith("cannot tell r of both matrices: needs at least 3 models.")
    same = dict.fromkeys("AB", (stacks["test_resnet"][0],) * 2)
    (still,) = study.measure_movements("gradcam", metrics, same, *given)
    assert still["untested"] == "the own geometry of every model is the shared one"
    (one,) = study.measure_movements("gradcam", metrics, {}, *given)
    assert study.conclude(compared, [one])[-1].startswith("gradcam, mse: cannot tell")
    blank = {name: (np.zeros((4, 24, 24)), np.zeros((4, 24, 24))) for name in "AB"}
    metrics = {"cosine": (registry.get("metric", "cosine"), {})}
    (undefined,) = study.measure_movements("gradcam", metrics, blank, *given)
    assert undefined["untested"] == "the metric is not defined for these maps"


def test_a_network_that_does_not_take_its_own_size_is_untested(images):
    # Built for 64, it takes nothing else; its own weights are for 224.
    model = tiny_model("swin_tiny_patch4_window7_224", **SWIN)
    ways = transform_ways.ways_of(model, geometries.shared_geometry(64, "crop"))
    assert "takes no images of 224 x 224" in ways["own"].untested
    assert ";" not in ways["own"].untested
    rows = study.compare_ways(transform_ways.classify("V", ways, {"val": images}), 50, 0)
    assert [one["untested"] == "" for one in rows] == [True, False, True]
    assert transform_ways.explain_ways(None, ways, images, [], {}, {}) is None
    fitting = transform_ways.ways_of(model, geometries.shared_geometry(64, "crop"), 64)
    assert fitting["own"].geometry.size == 64 and not fitting["own"].untested


def test_figure_has_a_bar_for_each_way_that_was_run():
    rng = np.random.default_rng(1)
    rows = []
    for model in range(50):
        for split in ("train", "val"):
            right = rng.random((3, 40)) < 0.9
            ways = zip(transform_ways.WAYS, right, strict=True)
            rows += [row(way, one, f"Model_{model}", split) for way, one in ways]
    figure = accuracy_bars(study.compare_ways(rows, 20, 0), title="A")
    assert [len(axes.patches) for axes in figure.axes] == [120, 120]
    nothing = [row("shared", None, untested="no labelled image")]
    assert not accuracy_bars(study.compare_ways(nothing, 20, 0), title="A").axes[0].patches
