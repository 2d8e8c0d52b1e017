"""Native grids: what a grid cannot show, and what that makes of a dissimilarity."""

import numpy as np
import pytest

from lookalike.core import registry
from lookalike.maps import grids, views
from lookalike.plots.gradcam_grids import native_and_enlarged
from lookalike.studies import gradcam_grids

SIZE = 28
CARD = {"view": {"size": SIZE, "scale": "max_abs"}, "data_range": 1.0}
METRICS = {name: (registry.get("metric", name), {}) for name in ("cosine", "mse")}


def smooth(rng, side=7, images=10):
    return [rng.random((side, side)).astype(np.float32) for _ in range(images)]


def fine(coarse, rng, detail):
    """Return maps of twice the grid, with detail within each cell of the coarse one, mean zero."""
    checks = np.indices((14, 14)).sum(axis=0) % 2 - 0.5
    return [np.kron(one, np.ones((2, 2))) + detail * rng.random() * checks for one in coarse]


def test_block_means_are_those_of_whole_blocks_and_keep_the_mean():
    rng = np.random.default_rng(0)
    saliency = rng.random((14, 14))
    expected = saliency.reshape(7, 2, 7, 2).mean(axis=(1, 3))
    np.testing.assert_allclose(grids.block_means(saliency, (7, 7)), expected)
    assert grids.block_means(saliency, (5, 9)).mean() == pytest.approx(saliency.mean())
    np.testing.assert_allclose(
        grids.block_means(expected, (14, 14)), np.kron(expected, np.ones((2, 2)))
    )


def test_lost_share_is_the_variance_within_cells():
    rng = np.random.default_rng(1)
    saliency = rng.random((14, 14))
    blocks = saliency.reshape(7, 2, 7, 2).transpose(0, 2, 1, 3).reshape(49, 4)
    within = blocks.var(axis=1).mean() / saliency.var()
    assert grids.lost_share(saliency, (7, 7)) == pytest.approx(within)
    assert grids.lost_share(saliency, (14, 14)) == pytest.approx(0)
    assert np.isnan(grids.lost_share(np.ones((4, 4)), (2, 2)))
    assert grids.lost_by_resizing(saliency, 14) == pytest.approx(0)
    assert grids.lost_by_resizing(saliency, 4) > 0.5
    assert grids.lost_by_resizing(np.indices((7, 7))[0].astype(float), 224) < 0.01


def test_the_floor_is_the_dissimilarity_of_the_grids_alone():
    rng = np.random.default_rng(2)
    coarse = smooth(rng)
    raw = {"A": coarse, "B": [np.zeros((14, 14)), *fine(coarse, rng, 1.0)[1:]]}
    cards, means = dict.fromkeys(raw, CARD), {("cosine", "B"): 0.5}
    rows = gradcam_grids.measure_floors(
        "gradcam", METRICS, raw, cards, means, np.arange(10), 100, 0
    )
    assert [(row["model"], row["metric"]) for row in rows] == [("B", "cosine"), ("B", "mse")]
    # On the grid of A, the maps of B are those of A.
    own = [
        METRICS["cosine"][0](*(views.view(one, **CARD["view"])[None] for one in pair)).item()
        for pair in zip(raw["B"][1:], coarse[1:], strict=True)
    ]
    assert rows[0]["floor"] == pytest.approx(np.mean(own))
    assert rows[0]["floor_low"] < rows[0]["floor"] < rows[0]["floor_high"]
    table = gradcam_grids.measure_grids(
        "gradcam", raw, {"A": "layer4"}, SIZE, np.arange(10), 100, 0
    )
    assert [(row["native_grid"], row["layer"], row["n"]) for row in table] == [
        ("7x7", "layer4", 10),
        ("14x14", "", 9),
    ]
    assert table[0]["finer"] == pytest.approx(0) and table[1]["finer"] > 0.1
    sentences = gradcam_grids.conclude(table, rows, SIZE)
    assert sentences[0] == "gradcam: native grids are 7x7 for A; 14x14 for B."
    assert "gradcam, cosine: the grids alone can make" in sentences[-2]
    assert sentences[-2].endswith("B, 14x14 against 7x7), of its mean dissimilarity of 0.5.")


def test_of_one_grid_nothing_comes_from_the_grids():
    rng = np.random.default_rng(3)
    raw = {name: smooth(rng) for name in "AB"}
    about = np.arange(10), 20, 0
    rows = gradcam_grids.measure_floors(
        "gradcam", METRICS, raw, dict.fromkeys(raw, CARD), {}, *about
    )
    assert len(rows) == 1 and rows[0]["untested"]
    table = gradcam_grids.measure_grids("gradcam", raw, {}, SIZE, *about)
    assert gradcam_grids.conclude(table, rows, SIZE)[-1] == (
        "gradcam: all models have one grid, so that no dissimilarity comes from the grids."
    )


def test_a_layer_is_that_of_the_run():
    assert gradcam_grids.layer_of("layer4", {"depth": 1.0, "layer": None}) == "layer4"
    assert gradcam_grids.layer_of("layer4", {"depth": 1.0, "layer": "layer3"}) == "layer3"
    assert gradcam_grids.layer_of("layer4", {"depth": 0.5, "layer": None}) == "at depth 0.5"


def test_means_leave_out_a_model_itself():
    values = np.array([[0, 1, 3], [1, 0, 5], [3, 5, 0.0]])
    found = gradcam_grids.means_of(values, list("ABC"), list("ACD"), "mse")
    assert found == {("mse", "A"): 3, ("mse", "C"): 3}


def test_figure_shows_every_model_on_both_grids():
    rng = np.random.default_rng(4)
    raw = {f"Model_{number}": smooth(rng, images=1)[0] for number in range(14)}
    viewed = {name: views.view(one, **CARD["view"]) for name, one in raw.items()}
    rows = [{"model": name, "layer": "stages.3.blocks.2", "native_grid": "7x7"} for name in raw]
    figure = native_and_enlarged(None, raw, viewed, rows, title="gradcam")
    # Two bands of two methods have a bar of colours each.
    assert sum(len(axes.images) for axes in figure.axes) == 2 * 14 + 4
