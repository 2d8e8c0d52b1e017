"""Figures of how far apart models are along the network, and of their maps there."""

from collections.abc import Mapping, Sequence
from textwrap import wrap

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lookalike.core.types import Row
from lookalike.plots.panels import MOST_CHARACTERS, choose_models, panel
from lookalike.plots.style import ACCENT, CHANCE, PALETTE

# Metrics that are drawn.
MOST_METRICS = 4


def curves(rows: Sequence[Row], *, title: str) -> Figure:
    """Draw dissimilarity, and what it has in common with that of the deepest layer, by depth.

    Parameters
    ----------
    rows : list of dict
        As of `studies.depth.corrected`.
    title : str

    Returns
    -------
    Figure
        Above, the mean dissimilarity within and between families, below, the correlation of the
        matrices, each with its 95% interval; a column for each of at most four metrics.
    """
    metrics = list(dict.fromkeys(row["metric"] for row in rows))[:MOST_METRICS]
    figure = Figure(figsize=(2.2 + 2.6 * max(len(metrics), 1), 4.6), layout="constrained")
    figure.suptitle(title, fontsize=10)
    if not metrics:
        axes = figure.add_subplot()
        axes.axis("off")
        axes.text(0.5, 0.5, "cannot be told: too few models", ha="center")
        return figure
    grid = figure.subplots(2, len(metrics), sharex=True, squeeze=False)
    for column, metric in enumerate(metrics):
        own = sorted((row for row in rows if row["metric"] == metric), key=lambda row: row["depth"])
        above, below = grid[:, column]
        for name, colour, text in (
            ("between", CHANCE, "between families"),
            ("within", PALETTE[2], "within families"),
            ("mean", "0.45", "all pairs"),
        ):
            line(above, own, name, colour, text)
        line(below, own[:-1], "r", ACCENT, "")
        above.set_title(metric, fontsize=9)
        above.set_ylim(0, None)
        below.axhline(0, color="0.8", lw=0.8, zorder=0)
        below.set(xlabel="depth", ylim=(min(0, below.get_ylim()[0]), 1.02))
        below.set_xticks([row["depth"] for row in own])
    grid[0, 0].set_ylabel("dissimilarity")
    grid[1, 0].set_ylabel(f"correlation with\nthat of depth {own[-1]['depth']:g}")
    handles, labels = grid[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False, fontsize=8)
    return figure


def line(axes: Axes, rows: Sequence[Row], name: str, colour: str, label: str) -> None:
    """Draw one value with its interval against depth, where it is known."""
    known = [row for row in rows if np.isfinite(row[name])]
    if not known:
        return
    value, low, high = (
        np.array([row[f"{name}{end}"] for row in known], float) for end in ("", "_low", "_high")
    )
    bars = np.maximum(np.nan_to_num([value - low, high - value]), 0)
    depths = [row["depth"] for row in known]
    axes.errorbar(depths, value, bars, fmt="o-", ms=4, lw=1.2, color=colour, label=label)


def maps_by_depth(
    image: np.ndarray | None,
    maps: Mapping[float, Mapping[str, np.ndarray]],
    layers: Sequence[Row],
    *,
    title: str,
) -> Figure:
    """Draw the maps of one image, models in columns, depths in rows.

    Parameters
    ----------
    image : ndarray, shape (H, W, 3), uint8, or None
        None where the image itself is not known.
    maps : dict
        From each depth and model to its map on its native grid.
    layers : list of dict
        With the columns of `studies.depth`: the grids stand above the maps.
    title : str
    """
    models = choose_models(list(next(iter(maps.values()))))
    if not models:
        figure = Figure(figsize=(4, 1.5))
        figure.text(0.5, 0.5, "no model has maps at every depth", ha="center")
        return figure
    bands = {
        f"depth {depth:g}": {model: own[model] for model in models} for depth, own in maps.items()
    }
    titles = {
        model: "\n".join(
            line
            for text in (model, f"grids {sides_of(layers, model)}")
            for line in wrap(text, MOST_CHARACTERS)
        )
        for model in models
    }
    return panel(image, bands, titles, ranges=dict.fromkeys(bands, 1.0), title=title)


def sides_of(layers: Sequence[Row], model: str) -> str:
    """Return the sides of a model's grids, from the first depth to the last."""
    return ", ".join(row["native_grid"].split("x")[0] for row in layers if row["model"] == model)
