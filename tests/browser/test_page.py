"""The report: first screen, verdicts and tables say what the files say, the address brings a view
back, and no name becomes part of the page.
"""

import json
import re
from urllib.parse import unquote_plus

import pytest
import reports
from pages import NAMES, open_pair, picture, pixels, view_of

from lookalike.core import io
from lookalike.findings.lead import MOST_WORDS

pytest_plugins = ["opening"]


@pytest.mark.parametrize("name", NAMES)
def test_the_first_screen_says_and_shows_who_looks_alike(opened, folders, name):
    page = opened(name)
    found = io.read_json(folders[name] / "results/inference/findings.json")
    heading = page.locator("h1")
    assert heading.inner_text() == found["lead"]["sentence"]
    assert len(heading.inner_text().split()) <= MOST_WORDS
    tree = page.locator("#strip svg")
    box = tree.bounding_box()
    assert box["y"] > 0 and box["y"] + box["height"] < 900
    leaves = tree.locator("text.name").all_text_contents()
    _, names = io.read_matrix(
        folders[name] / "results/matrices" / "/".join(found["lead"]["matrix"]) / "dissimilarity.csv"
    )
    assert sorted(leaves) == sorted(names)
    maps = page.locator("#strip .map")
    if name == "given_matrix":
        assert maps.count() == 0
    else:
        assert maps.count() >= 2 * len(names) and maps.count() % len(names) == 0
        # One canvas for all: with one each, the browser is slow in all that it draws.
        canvas = page.locator("#strip canvas")
        assert canvas.count() == 1
        drawn, whole = pixels(canvas), canvas.bounding_box()
        for place in (0, maps.count() - 1):
            box = maps.nth(place).bounding_box()
            assert box["y"] < 900
            left, top = (
                round((box[axis] - whole[axis]) * len(drawn) / whole["height"]) for axis in "xy"
            )
            side = int(box["height"] * len(drawn) / whole["height"])
            own = drawn[top : top + side, left : left + side][3:-3, 3:-3]
            assert own[..., 3].min() > 0 and own[..., :3].std() > 5
        # A row of maps lies next to its leaf.
        for leaf in (leaves[0], leaves[-1]):
            row = tree.locator("text.name", has_text=re.compile(f"^{leaf}$")).bounding_box()
            own = page.locator(f'#strip .map[data-model="{leaf}"]').first.bounding_box()
            assert abs(row["y"] + row["height"] / 2 - own["y"] - own["height"] / 2) < 4
    picture(page, f"{name}-first")


def test_the_address_brings_a_view_back(opened, folders):
    page = opened("twenty_models")
    page.locator("#choices").get_by_label("metric").select_option("mse")
    page.locator("#choices").get_by_label("linkage").select_option("complete")
    page.locator("#choices").get_by_label("resolution").select_option("1.2")
    page.locator("#choices input[type=range]").fill("0.8")
    open_pair(page, "model-03", "model-17")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.querySelector('.where').textContent.startsWith('2 of')")
    where, address = page.locator(".where").inner_text(), page.url.split("report.html")[1]
    assert "metric=mse" in address and "linkage=complete" in address
    again = opened("twenty_models", address)
    again.wait_for_function("document.querySelector('.where')?.textContent.startsWith('2 of')")
    assert again.locator(".where").inner_text() == where
    assert view_of(again)[1] == "mse"
    for label, value in (("linkage", "complete"), ("resolution", "1.2")):
        assert again.locator("#choices").get_by_label(label).input_value() == value
    assert "at least 80%" in again.locator("#figure-graph").inner_text()
    assert again.locator("dialog select").first.input_value() == "model-03"
    again.get_by_role("button", name="Close").click()
    assert "pair=" not in again.url and "metric=mse" in again.url
    for wrong in (
        "#metric=none&linkage=none&pair=a~b&by=nothing&resolution=9",
        "#by=constructor&share=abc&pair=model-01~model-01&image=%",
    ):
        nowhere = opened("twenty_models", wrong)
        assert view_of(nowhere)[1] in ("cosine", "mse")
        assert nowhere.locator("#figures figure").count() == 4
        assert not nowhere.locator("dialog[open]").count()


def test_names_are_drawn_and_harm_nothing(opened, folders):
    page = opened("twenty_models")
    assert page.evaluate("window.harmed") is None
    legend = page.locator("#figure-tree svg text").all_text_contents()
    assert set(reports.FAMILIES) <= set(legend)
    open_pair(page, "model-00", "model-01")
    image = page.locator(".where").inner_text().split(" · ")[1]
    rows = io.read_table(folders["twenty_models"] / "results/images/explained.csv")
    assert image in [row["image"] for row in rows] and image.startswith("<i>")
    assert page.locator("dialog i, dialog b").count() == 0
    labels = page.locator(".pictures figcaption").first.inner_text()
    assert labels.removeprefix("image: ") in reports.CLASSES
    assert image in unquote_plus(page.url)
    assert page.evaluate("window.harmed") is None


def test_a_verdict_tells_its_numbers_and_leads_to_its_table(opened, folders):
    page = opened("demo")
    rows = io.read_table(folders["demo"] / "results/inference/multiverse.csv")
    own = [row for row in rows if row["conclusion"] == "dependence" and row["method"] == "ig"]
    line = page.locator(".verdicts tr", has_text="depend on the image")
    column = page.locator(".verdicts th").all_inner_texts().index("ig")
    verdict = line.locator("td").nth(column).locator("a")
    verdict.hover()
    told = page.locator("#tooltip").inner_text().splitlines()
    assert len(told) == len(own)
    for row, text in zip(own, told, strict=True):
        assert text.startswith(f"{row['metric']} {row['subset']} images: {row['verdict']}")
        assert f"{float(row['value']):.3g} ({float(row['low']):.3g} to" in text
    assert not page.locator("#structure table").is_visible()
    verdict.click()
    assert page.locator("#structure table").is_visible()
    top = page.locator("#structure").bounding_box()["y"]
    assert -5 < top < 900 and "#structure" not in page.url


def test_tables_are_sorted_filtered_and_saved(opened, tmp_path):
    page = opened("demo")
    page.locator("#models summary").click()
    table = page.locator("#models table")
    column = table.locator("th").all_inner_texts().index("parameters")
    table.locator("th").nth(column).click()

    def cells(place):
        texts = table.locator(f"tr:not([hidden]) td:nth-child({place + 1})").all_inner_texts()
        return [text.replace(",", "") for text in texts]

    numbers = [float(text) for text in cells(column)]
    assert numbers == sorted(numbers)
    table.locator("th").nth(column).click()
    assert [float(text) for text in cells(column)] == sorted(numbers, reverse=True)
    with page.expect_download() as download:
        page.locator("#models").get_by_role("button", name="CSV").click()
    download.value.save_as(tmp_path / "models.csv")
    saved = io.read_table(tmp_path / "models.csv")
    assert [row["model"] for row in saved] == cells(0)
    page.locator("#factors summary").first.click()
    page.locator("#factors details details summary").click()
    page.locator("#factors").get_by_label("show rows with").fill("accuracy")
    left = page.locator("#factors table tr:not([hidden])").all_inner_texts()[1:]
    assert left and all("accuracy" in row for row in left)


def test_given_matrices_get_a_page_without_images_and_replicates(opened):
    page = opened("given_matrix")
    for fold in page.locator("details").all():
        fold.evaluate("node => { node.open = true }")
    shown = page.locator("main").inner_text() + page.locator("header").inner_text()
    shown = shown.replace("scikit-image", "")
    assert not re.search(r"\bimages?\b|replicate|ellips|bootstrap", shown, re.I)
    assert page.locator("canvas").count() == 0
    empty = page.evaluate(
        """[...document.querySelectorAll('section')]
        .filter(node => node.textContent.trim().length < 40).length"""
    )
    assert empty == 0
    page.locator(".cell").first.click()
    assert not page.locator("dialog[open]").count()
    assert page.locator("#figure-tree .faded").count() == 0


def test_the_page_of_the_demo_is_small(folders):
    report = folders["demo"] / "results/report.html"
    text = report.read_text(encoding="utf-8")
    assert report.stat().st_size < 5e6
    script = re.search(r'<script type="module">(.*?)</script>', text, re.S).group(1)
    assert len(script.encode()) < 500_000
    assert json.dumps(text).count("http") - text.count("http://www.w3.org/2000/svg") == 0
