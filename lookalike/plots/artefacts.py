"""Figure of the places where the maps of each model peak, and of what repairs change."""

from collections.abc import Mapping, Sequence
from textwrap import wrap

import numpy as np
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure, SubFigure
from matplotlib.patches import Rectangle

from lookalike.core.types import Row
from lookalike.plots.panels import MOST_MODELS
from lookalike.plots.style import ACCENT, CHANCE
from lookalike.studies.peaks import Peaks

COLUMNS = 7
# A finer grid is drawn in so many blocks a side.
FINEST, BLOCKS = 28, 14
# Of repairs: what more there is, the table holds.
MOST_REPAIRED, MOST_METRICS, MOST_OTHERS = 2, 4, 20
LINE = 16  # characters of a title in a line
CELL = 1.3  # inches


def peaks_and_repairs(
    peaks: Mapping[str, Peaks], found: Sequence[Row], repairs: Sequence[Row], *, title: str
) -> Figure:
    """Draw how often each cell is the peak, and below it what repairs change.

    Parameters
    ----------
    peaks : dict
        By model.
    found : list of dict
        Of cells that win too often, as of `studies.artefacts.find_artefacts`: they have a frame.
    repairs : list of dict
        As of `studies.repairs.repair`.
    title : str

    Returns
    -------
    Figure
        A panel for each model, those with a frame first where there are many; below, for each
        repaired model and metric, the dissimilarities to the other models before and after.
    """
    repairs = [row for row in repairs if not row["untested"]]
    framed = list(dict.fromkeys(row["model"] for row in found))
    shown = [*framed, *(name for name in peaks if name not in framed)][:MOST_MODELS]
    if len(shown) == len(peaks):
        shown = list(peaks)
    columns = min(len(shown), COLUMNS)
    lines = -(-len(shown) // columns)
    mended = list(dict.fromkeys(row["model"] for row in repairs))[:MOST_REPAIRED]
    metrics = list(dict.fromkeys(row["metric"] for row in repairs))[:MOST_METRICS]
    others = min(len(peaks), MOST_OTHERS)
    heights = [0.6 + (CELL + 0.42) * lines]
    heights += [len(mended) * (1.0 + 0.17 * others)] if mended else []
    figure = Figure(figsize=(max(1.2 + CELL * columns, 6.5), sum(heights)), layout="constrained")
    figure.suptitle(title, fontsize=10)
    parts = figure.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
    draw_peaks(parts[0], {name: peaks[name] for name in shown}, found, lines, columns)
    if mended:
        draw_repairs(parts[1], repairs, mended, metrics)
    return figure


def shares_of(peaks: Peaks) -> np.ndarray:
    """Return the share of maps that peak in each cell of a grid, or in blocks of a fine one."""
    known = peaks.positions[peaks.known]
    sides = [side if side <= FINEST else BLOCKS for side in peaks.grid]
    counts = np.histogram2d(known[:, 0], known[:, 1], bins=sides, range=[[0, 1], [0, 1]])[0]
    shares: np.ndarray = counts / max(len(known), 1)
    return shares


def draw_peaks(
    figure: SubFigure, peaks: Mapping[str, Peaks], found: Sequence[Row], lines: int, columns: int
) -> None:
    """Draw a panel for each model, all on one scale of colours."""
    shares = {name: shares_of(own) for name, own in peaks.items()}
    highest = max(float(own.max()) for own in shares.values()) or 1.0
    norm = PowerNorm(0.5, vmin=0, vmax=highest)
    axes = figure.subplots(lines, columns, squeeze=False)
    for place, panel in enumerate(axes.flat):
        panel.set(xticks=[], yticks=[])
        if place >= len(peaks):
            panel.set_visible(False)
    for panel, (name, own) in zip(axes.flat, shares.items(), strict=False):
        image = panel.imshow(
            own, cmap="magma", norm=norm, extent=(0, 1, 1, 0), interpolation="nearest"
        )
        panel.spines[:].set_visible(True)
        rows, cells = peaks[name].grid
        panel.set_title("\n".join(wrap(name, LINE)), fontsize=8)
        panel.set_xlabel(f"{rows} x {cells}", fontsize=7)
        for row in found:
            if row["model"] == name:
                height, width = (max(1 / side, 0.06) for side in (rows, cells))
                corner = (row["column"] / cells, row["row"] / rows)
                panel.add_patch(
                    Rectangle(
                        corner, width, height, fill=False, edgecolor="#56B4E9", lw=2, clip_on=False
                    )
                )
                panel.set_xlabel(f"{rows} x {cells}; framed: {row['share']:.0%}", fontsize=7)
    figure.colorbar(image, ax=axes, label="share of maps", shrink=0.8, fraction=0.03)


def draw_repairs(
    figure: SubFigure, repairs: Sequence[Row], models: Sequence[str], metrics: Sequence[str]
) -> None:
    """Draw the dissimilarities of repaired models to all others, before and after."""
    axes = figure.subplots(len(models), len(metrics), squeeze=False)
    for line, model in enumerate(models):
        order: list[str] = []
        for column, metric in enumerate(metrics):
            own = {
                row["other"]: row
                for row in repairs
                if (row["model"], row["metric"]) == (model, metric) and row["other"]
            }
            order = order or sorted(own, key=lambda name: own[name]["before"])[:MOST_OTHERS]
            panel = axes[line, column]
            for place, name in enumerate(order):
                before, after = own[name]["before"], own[name]["after"]
                panel.plot([before, after], [place, place], color="0.7", lw=1, zorder=1)
                panel.plot(before, place, "o", color=CHANCE, ms=4, mfc="white")
                panel.plot(after, place, "o", color=ACCENT, ms=4)
            panel.set_yticks(range(len(order)), order if column == 0 else [], fontsize=7)
            panel.set_ylim(len(order) - 0.4, -0.6)
            panel.tick_params(axis="x", labelsize=7)
            panel.set_title(f"{model}: {metric}" if column == 0 else metric, fontsize=8)
    figure.supxlabel(
        "dissimilarity to the other models (open: before the repair, filled: after)", fontsize=8
    )
