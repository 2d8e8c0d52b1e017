"""Two models side by side: the maps and numbers are those of the files."""

import re

import numpy as np
import pytest
from pages import WITH_MAPS, cell_of, open_pair, picture, pixels, values_of, view_of
from scipy.stats import spearmanr

from lookalike.core import io
from lookalike.maps import stacks

pytest_plugins = ["opening"]


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


def test_a_pair_that_is_opened_while_another_closes_stays_open(opened):
    page = opened("twenty_models")
    first, second = (
        page.locator(".cell.open").nth(place).get_attribute("data-pair") for place in (0, 5)
    )
    open_pair(page, *first.split("~"))
    page.evaluate(
        """pair => {
            document.querySelector("dialog").close();
            document.querySelector(`.cell[data-pair="${pair}"]`).dispatchEvent(new Event("click"));
        }""",
        second,
    )
    page.wait_for_selector("dialog[open] .card canvas")
    chosen = [select.input_value() for select in page.locator("dialog h2 select").all()]
    assert "~".join(chosen) == second
    page.keyboard.press("Escape")
    page.wait_for_function("!document.querySelector('dialog[open]') && !location.hash")
