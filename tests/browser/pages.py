"""What is read in a report that is open in a browser. Pictures are left in build/screenshots."""

import re
import shutil

import numpy as np
import pytest
from conftest import ROOT

from lookalike.core import io

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
if not CHROMIUM:
    pytest.skip("needs Chromium; see `make test-browser`", allow_module_level=True)
NAMES = ("demo", "twenty_models", "given_maps", "given_matrix")
WITH_MAPS = NAMES[:3]
PICTURES = ROOT / "build/screenshots"
LOADED = "document.documentElement.dataset.ready"
UNPACKED = "document.documentElement.dataset.printable"


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


def luminance(colour):
    parts = np.array([int(part) for part in re.findall(r"\d+", colour)[:3]]) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(one, other):
    """Return the contrast ratio of WCAG 2."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)
