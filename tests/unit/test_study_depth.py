"""GradCAM along the network: planted families, families that mean nothing, real networks."""

import numpy as np
import pytest
import torch
from networks import TARGETS, tiny_model

from lookalike.core import registry
from lookalike.images import demo
from lookalike.methods.explain import inputs_of
from lookalike.plots.depth import curves, maps_by_depth
from lookalike.plots.style import save
from lookalike.studies import depth, depth_maps
from lookalike.studies.explainer import Explainer

torch.set_num_threads(1)
DEPTHS = (0.25, 0.5, 0.75, 1.0)
GRADCAM = registry.get("method", "gradcam")


@pytest.fixture(scope="module")
def explainer(tmp_path_factory):
    from PIL import Image

    folder, rows = tmp_path_factory.mktemp("images"), []
    for number, (_, _, pixels, _) in enumerate(demo.draw_images(0, "val", 3, 64)):
        Image.fromarray(pixels).save(folder / f"{number}.png")
        rows.append({"image": str(number), "path": str(folder / f"{number}.png"), "label": ""})
    return Explainer(
        rows, [2, 0], size=64, fit="crop", target="predicted", seed=0, device="cpu", threads=1
    )


def measure(values, families, permutations=999, resamples=100):
    models = list(families)
    units = np.arange(len(next(iter(values.values()))))
    return depth.corrected(
        depth.measure_depths(
            "cosine",
            values,
            models,
            families,
            units,
            "mean",
            resamples=resamples,
            permutations=permutations,
            seed=0,
        )
    )


def planted(rng, gaps, families, images=32, own=0.05):
    """Return dissimilarities by depth: those between families are larger by a gap; each pair has
    its own mean, and each image its noise.
    """
    apart = ~depth.same_family(list(families), families)
    kept = rng.normal(0.5, own, len(apart))
    return {
        at: kept + gap * apart + rng.normal(0, 0.1, (images, len(apart)))
        for at, gap in zip(DEPTHS, gaps, strict=True)
    }


def test_families_are_said_to_part_where_they_do():
    families = {f"M{number}": "AB"[number % 2] for number in range(10)}
    rows = measure(planted(np.random.default_rng(2), (0, 0, 0.3, 0.3), families), families)
    assert [row["gap_corrected"] < 0.05 for row in rows] == [False, False, True, True]
    for row, gap in zip(rows, (0, 0, 0.3, 0.3), strict=True):
        assert row["gap"] == pytest.approx(gap, abs=0.06)
        assert row["gap"] == pytest.approx(row["between"] - row["within"])
        assert row["gap_low"] <= row["gap"] <= row["gap_high"]
    families_part, correlations = depth.conclude([], rows)
    assert families_part.startswith(
        "cosine: models of different families are farther apart than of one at 0.75, 1; "
    )
    assert np.isnan(rows[-1]["r"]) and rows[2]["r"] > 0.9
    assert "at 0.75 (" in correlations and "at 1 (" not in correlations


def test_families_that_mean_nothing_part_nowhere():
    rng, families = (
        np.random.default_rng(1),
        {f"M{number}": "AB"[number % 2] for number in range(8)},
    )
    claimed = 0
    for _ in range(100):
        # Some models are farther from all others, whatever their family.
        shift = rng.normal(0, 0.1, 8)
        first, second = np.triu_indices(8, 1)
        values = planted(rng, (0, 0, 0, 0), families, images=12)
        values = {at: table + shift[first] + shift[second] for at, table in values.items()}
        rows = measure(values, families, permutations=199, resamples=10)
        claimed += any(row["gap_corrected"] < 0.05 for row in rows)
    assert claimed <= 9


@pytest.mark.parametrize(
    ("families", "why"),
    [
        ({"a": "A", "b": "A", "c": "A", "d": "A"}, depth.NO_FAMILIES),
        ({"a": "A", "b": "B", "c": "C", "d": "D"}, depth.NO_FAMILIES),
        ({"a": "A", "b": "A", "c": "B"}, "needs at least 4 independent models; found 3"),
        ({"a": "A", "b": "A", "c": "B", "d": "B"}, depth.NEVER),
    ],
)
def test_what_cannot_be_told_is_said(families, why):
    rows = measure(planted(np.random.default_rng(2), (0, 0.2, 0.4, 0.6), families), families)
    assert {row["untested"] for row in rows} == {why}
    assert depth.conclude([], rows)[0] == f"Cannot tell where families part: {why}."


def test_layers_are_those_that_gradcam_takes(explainer):
    model, layer = tiny_model("test_resnet"), "layer3"
    maps, rows = depth_maps.explain_depths(
        explainer, GRADCAM, model, TARGETS[:2], "ResNet", DEPTHS, None
    )
    assert [row["layer"] for row in rows] == ["layer1", "layer2", "layer3", "layer4"]
    pixels = explainer_pixels(explainer)
    for at in DEPTHS:
        expected, _ = GRADCAM(*inputs_of(model, pixels, TARGETS[:2]), [0, 0], depth=at)
        np.testing.assert_allclose(maps[at], expected, atol=1e-6)
    named, about = depth_maps.explain_depths(
        explainer, GRADCAM, model, TARGETS[:2], "ResNet", DEPTHS, layer
    )
    # A layer that the config names stands for the full depth.
    np.testing.assert_array_equal(named[1.0], maps[0.75])
    assert [row["layer"] for row in about] == ["layer1", "layer2", "layer3", "layer3"]


def explainer_pixels(explainer):
    from lookalike.images.reading import load_images

    return load_images([explainer.rows[place] for place in explainer.places], 64, "crop", 1)


def test_maps_that_the_workflow_made_are_read(explainer):
    known = {1.0: lambda image: np.full((2, 2), float(image))}
    maps, rows = depth_maps.explain_depths(
        explainer, GRADCAM, tiny_model("test_resnet"), TARGETS[:2], "A", (0.5, 1.0), None, known
    )
    assert explainer.images == ["2", "0"]
    assert [one.mean() for one in maps[1.0]] == [2, 0]
    assert rows[1]["native_grid"] == "2x2" and rows[1]["zero_maps"] == 1


def test_a_network_without_stages_is_left_out_and_named(explainer):
    model = tiny_model("test_resnet")
    model.net.feature_info = []
    _, rows = depth_maps.explain_depths(
        explainer, GRADCAM, model, TARGETS[:2], "Plain", (0.5, 1.0), None
    )
    assert depth_maps.with_all_depths(rows) == []
    left_out, nothing = depth.conclude(rows, [])
    assert left_out.startswith("Left out: Plain (ResNet names no stages")
    assert nothing == "Cannot tell: needs at least 2 models; found 0."


def test_a_repaired_cell_is_that_of_the_known_depth():
    raw = {"A": {0.5: [np.eye(4)], 1.0: [np.eye(2)]}}
    views = {"A": {"size": 4, "sign": "positive", "scale": "none", "repair": (1, 1)}}
    maps, _ = depth_maps.view_depths(["a"], raw, views, 1.0)
    assert maps[0.5]["A"][0, 3, 3] == 1 and maps[1.0]["A"][0, 3, 3] < 0.5


@pytest.mark.parametrize("models", [7, 14])
def test_figures_are_drawn(tmp_path, models):
    families = {f"Model number {number}": "AB"[number % 2] for number in range(models)}
    rows = measure(planted(np.random.default_rng(3), (0, 0.1, 0.2, 0.3), families), families)
    save(curves(rows, title="gradcam by depth"), [tmp_path / "curves.png"])
    layers = [
        {"model": name, "depth": at, "native_grid": f"{side}x{side}"}
        for name in families
        for at, side in zip(DEPTHS, (56, 28, 14, 7), strict=True)
    ]
    rng = np.random.default_rng(4)
    maps = {
        at: {name: rng.random((side, side)) for name in families}
        for at, side in zip(DEPTHS, (56, 28, 14, 7), strict=True)
    }
    save(maps_by_depth(None, maps, layers, title="image a"), [tmp_path / "maps.png"])
    assert min(path.stat().st_size for path in tmp_path.iterdir()) > 10_000
