"""Figure of the values of single images: a histogram of every pair of models, over chance."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from lookalike.compare.image_table import ImageTable
from lookalike.plots.style import ACCENT, EM, page_width, wrapped

LARGEST_GRID = 24
GREY = "0.6"
# Of the values over the chance values: colour, opacity, text.
KINDS = ((GREY, 0.55, "other image (chance)"), (ACCENT, 0.75, "same image"))
CELL = 0.92  # of the distance between two histograms
NAME = 8.5  # points


def histograms(table: ImageTable, *, label: str, title: str) -> Figure:
    """Draw the per-image values of every pair, with the chance values behind them.

    Parameters
    ----------
    table : ImageTable
    label, title : str

    Returns
    -------
    Figure
        A lower triangle of histograms, each as high as its cell; with more than 24 models, or one,
        a histogram of all pairs together.
    """
    values, chance, names, m = table.values, table.chance, table.names, len(table.names)
    known = np.concatenate([values[np.isfinite(values)], chance[np.isfinite(chance)]])
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    bins = np.linspace(low, high if high > low else low + 1, 21)
    width = page_width()
    if m < 2 or m > LARGEST_GRID:
        figure = Figure(figsize=(width, width * 0.6), layout="constrained")
        axes = figure.add_subplot()
        draw_histogram(axes, values.ravel(), chance.ravel(), bins.tolist())
        axes.set_xlabel(f"{label}, {values.shape[1]} pairs")
        axes.set_yticks([])
        axes.set_title(wrapped(title), fontsize=10)
        return figure
    side = width - max(map(len, names)) * EM * NAME / 72
    figure = Figure(figsize=(width, 0.5 * width + side * 0.5 + 0.3), layout="constrained")
    axes = figure.add_subplot()
    draw_grid(axes, [chance.reshape(-1, values.shape[1]), values], m, bins)
    axes.set_xticks(np.arange(m - 1) + CELL / 2, names[:-1], rotation=90, fontsize=NAME)
    axes.set_yticks(np.arange(m - 1) + 1 - CELL / 2, names[1:], fontsize=NAME)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set(xlim=(-0.05, m - 1), ylim=(m - 1, 0))
    handles = [Patch(color=colour, alpha=alpha, label=text) for colour, alpha, text in KINDS[::-1]]
    if m > 3:
        axes.legend(handles=handles, loc="upper right", frameon=False)
    else:
        figure.legend(handles=handles, loc="outside lower center", ncols=2, frameon=False)
    about = f"{label} from {bins[0]:.2g} to {bins[-1]:.2g} in each"
    figure.suptitle(wrapped(f"{title}\n{about}"), fontsize=10)
    return figure


def draw_grid(axes: Axes, samples: Sequence[np.ndarray], m: int, bins: np.ndarray) -> None:
    """Draw the histograms of all pairs of m models into one axes: row and column are models.

    Parameters
    ----------
    axes : Axes
    samples : sequence of ndarray, shape (n, pairs)
        Drawn over one another, each with one area.
    m : int
    bins : ndarray
    """
    xs = np.repeat(np.linspace(0, CELL, len(bins)), 2)
    outlines: list[list[np.ndarray]] = [[] for _ in samples]
    floors = []
    for pair, (column, row) in enumerate(combinations(range(m), 2)):
        densities = [shares_in(sample[:, pair], bins) for sample in samples]
        highest = max(float(one.max()) for one in densities) or 1.0
        for outline, one in zip(outlines, densities, strict=True):
            heights = np.concatenate([[0], np.repeat(one, 2), [0]]) * (CELL / highest)
            outline.append(np.column_stack([column + xs, row - heights]))
        floors.append([(column, row), (column + CELL, row)])
    for outline, (colour, alpha, _) in zip(outlines, KINDS, strict=True):
        axes.add_collection(PolyCollection(outline, facecolor=colour, alpha=alpha, linewidth=0))
    axes.add_collection(LineCollection(floors, colors="black", linewidths=0.6))


def shares_in(sample: np.ndarray, bins: np.ndarray) -> np.ndarray:
    """Return the share of the known values in each bin."""
    counts = np.histogram(sample[np.isfinite(sample)], bins)[0]
    shares: np.ndarray = counts / max(counts.sum(), 1)
    return shares


def draw_histogram(
    axes: Axes, values: np.ndarray, chance: np.ndarray, bins: Sequence[float]
) -> None:
    """Draw the values over the chance values, each with area 1."""
    for sample, (colour, alpha, _) in zip((chance, values), KINDS, strict=True):
        sample = sample[np.isfinite(sample)]
        if len(sample):
            axes.hist(sample, bins, density=True, color=colour, alpha=alpha, histtype="stepfilled")
