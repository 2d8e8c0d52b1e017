"""Figure of how alike maps stay to the trained network's while its weights become random."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lookalike.core.types import Row
from lookalike.plots.style import nth_style
from lookalike.studies.sanity_maps import CASCADE, SINGLE
from lookalike.studies.sanity_verdicts import KEPT

# Metrics and methods that are drawn.
MOST_METRICS, MOST_METHODS = 4, 12
# Below it, maps are farther than by chance, and how far is of no interest.
LOWEST = -0.6
TITLES = {
    CASCADE: "random from the head down to",
    SINGLE: "part that alone is random,\nfrom the head to the images",
}


def likeness_by_step(rows: Sequence[Row], *, title: str) -> Figure:
    """Draw the likeness of maps to the trained network's, by which of its weights are random.

    Parameters
    ----------
    rows : list of dict
        As of `studies.sanity.measure_steps`.
    title : str

    Returns
    -------
    Figure
        Means over the models, a line for each of at most twelve methods with the band of its 95%
        interval, chance dashed, the bound of the verdicts dotted; above from the head down, below
        one part alone; a column for each of at most four metrics.
    """
    means = [row for row in rows if not row["model"] and np.isfinite(row["likeness"])]
    metrics = list(dict.fromkeys(row["metric"] for row in means))[:MOST_METRICS]
    methods = list(dict.fromkeys(row["method"] for row in means))[:MOST_METHODS]
    figure = Figure(figsize=(2.4 + 2.3 * max(len(metrics), 1), 5.2), layout="constrained")
    figure.suptitle(title, fontsize=10)
    if not means:
        axes = figure.add_subplot()
        axes.axis("off")
        axes.text(0.5, 0.5, "cannot be told: no maps", ha="center")
        return figure
    grid = figure.subplots(2, len(metrics), sharey=True, squeeze=False)
    parts = max(row["part"] for row in means)
    for column, metric in enumerate(metrics):
        for axes, way in zip(grid[:, column], (CASCADE, SINGLE), strict=True):
            # The head alone is the first step of the cascade.
            own = [
                row
                for row in means
                if row["metric"] == metric and (row["way"] == way or row["part"] == 1)
            ]
            draw_methods(axes, own, methods, way)
            axes.axhline(0, color="0.4", lw=1, ls="--", zorder=1)
            axes.axhline(KEPT, color="0.7", lw=0.8, ls=":", zorder=1)
            start = 0 if way == CASCADE else 1
            ticks = range(start, parts + 1)
            axes.set_xticks(ticks, [name_part(part, parts, way) for part in ticks], fontsize=7.5)
            axes.set_xlabel(TITLES[way], fontsize=8)
            axes.set_ylim(LOWEST, 1.08)
        grid[0, column].set_title(metric, fontsize=9)
    for axes in grid[:, 0]:
        axes.set_ylabel("likeness (1: same map)")
    for axes in grid[:, -1]:
        along = axes.get_yaxis_transform()
        axes.text(1.01, 0, "chance", color="0.3", fontsize=7, va="center", transform=along)
    handles, labels = grid[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False, fontsize=8)
    return figure


def draw_methods(axes: Axes, rows: Sequence[Row], methods: Sequence[str], way: str) -> None:
    """Draw the likeness of each method at every part: a line from the trained network down the
    cascade, points where each part is random alone.
    """
    for number, method in enumerate(methods):
        own = sorted((row for row in rows if row["method"] == method), key=lambda row: row["part"])
        colour, marker = nth_style(number)
        places, value, low, high = (
            np.array([row[name] for row in own], float)
            for name in ("part", "likeness", "likeness_low", "likeness_high")
        )
        if way == CASCADE:
            places, value, low, high = (
                np.concatenate([[first], then])
                for first, then in zip((0, 1, 1, 1), (places, value, low, high), strict=True)
            )
            axes.plot(places, value, f"{marker}-", color=colour, ms=3.5, lw=1.2, label=method)
            axes.fill_between(places, low, high, color=colour, alpha=0.15, lw=0)
        else:
            shift = 0.6 * ((number + 0.5) / len(methods) - 0.5)
            axes.plot(places + shift, value, marker, color=colour, ms=3.5)
            axes.vlines(places + shift, low, high, color=colour, lw=1)


def name_part(part: int, parts: int, way: str) -> str:
    """Return a part as a tick: the head; then how far down it reaches, or its number."""
    if part in (0, 1):
        return ("none", "head")[part]
    if way == SINGLE:
        return str(part)
    return "all" if part == parts else f"{(part - 1) / (parts - 1):.0%}"
