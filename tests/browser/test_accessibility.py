"""The report by keyboard and screen reader, in narrow windows, light, dark and on paper."""

import pytest
from pages import NAMES, PICTURES, UNPACKED, WITH_MAPS, contrast, luminance, picture

pytest_plugins = ["opening"]


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
