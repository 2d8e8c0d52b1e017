"""The figures of a view: shades, order and places of models, names that can be read, and files."""

import re
import xml.etree.ElementTree as ET
from io import BytesIO

import numpy as np
import pytest
import reports
from pages import NAMES, luminance
from PIL import Image

pytest_plugins = ["opening"]


@pytest.mark.parametrize("name", NAMES)
def test_colours_of_cells_go_from_0_to_chance_and_differ_only_where_cells_do(opened, name):
    page = opened(name)
    cells = page.locator(".cell").evaluate_all(
        """nodes => nodes.map(node =>
            [node.dataset.pair, node.querySelector('rect').getAttribute('fill')])"""
    )
    fills = dict(cells)
    assert all(fills[pair] == fills["~".join(reversed(pair.split("~")))] for pair in fills)
    scale = page.locator("#figure-matrix .scale").text_content()
    if name == "given_matrix":
        assert "chance" not in scale and len(set(fills.values())) > 20
        return
    assert "chance" in scale
    shades = int(re.search(r"(\d+) shades", scale).group(1))
    assert len(set(fills.values())) == shades
    if name == "twenty_models":
        # Five models of each family, alike to another degree in each.
        within = [fills[f"model-{5 * k:02}~model-{5 * k + 1:02}"] for k in range(4)]
        assert len(set(within)) >= 3
        assert luminance(within[0]) < luminance(fills["model-00~model-19"])


def test_models_keep_their_order_and_their_places(opened):
    page = opened("twenty_models")
    rows = page.locator('#figure-matrix [role="row"] > text').all_text_contents()
    leaves = page.locator("#figure-tree .leaf text").all_text_contents()
    assert rows == leaves
    places = "nodes => nodes.map(node => [node.getAttribute('cx'), node.getAttribute('cy')])"
    before = page.locator("#figure-graph circle").evaluate_all(places)
    page.locator("#choices").get_by_label("resolution").select_option("0.8")
    assert page.locator("#figure-graph circle").evaluate_all(places) == before
    links = page.locator("#figure-graph line.link").count()
    page.locator("#choices input[type=range]").fill("0.95")
    assert 0 < page.locator("#figure-graph line.link").count() <= links
    page.locator("#choices").get_by_label("linkage").select_option("complete")
    rows = page.locator('#figure-matrix [role="row"] > text').all_text_contents()
    assert rows == page.locator("#figure-tree .leaf text").all_text_contents()


@pytest.mark.parametrize("figure", ["points", "graph"])
def test_names_of_twenty_models_do_not_cover_one_another(opened, figure):
    page = opened("twenty_models")
    # Without the halo, which `bounding_box` counts.
    boxes = page.locator(f"#figure-{figure} text.name").evaluate_all(
        """nodes => nodes.map(node => node.getBBox())
        .map(({x, y, width, height}) => ({x, y, width, height}))"""
    )
    assert len(boxes) == reports.MODELS
    covered = 0
    for place, one in enumerate(boxes):
        for other in boxes[:place]:
            wide, high = (
                min(one[start] + one[size], other[start] + other[size])
                - max(one[start], other[start])
                for start, size in (("x", "width"), ("y", "height"))
            )
            covered += wide > 1 and high > 1
    assert covered == 0
    assert min(box["height"] for box in boxes) >= 10


@pytest.mark.parametrize("figure", ["first", "matrix", "tree", "points", "graph"])
def test_figures_are_saved_as_svg_with_text_and_as_png(opened, figure, tmp_path):
    page = opened("twenty_models")
    place = page.locator("#strip-bar" if figure == "first" else f"#figure-{figure}")
    with page.expect_download() as download:
        place.get_by_role("button", name="SVG").click()
    download.value.save_as(tmp_path / "figure.svg")
    root = ET.parse(tmp_path / "figure.svg").getroot()
    texts = [node.text for node in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "model-07" in texts
    styled = [node for node in root.iter() if "font-family" in node.get("style", "")]
    assert styled
    with page.expect_download() as download:
        place.get_by_role("button", name="PNG").click()
    download.value.save_as(tmp_path / "figure.png")
    drawn = np.asarray(Image.open(BytesIO((tmp_path / "figure.png").read_bytes())).convert("RGB"))
    if figure == "first":
        (maps,) = root.iter("{http://www.w3.org/2000/svg}image")
        assert maps.get("href").startswith("data:image/png;base64,")
        width = page.locator("#strip").evaluate("node => node.clientWidth")
    else:
        width = place.locator("svg").evaluate("node => node.viewBox.baseVal.width")
    assert drawn.shape[1] == pytest.approx(3 * width, abs=3) and drawn.std() > 10
