"""The report in a real Chromium, without a network: what it shows is what the files say, it can be
used by mouse and keyboard, it fits small, dark and printed, and no name becomes part of the page.

Pictures of every report are left in build/screenshots.
"""

import json
import re
import shutil
import xml.etree.ElementTree as ET
from io import BytesIO
from urllib.parse import unquote_plus

import numpy as np
import pytest
import reports
from conftest import ROOT, snakemake
from PIL import Image
from scipy.stats import spearmanr

from lookalike.core import io
from lookalike.findings.lead import MOST_WORDS
from lookalike.maps import stacks

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
if not CHROMIUM:
    pytest.skip("needs Chromium; see `make test-browser`", allow_module_level=True)
NAMES = ("demo", "twenty_models", "given_maps", "given_matrix")
WITH_MAPS = NAMES[:3]
PICTURES = ROOT / "build/screenshots"
LOADED = "document.documentElement.dataset.ready"
UNPACKED = "document.documentElement.dataset.printable"


@pytest.fixture(scope="module")
def chromium():
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """The folders of finished runs; the demo is that of `make demo`."""
    assert (ROOT / "results/report.html").exists(), "run `make demo` first"
    found = {"demo": ROOT}
    for name in NAMES[1:]:
        folder = tmp_path_factory.mktemp(name)
        run = snakemake(folder, getattr(reports, name)(folder), cores=2)
        assert run.code == 0, run.text
        found[name] = folder
    return found


@pytest.fixture
def opened(chromium, folders):
    """Return a function that opens a report; the test fails if the page asks for anything, or
    complains.
    """
    contexts, complaints = [], []

    def open_report(name, address="", width=1280, **more):
        context = chromium.new_context(
            viewport={"width": width, "height": 900}, offline=True, accept_downloads=True, **more
        )
        contexts.append(context)
        page = context.new_page()
        own = (folders[name] / "results/report.html").as_uri()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request",
            lambda request: (
                None
                if request.url.startswith((own, "data:", "blob:"))
                else complaints.append(request.url)
            ),
        )
        page.goto(f"{own}{address}")
        page.wait_for_function(LOADED)
        return page

    yield open_report
    for context in contexts:
        context.close()
    assert not complaints


def picture(page, name, **more):
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png", **more)


def view_of(page):
    """Return method, metric and subset of the view that is shown."""
    return page.locator("article[data-view]:not([hidden])").get_attribute("data-view").split("/")


def cell_of(page, one, other):
    return page.locator(f'.cell[data-pair="{one}~{other}"]')


def open_pair(page, one, other):
    cell_of(page, one, other).click()
    page.wait_for_selector("dialog[open] .card canvas")
    page.wait_for_function("document.querySelectorAll('.pictures canvas').length")


def values_of(folder, view, file):
    cells, names = io.read_matrix(folder / "results/matrices" / "/".join(view) / f"{file}.csv")
    return {
        (one, other): cells[row, column]
        for row, one in enumerate(names)
        for column, other in enumerate(names)
    }


def colours_of(canvas):
    """Return the pixels of a canvas, (height, width, 4)."""
    return canvas.evaluate(
        """node => { const data = node.getContext('2d').getImageData(0, 0, node.width, node.height);
        return [data.height, data.width, Array.from(data.data)]; }"""
    )


def pixels(canvas):
    height, width, values = colours_of(canvas)
    return np.reshape(values, (height, width, 4)).astype(float)


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
    maps = page.locator("#strip canvas:not(.head)")
    if name == "given_matrix":
        assert maps.count() == 0
    else:
        assert maps.count() >= 2 * len(names) and maps.count() % len(names) == 0
        for place in (0, maps.count() - 1):
            drawn = pixels(maps.nth(place))
            assert drawn[..., 3].min() > 0 and drawn[..., :3].std() > 5
            assert maps.nth(place).bounding_box()["y"] < 900
        # A row of maps lies next to its leaf.
        for leaf in (leaves[0], leaves[-1]):
            row = tree.locator("text.name", has_text=re.compile(f"^{leaf}$")).bounding_box()
            own = page.locator(f'#strip canvas[data-model="{leaf}"]').first.bounding_box()
            assert abs(row["y"] + row["height"] / 2 - own["y"] - own["height"] / 2) < 4
    picture(page, f"{name}-first")


@pytest.mark.parametrize("name", WITH_MAPS)
def test_a_click_on_a_cell_shows_that_pair_and_the_numbers_of_its_files(opened, folders, name):
    page, folder = opened(name), folders[name]
    view = view_of(page)
    table = io.read_arrays(folder / "results/matrices" / "/".join(view) / "images.npz")
    names = table["names"].tolist()
    one, other = names[0], names[-1]
    open_pair(page, other, one)
    numbers = page.locator("dialog .numbers").inner_text()
    for file, before in (
        ("dissimilarity", "dissimilarity"),
        ("low", "interval"),
        ("high", "to"),
        ("chance", "chance"),
    ):
        shown = float(re.search(rf"{before} (\d*\.\d+)", numbers).group(1))
        assert shown == pytest.approx(values_of(folder, view, file)[one, other], abs=6e-4, rel=6e-3)
    assert f"{values_of(folder, view, 'n')[one, other]:.0f} images" in numbers
    pair = len(names) - 2
    own = dict(zip(table["images"].tolist(), table["values"][:, pair].tolist(), strict=True))
    ordered = sorted((value for value in own.values() if not np.isnan(value)), reverse=True)
    cards = page.locator(".card span").all_inner_texts()
    assert [float(text) for text in cards[: len(ordered)]] == pytest.approx(ordered, abs=0.006)
    where = page.locator(".where").inner_text()
    number, image, value = where.split(" · ")[:3]
    assert number == f"1 of {len(own)} images" and own[image] == pytest.approx(ordered[0])
    assert float(value.split()[-1]) == pytest.approx(ordered[0], abs=6e-3)
    assert page.locator(".card.chosen").count() == 1
    assert page.locator(".card").first.get_attribute("class").split() == ["card", "chosen"]
    captions = page.locator(".pictures figcaption").all_inner_texts()
    assert captions[-1] == f"red: more in {other}, blue: more in {one}"
    picture(page, f"{name}-pair")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.querySelector('.where').textContent.startsWith('2 of')")
    again = page.locator(".where").inner_text().split(" · ")[1]
    assert own[again] == pytest.approx(ordered[1])
    page.get_by_label("order").select_option("least")
    page.wait_for_function("document.querySelector('.where').textContent.startsWith('1 of')")
    least = page.locator(".where").inner_text().split(" · ")[1]
    assert own[least] == pytest.approx(ordered[-1])
    page.get_by_role("button", name="Close").click()
    assert not page.locator("dialog[open]").count()


@pytest.mark.parametrize("name", WITH_MAPS)
def test_maps_are_those_of_the_files(opened, folders, name):
    page, folder = opened(name), folders[name]
    method, metric, subset = view_of(page)
    names = io.read_matrix(
        folder / f"results/matrices/{method}/{metric}/{subset}/dissimilarity.csv"
    )[1]
    one, other = names[:2]
    open_pair(page, one, other)
    page.get_by_label("colours to").select_option("largest")
    if page.locator("dialog input[type=checkbox]").count():
        page.locator("dialog input[type=checkbox]").uncheck()
    page.wait_for_timeout(500)
    image = page.locator(".where").inner_text().split(" · ")[1]
    for model, place in ((one, -3), (other, -2)):
        maps, card = stacks.read_batch(folder / f"results/maps/{method}/{model}/batch_maps.npy")
        expected = maps[card["images"].index(image)]
        canvases = page.locator(".pictures canvas")
        drawn = pixels(canvases.nth(canvases.count() + place))
        height, width = expected.shape
        rows = ((np.arange(height) + 0.5) * drawn.shape[0] / height).astype(int)
        columns = ((np.arange(width) + 0.5) * drawn.shape[1] / width).astype(int)
        shown = drawn[np.ix_(rows, columns)]
        # Signed maps run from blue to red, unsigned ones from black to bright.
        if card["data_range"] == 1.0:
            levels = shown[..., :3].mean(axis=2)
        else:
            levels = shown[..., 0] - shown[..., 2]
        chosen = np.abs(expected) > 0.02 * np.abs(expected).max()
        assert chosen.sum() > 30
        # The colours are not monotonic at the ends of the signed scale, which grow dark.
        assert spearmanr(levels[chosen], expected[chosen]).statistic > 0.93


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


def test_the_later_of_two_choices_is_shown(opened, folders):
    page = opened("demo", "#method=gradcam&metric=cosine&subset=all")
    one, other = "RegNet", "ViT"
    open_pair(page, one, other)
    page.evaluate(
        """for (const method of ["kernelshap", "ig"]) {
            const select = document.querySelector("dialog select[aria-label=method]");
            select.value = method;
            select.dispatchEvent(new Event("change"));
        }"""
    )
    page.wait_for_function(
        "document.querySelector('dialog select[aria-label=method]').value == 'ig'"
    )
    page.wait_for_timeout(500)
    view = view_of(page)
    assert view == ["ig", "cosine", "all"]
    table = io.read_arrays(folders["demo"] / "results/matrices/ig/cosine/all/images.npz")
    names = table["names"].tolist()
    pairs = [(a, b) for place, a in enumerate(names) for b in names[place + 1 :]]
    largest = np.nanmax(table["values"][:, pairs.index((one, other))])
    assert float(page.locator(".card span").first.inner_text()) == pytest.approx(largest, abs=6e-3)
    # The image stays the same, with its value in the new view.
    _, image, text = page.locator(".where").inner_text().split(" · ")
    value = table["values"][table["images"].tolist().index(image), pairs.index((one, other))]
    assert float(text.split()[-1]) == pytest.approx(value, abs=6e-3)
    mean = values_of(folders["demo"], view, "dissimilarity")[one, other]
    numbers = page.locator("dialog .numbers").inner_text()
    assert float(numbers.split()[2]) == pytest.approx(mean, abs=6e-4)


def test_a_model_is_never_compared_with_itself_and_back_closes_the_pair(opened):
    page = opened("twenty_models")
    open_pair(page, "model-03", "model-17")
    page.get_by_label("one model").select_option("model-17")
    page.wait_for_function(
        "document.querySelector('dialog select[aria-label=\\'other model\\']').value == 'model-03'"
    )
    assert page.get_by_label("one model").input_value() == "model-17"
    page.get_by_role("button", name="Close").click()
    cell_of(page, "model-00", "model-01").click()
    page.wait_for_selector("dialog[open]")
    page.go_back()
    page.wait_for_function("!document.querySelector('dialog[open]')")
    assert page.locator("h1").is_visible()


def test_everything_is_within_reach_of_the_keyboard(opened):
    page = opened("twenty_models")
    assert page.locator('.cell[tabindex="0"]').count() == 1
    for _ in range(60):
        page.keyboard.press("Tab")
        focused = page.evaluate("document.activeElement.dataset.pair ?? ''")
        if focused:
            break
    one, other = focused.split("~")
    assert page.locator("#tooltip").inner_text().startswith(f"{one} and {other}")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    moved = page.evaluate("document.activeElement.dataset.pair")
    assert moved != focused
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog[open]")
    chosen = [select.input_value() for select in page.locator("dialog h2 select").all()]
    assert "~".join(chosen) == moved
    page.wait_for_function("document.querySelector('.where').textContent.startsWith('1 of')")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.querySelector('.where').textContent.startsWith('2 of')")
    page.keyboard.press("Escape")
    page.wait_for_function("!document.querySelector('dialog[open]')")
    assert page.evaluate("document.activeElement.dataset.pair") == moved
    leaf = page.locator("#figure-tree .leaf").first
    leaf.focus()
    page.keyboard.press(" ")
    page.wait_for_selector("dialog[open]")
    first = page.locator("dialog h2 select").first.input_value()
    assert first == leaf.get_attribute("aria-label")


@pytest.mark.parametrize("name", NAMES)
def test_what_can_be_used_has_a_name(opened, name):
    page = opened(name)
    nameless = page.evaluate(
        """[...document.querySelectorAll('button, select, input, [role=button], svg, canvas, img')]
        .filter(node => !(node.getAttribute('aria-label') || node.textContent.trim() ||
            node.getAttribute('alt') || node.labels?.length || node.placeholder))
        .map(node => node.outerHTML.slice(0, 120))"""
    )
    assert nameless == []
    assert page.evaluate("document.documentElement.lang") == "en"


@pytest.mark.parametrize("width", [400, 800])
@pytest.mark.parametrize("name", NAMES)
def test_a_narrow_window_cuts_nothing(opened, name, width):
    page = opened(name, width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for fold in page.locator("details").all():
        fold.evaluate("node => { node.open = true }")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    beyond = page.evaluate(
        """[...document.querySelectorAll('body *')]
        .filter(node => !node.closest('.wide, pre, svg, [hidden]'))
        .filter(node => node.getBoundingClientRect().right > innerWidth + 1)
        .map(node => node.outerHTML.slice(0, 120))"""
    )
    assert beyond == []
    if width == 400:
        page.evaluate("scrollTo(0, 0)")
        picture(page, f"{name}-400")
    if name in WITH_MAPS:
        page.locator(".cell.open").first.click()
        page.wait_for_selector("dialog[open] .pictures canvas")
        box = page.locator("dialog").bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width
        inner = page.evaluate(
            "(d => d.scrollWidth - d.clientWidth)(document.querySelector('dialog'))"
        )
        assert inner <= 1
        if width == 400:
            picture(page, f"{name}-400-pair")


def luminance(colour):
    parts = np.array([int(part) for part in re.findall(r"\d+", colour)[:3]]) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(one, other):
    """Return the contrast ratio of WCAG 2."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_in_light_and_dark(opened, scheme):
    page = opened("twenty_models", color_scheme=scheme)
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (luminance(paper) < 0.05) == (scheme == "dark")
    for selector in ("h1", ".note", "#figure-tree text.name", "#figure-tree .support.faded", "a"):
        node = page.locator(selector).first
        colour = node.evaluate(
            """node => { const style = getComputedStyle(node);
            return node.ownerSVGElement ? style.fill : style.color }"""
        )
        ground = (
            paper
            if selector != "a"
            else node.evaluate(
                """node => { const own = getComputedStyle(node).backgroundColor;
            const paper = getComputedStyle(document.body).backgroundColor;
            return own === 'rgba(0, 0, 0, 0)' ? paper : own }"""
            )
        )
        assert contrast(colour, ground) >= 4.5, selector
    numbers = page.evaluate(
        """[...document.querySelectorAll('.cell text')].map(node => [getComputedStyle(node).fill,
            getComputedStyle(node.previousElementSibling).fill])"""
    )
    assert min(contrast(*pair) for pair in numbers) >= 4.5
    picture(page, f"twenty_models-{scheme}", full_page=True)


@pytest.mark.parametrize("name", NAMES)
def test_paper_has_all_that_is_folded_and_cuts_no_table(opened, name, tmp_path):
    page = opened(name)
    page.wait_for_function(UNPACKED)
    page.evaluate(
        """addEventListener('beforeprint', () => {
            window.folded = document.querySelectorAll('details:not([open])').length })"""
    )
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.pdf(path=PICTURES / f"{name}.pdf", prefer_css_page_size=True, print_background=True)
    assert page.evaluate("window.folded") == 0
    # As the paper is wide: A4 across, less its margins.
    page.emulate_media(media="print", color_scheme="dark")
    page.set_viewport_size({"width": 1046, "height": 718})
    for fold in page.locator("details").all():
        fold.evaluate("node => { node.open = true }")
    beyond = page.evaluate(
        """[...document.querySelectorAll('td, th, img, svg, pre')]
        .filter(node => !node.closest('[hidden], dialog'))
        .filter(node => node.getBoundingClientRect().right > innerWidth + 1)
        .map(node => node.outerHTML.slice(0, 120))"""
    )
    assert beyond == []
    assert luminance(page.evaluate("getComputedStyle(document.body).backgroundColor")) > 0.9
    assert page.evaluate(
        "[...document.querySelectorAll('img')].every(node => node.naturalWidth > 0)"
    )


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


@pytest.mark.parametrize("figure", ["matrix", "tree", "points", "graph"])
def test_figures_are_saved_as_svg_with_text_and_as_png(opened, figure, tmp_path):
    page = opened("twenty_models")
    place = page.locator(f"#figure-{figure}")
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
    width = place.locator("svg").evaluate("node => node.viewBox.baseVal.width")
    assert drawn.shape[1] == pytest.approx(3 * width, abs=3) and drawn.std() > 10


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
