"""Figures of a matrix's values: heatmap and histograms."""

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.transforms import offset_copy

from lookalike.compare.image_table import ImageTable
from lookalike.core.condensed import ROUNDING
from lookalike.plots.style import ACCENT, add_family_legend, family_styles

LARGEST_HISTOGRAM_GRID = 24
LARGEST_WITH_INTERVALS = 16
LUMINANCE = (0.2126, 0.7152, 0.0722)
GREY = "0.6"


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
) -> Figure:
    """Draw a matrix with the numbers in its cells.

    Parameters
    ----------
    matrix : ndarray, shape (m, m)
        NaN cells stay grey.
    names : list of str
    families : dict
        From name to family.
    label, title : str
    notes : ndarray of str, shape (m, m), optional
        Written below the numbers of the cells.
    order : list of int, optional
        Of the rows, for example that of a tree's leaves.
    limits : (float, float), optional
        Of the colours, for similarities: large ones are bright. Without them, the values are
        dissimilarities: small ones are bright.

    Returns
    -------
    Figure
    """
    order = list(range(len(names))) if order is None else order
    names, values = [names[index] for index in order], matrix[np.ix_(order, order)]
    m = len(names)
    side = 1.2 + max(0.5 if notes is None else 0.62, 3 / m) * m
    figure = Figure(figsize=(side + 0.8, side + 0.8), layout="constrained")
    axes = figure.add_subplot()
    off_diagonal = values[~np.eye(m, dtype=bool)]
    known = off_diagonal[np.isfinite(off_diagonal)]
    span = (
        (known.min(), known.max())
        if len(known) and np.ptp(known) > 0
        else (0, known.max(initial=0) or 1)
    )
    norm = Normalize(*(limits or span))
    axes.set_facecolor("0.85")
    image = axes.imshow(
        np.where(np.eye(m, dtype=bool), np.nan, values),
        cmap="cividis" if limits else "cividis_r",
        norm=norm,
    )
    for row, column in np.argwhere(np.isfinite(values) & ~np.eye(m, dtype=bool)):
        # Adding 0 makes -0 a 0.
        text = (
            f"{round(values[row, column], 2) + 0.0:.2f}"
            if limits or known.max() >= 0.1
            else f"{values[row, column]:.2g}"
        )
        if notes is not None and notes[order[row], order[column]]:
            text += f"\n{notes[order[row], order[column]]}"
        dark = np.dot(image.cmap(norm(values[row, column]))[:3], LUMINANCE) < 0.52
        axes.text(
            column,
            row,
            text,
            ha="center",
            va="center",
            fontsize=7.5 if m <= LARGEST_WITH_INTERVALS else 6.5,
            color="white" if dark else "black",
        )
    axes.set_xticks(range(m), names, rotation=90)
    axes.set_yticks(range(m), names)
    axes.tick_params(length=0, pad=14)
    axes.spines[:].set_visible(False)
    styles = family_styles(families.values())
    for index, name in enumerate(names):
        colour, marker = styles[families[name]]
        for x, y, shift in ((index, m - 0.5, (0, -8)), (-0.5, index, (-8, 0))):
            outside = offset_copy(axes.transData, figure, *shift, units="points")
            axes.plot(
                x, y, marker=marker, color=colour, markersize=6, clip_on=False, transform=outside
            )
    axes.set_xlim(-0.5, m - 0.5)
    axes.set_ylim(m - 0.5, -0.5)
    figure.colorbar(image, ax=axes, label=label, shrink=0.7, pad=0.03)
    # Above the whole figure: a title is wider than the axes of two or three models.
    figure.suptitle(title, fontsize=10)
    add_family_legend(figure, families, names)
    return figure


def half_intervals(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return half the width of every interval as text, shape (m, m); empty where it is unknown."""
    halves = (high - low) / 2
    return np.array(
        [
            ["" if np.isnan(half) else f"±{half if half > ROUNDING else 0:.1g}" for half in row]
            for row in halves
        ]
    )


def histograms(table: ImageTable, *, label: str, title: str) -> Figure:
    """Draw the per-image values of every pair, with the chance values behind them.

    Parameters
    ----------
    table : ImageTable
    label, title : str

    Returns
    -------
    Figure
        A lower triangle of histograms; with more than 24 models, or one, a histogram of all pairs
        together.
    """
    values, chance, names, m = table.values, table.chance, table.names, len(table.names)
    known = np.concatenate([values[np.isfinite(values)], chance[np.isfinite(chance)]])
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    bins = np.linspace(low, high if high > low else low + 1, 21).tolist()
    if m < 2 or m > LARGEST_HISTOGRAM_GRID:
        figure = Figure(figsize=(6, 4))
        axes = figure.add_subplot()
        draw_histogram(axes, values.ravel(), chance.ravel(), bins)
        axes.set_xlabel(f"{label}, {values.shape[1]} pairs")
        axes.set_yticks([])
        axes.set_title(title, fontsize=10)
        return figure
    cell = max(0.52, 4.5 / m)
    side = cell * (m - 1)
    figure = Figure(figsize=(side, side + 0.6))
    grid = figure.add_gridspec(
        m - 1, m - 1, wspace=0.08, hspace=0.08, left=0, right=1, bottom=0, top=side / (side + 0.6)
    )
    for pair, (row, column) in enumerate(combinations(range(m), 2)):
        axes = figure.add_subplot(grid[column - 1, row])
        draw_histogram(axes, values[:, pair], chance[..., pair].ravel(), bins)
        axes.set_yticks([])
        axes.set_xticks([])
        if row == 0:
            axes.set_ylabel(names[column], rotation=0, ha="right", va="center", fontsize=8.5)
        if column == m - 1:
            axes.set_xlabel(names[row], rotation=90, fontsize=8.5)
    if m > 2:
        legend = (
            figure.add_subplot(grid[0, -1]) if m > 3 else figure.add_axes((0.7, 0.75, 0.2, 0.15))
        )
        legend.axis("off")
        lines = (("same image", ACCENT), ("other image (chance)", GREY))
        legend.legend(
            handles=[Line2D([], [], color=colour, lw=5, label=text) for text, colour in lines],
            loc="upper right",
            frameon=False,
        )
    figure.suptitle(
        f"{title}\n{label} from {bins[0]:.2g} to {bins[-1]:.2g}", fontsize=10, y=1, va="top"
    )
    return figure


def draw_histogram(
    axes: Axes, values: np.ndarray, chance: np.ndarray, bins: Sequence[float]
) -> None:
    """Draw the values over the chance values, each with area 1."""
    for sample, colour, alpha in ((chance, GREY, 0.55), (values, ACCENT, 0.75)):
        sample = sample[np.isfinite(sample)]
        if len(sample):
            axes.hist(sample, bins, density=True, color=colour, alpha=alpha, histtype="stepfilled")
