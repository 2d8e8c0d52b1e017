"""Figure of a matrix: a heatmap with the numbers in its cells."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.transforms import offset_copy

from lookalike.core.condensed import ROUNDING
from lookalike.plots.style import EM, add_family_legend, family_styles, page_width, wrapped
from lookalike.plots.titles import MANY, MOST_NAMED

LUMINANCE = (0.2126, 0.7152, 0.0722)
LARGEST_CELL = 0.62  # inches
NAME, NUMBER, SMALLEST = 9.0, 7.5, 5.0  # points
LINE = 1.25  # of a font's size
BESIDE = 1.4  # inches of markers and the bar of colours


def heatmap(
    matrix: np.ndarray,
    names: Sequence[str],
    families: Mapping[str, str],
    *,
    label: str,
    title: str,
    notes: np.ndarray | None = None,
    order: Sequence[int] | None = None,
    limits: tuple[float, float] | None = None,
    similar: bool = False,
    shades: np.ndarray | None = None,
    labels: Sequence[str] | None = None,
) -> Figure:
    """Draw a matrix with the numbers in its cells, as far as there is room for them.

    Parameters
    ----------
    matrix : ndarray, shape (m, m)
        NaN cells stay grey.
    names : list of str
    families : dict
        From name to family, of all models of the run.
    label, title : str
    notes : ndarray of str, shape (m, m), optional
        Written below the numbers of the cells. Where there is no room for both, those of one
        character are written alone, and longer ones are not.
    order : list of int, optional
        Of the rows, for example that of a tree's leaves.
    limits : (float, float), optional
        Of the colours; 0 and the largest value by default.
    similar : bool
        Whether large values, and not small ones, are bright.
    shades : ndarray, shape (m, m), optional
        Values that give the cells their colours; the matrix by default.
    labels : list of str, optional
        What is written in place of the names.

    Returns
    -------
    Figure
    """
    order = list(range(len(names))) if order is None else order
    names, values = [names[index] for index in order], matrix[np.ix_(order, order)]
    m, apart = len(names), ~np.eye(len(names), dtype=bool)
    known = values[apart & np.isfinite(values)]
    written = names if labels is None else [labels[index] for index in order]
    cell, font = room_for(m, EM * max(map(len, written)))
    height = cell * m + EM * max(map(len, written)) * font / 72 + 1.3
    figure = Figure(figsize=(page_width(), height), layout="compressed")
    axes = figure.add_subplot()
    shown = np.where(apart, values if shades is None else shades[np.ix_(order, order)], np.nan)
    image = draw_cells(axes, shown, limits or (0.0, float(known.max(initial=0)) or 1.0), similar)
    texts = [[number_text(value, limits, known) for value in row] for row in values]
    texts, size = fitting(texts, None if notes is None else notes[np.ix_(order, order)], cell)
    for row, column in np.argwhere(np.isfinite(values) & apart) if size else ():
        dark = np.dot(image.to_rgba(shown[row, column])[:3], LUMINANCE) < 0.52
        axes.text(
            column,
            row,
            texts[row][column],
            ha="center",
            va="center",
            fontsize=size,
            color="white" if dark else "black",
        )
    axes.set_xticks(range(m), written, rotation=90, fontsize=font)
    axes.set_yticks(range(m), written, fontsize=font)
    axes.tick_params(length=0, pad=14)
    axes.spines[:].set_visible(False)
    styles = family_styles(families.values())
    for index, name in enumerate(names):
        colour, marker = styles[families[name]]
        for x, y, shift in ((index, m - 0.5, (0, -8)), (-0.5, index, (-8, 0))):
            outside = offset_copy(axes.transData, figure, *shift, units="points")
            axes.plot(
                x,
                y,
                marker=marker,
                color=colour,
                markersize=min(6, 45 * cell),
                clip_on=False,
                transform=outside,
            )
    axes.set_xlim(-0.5, m - 0.5)
    axes.set_ylim(m - 0.5, -0.5)
    add_colour_bar(figure, axes, image, known, label)
    # Above the whole figure: a title is wider than the axes of two or three models.
    figure.suptitle(wrapped(title), fontsize=10)
    add_family_legend(figure, families, names)
    return figure


def room_for(m: int, longest: float) -> tuple[float, float]:
    """Return the side of a cell in inches, and the size of the font of names that are so many times
    longer than it, of a matrix on a page.
    """
    room = page_width() - BESIDE
    cell = (room - longest * NAME / 72) / m
    if 72 * cell < LINE * NAME:
        # Names are as high as cells.
        cell = room / (m + longest / LINE)
    return min(LARGEST_CELL, cell), min(NAME, 72 * cell / LINE)


def draw_cells(
    axes: Axes, shades: np.ndarray, limits: tuple[float, float], similar: bool
) -> ScalarMappable:
    """Draw the cells of a matrix (m, m) in colours between two limits; NaN cells stay grey."""
    low, high = limits
    look: dict[str, Any] = {
        "cmap": "cividis" if similar else "cividis_r",
        "norm": Normalize(low, high if high > low else low + 1),
    }
    axes.set_facecolor("0.85")
    axes.set_aspect("equal")
    if len(shades) > MANY:
        return axes.imshow(
            shades, interpolation="nearest" if len(shades) <= MOST_NAMED else "antialiased", **look
        )
    edges = np.arange(len(shades) + 1) - 0.5
    return axes.pcolormesh(
        edges, edges, shades, edgecolors="white", linewidth=8 / max(len(shades), 20), **look
    )


def add_colour_bar(
    figure: Figure, axes: Axes, image: ScalarMappable, known: np.ndarray, label: str
) -> None:
    """Add the bar of a matrix's colours, with a tip where values lie beyond them."""
    below = known.min(initial=np.inf) < image.norm.vmin
    above = known.max(initial=-np.inf) > image.norm.vmax
    extend = {(True, True): "both", (True, False): "min", (False, True): "max"}
    figure.colorbar(
        image,
        ax=axes,
        label=label,
        shrink=0.7,
        pad=0.03,
        extend=extend.get((bool(below), bool(above)), "neither"),
    )


def number_text(value: float, limits: tuple[float, float] | None, known: np.ndarray) -> str:
    """Return a value as a cell shows it: `.12`; with two digits where all values are small."""
    if not np.isfinite(value):
        return ""
    # Adding 0 makes -0 a 0.
    small = not (limits and limits[0] < 0) and known.max(initial=0) < 0.1
    return shortened(f"{value:.2g}" if small else f"{round(value, 2) + 0.0:.2f}")


def shortened(number: str) -> str:
    """Return a number below 1 without the 0 before its point."""
    return number.replace("0.", ".", 1) if number.startswith(("0.", "-0.")) else number


def fitting(
    texts: list[list[str]], notes: np.ndarray | None, cell: float
) -> tuple[list[list[str]], float]:
    """Return what is written into cells of so many inches, and the size of its font; 0 where there
    is no room for anything.
    """
    room = 0.92 * 72 * cell
    choices = [texts]
    if notes is not None:
        pairs = [list(zip(*both, strict=True)) for both in zip(texts, notes.tolist(), strict=True)]
        choices.insert(0, [["\n".join(filter(None, pair)) for pair in row] for row in pairs])
        if max(map(len, notes.ravel().tolist())) == 1:
            choices[1] = notes.tolist()
    for choice in choices:
        lines = [text.split("\n") for row in choice for text in row]
        widest = max(map(width_of, (line for text in lines for line in text)))
        size = min(NUMBER, room / max(widest, 1), room / (LINE * max(map(len, lines)) - 0.25))
        if size >= SMALLEST:
            return choice, size
    return texts, 0


def width_of(number: str) -> float:
    """Return the width of a number in DejaVu Sans, as a share of the size of its font."""
    return (
        0.64 * len(number) - 0.3 * (number.count(".") + number.count("-")) + 0.2 * number.count("±")
    )


def half_intervals(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return half the width of every interval as text, shape (m, m); empty where it is unknown."""
    halves = (high - low) / 2
    return np.array(
        [
            [
                "" if np.isnan(half) else f"±{shortened(f'{half if half > ROUNDING else 0:.1g}')}"
                for half in row
            ]
            for row in halves
        ]
    )
