"""Files of figures: text that stays text, fonts, widths, equal bytes; colours of families."""

import re
import time

import numpy as np
import pytest
from matplotlib import rcParams
from matplotlib.collections import QuadMesh

from lookalike.plots import style
from lookalike.plots.dendrogram import dendrogram, merges_of
from lookalike.plots.files import files_of_figures
from lookalike.plots.matrix import heatmap
from lookalike.plots.style import Look, colours_of, family_styles, save, use

FAMILIES = {"Inefficient": "fish & <chips>", "bee": "insect", "cow": "mammal"}
MATRIX = np.array([[0, 0.1, 0.2], [0.1, 0, 0.3], [0.2, 0.3, 0]])


@pytest.fixture(autouse=True)
def _as_before():
    yield
    use(**vars(Look()))


def drawn(**given):
    about = {"label": "d", "title": "an effect − <b>", **given}
    return heatmap(MATRIX, list(FAMILIES), FAMILIES, **about)


def test_text_stays_text_in_svg_and_a_pdf_embeds_one_font_in_equal_bytes(tmp_path):
    for name in ("a", "b"):
        save(drawn(), [tmp_path / f"{name}.{kind}" for kind in ("svg", "pdf")])
        time.sleep(1.1)  # The time stands in files in seconds.
    for kind in ("svg", "pdf"):
        assert (tmp_path / f"a.{kind}").read_bytes() == (tmp_path / f"b.{kind}").read_bytes()
    svg, pdf = (tmp_path / "a.svg").read_text(), (tmp_path / "a.pdf").read_bytes()
    shown = re.findall(r"<text[^>]*>([^<]*)</text>", svg)
    assert {"Inefficient", "an effect − &lt;b&gt;", "fish &amp; &lt;chips&gt;", ".10"} <= {*shown}
    assert "'DejaVu Sans', 'Verdana', 'Arial', 'Helvetica', sans-serif" in svg
    assert pdf.count(b"/FontFile2") == 1 and b"/CIDFontType2" in pdf and b"/Type3" not in pdf
    assert b"CreationDate" not in pdf


def test_names_on_lines_are_text_as_well(tmp_path):
    tree = np.array([[0, 1, 0.1, 2], [2, 3, 0.3, 3]])
    clades = [row | {"support": 0.75} for row in merges_of(tree)]
    figure = dendrogram(clades, list(FAMILIES), FAMILIES, label="d", title="t", chance=0.4)
    save(figure, [tmp_path / "a.svg"])
    assert {"75%", "chance", "bee"} <= {
        *re.findall(r"<text[^>]*>([^<]*)</text>", (tmp_path / "a.svg").read_text())
    }


@pytest.mark.parametrize("width", [85, 180])
def test_files_are_as_wide_as_a_page_whatever_their_format(tmp_path, width):
    use(width=width)
    figure = drawn(title="a title of many words " * 6)
    save(figure, [tmp_path / f"a.{kind}" for kind in ("svg", "pdf", "png")])
    points = width / 25.4 * 72
    svg = float(re.search(r'width="([\d.]+)pt"', (tmp_path / "a.svg").read_text())[1])
    pdf = re.search(rb"/MediaBox \[ 0 0 ([\d.]+)", (tmp_path / "a.pdf").read_bytes())[1]
    pixels = int.from_bytes((tmp_path / "a.png").read_bytes()[16:20], "big")
    assert svg == pytest.approx(points, abs=0.01) and float(pdf) == pytest.approx(points, abs=0.01)
    assert pixels == pytest.approx(300 * width / 25.4, abs=1)
    # The sizes of text are those of every width.
    assert {text.get_fontsize() for text in figure.axes[0].texts} == {7.5}


def test_a_font_of_ones_own_comes_first(tmp_path):
    use(font="DejaVu Serif")
    save(drawn(), [tmp_path / f"a.{kind}" for kind in ("svg", "pdf")])
    assert "'DejaVu Serif', 'DejaVu Sans'" in (tmp_path / "a.svg").read_text()
    assert b"DejaVuSerif" in (tmp_path / "a.pdf").read_bytes()
    use(font=None)
    assert rcParams["font.sans-serif"] == [*style.FONTS]


def test_files_of_several_figures_are_told_apart():
    paths = ["x/a.b.svg", "x/a.b.pdf", "x/a.svg", "x/a.pdf"]
    assert files_of_figures(paths) == [paths[:2], paths[2:]]
    assert files_of_figures([]) == []


def test_no_two_families_have_one_colour_and_one_marker():
    families = [f"family {number}" for number in range(120)]
    styles = family_styles(families)
    assert len({*styles.values()}) == 121 == len(styles)
    assert len({styles[name][0] for name in sorted(families)[:8]}) == 8


def test_a_family_has_one_colour_in_all_figures_of_a_run():
    run = {"a": "ape", "b": "bat", "c": "cow"}
    of_some = family_styles(colours_of(["c", "new"], run).values())
    assert of_some == family_styles([*run.values(), "unknown"])
    figure = heatmap(MATRIX[:2, :2], ["b", "c"], run, label="d", title="t")
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["bat", "cow"]
    markers = [(line.get_color(), line.get_marker()) for line in legend.get_lines()]
    assert markers == [of_some["bat"], of_some["cow"]]


def cells_of(figure):
    """Return the colours of the cells in their order, and the limits of the colours."""
    (mesh,) = [part for part in figure.axes[0].collections if isinstance(part, QuadMesh)]
    figure.draw_without_rendering()
    return mesh.get_facecolors().reshape(3, 3, 4), mesh.get_clim()


def test_colours_run_from_zero_to_the_limit_or_the_largest_value():
    assert cells_of(drawn())[1] == pytest.approx((0, 0.3))
    figure = drawn(limits=(0, 0.25))
    assert cells_of(figure)[1] == (0, 0.25)
    assert figure.axes[1].get_title() == "" and len(figure.axes) == 2
    # Values that are all nearly one are all of nearly one colour.
    near = heatmap(
        np.where(MATRIX > 0, 0.1 + MATRIX / 100, 0),
        list(FAMILIES),
        FAMILIES,
        label="d",
        title="t",
        limits=(0, 0.5),
    )
    colours = cells_of(near)[0][np.triu_indices(3, 1)]
    assert np.ptp(colours, axis=0).max() < 0.02


def test_shades_give_cells_their_colours_and_not_their_numbers():
    shades = np.where(MATRIX > 0, 0.2, 0.0)
    figure = drawn(shades=shades, order=[2, 0, 1])
    colours, _ = cells_of(figure)
    assert len(np.unique(colours[np.triu_indices(3, 1)], axis=0)) == 1
    assert [text.get_text() for text in figure.axes[0].texts][:2] == [".20", ".30"]
