"""Figures of pruning: the importance of every channel, and how many are kept."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from lookalike.core.types import Row
from lookalike.plots.style import ACCENT, CHANCE, page_width

# The error that ranks the channels, by the method of pruning.
CRITERIA = {"ais_regression": "mean squared error", "ais_alignment": "1 - r² of similarities"}
ROW = 1.9  # inches


def pruning_figure(
    channels: Mapping[str, Sequence[Row]],
    curves: Mapping[str, Sequence[Row]],
    *,
    criterion: str,
) -> Figure:
    """Draw for every model the importance of its channels, and the error by how many are kept.

    Parameters
    ----------
    channels : dict
        From a model to the rows of its ranking: `importance`, `place`, `kept`.
    curves : dict
        From a model to rows with `kept`, a count, and `error`.
    criterion : str
        Name of the error.

    Returns
    -------
    Figure
        One row per model.
    """
    figure = Figure(figsize=(page_width(), 0.9 + ROW * len(channels)), layout="constrained")
    grid = figure.subplots(len(channels), 2, squeeze=False)
    for (left, right), (model, rows) in zip(grid, channels.items(), strict=True):
        rows = sorted(rows, key=lambda row: int(row["place"]))
        importances, kept = (
            np.array([float(row[column]) for row in rows]) for column in ("importance", "kept")
        )
        draw_importances(left, importances, int(kept.sum()))
        draw_curve(right, np.array([float(row["error"]) for row in curves[model]]), int(kept.sum()))
        left.set_title(model, fontsize=9, loc="left")
        left.set_ylabel("importance", fontsize=8)
        right.set_ylabel(criterion, fontsize=8)
        for axes in (left, right):
            # Figures parse no formulas, and so powers of ten must not be written as such.
            axes.yaxis.set_major_formatter("{x:g}")
            axes.yaxis.set_minor_formatter(NullFormatter())
            axes.tick_params(labelsize=7)
            axes.legend(fontsize=7, frameon=False)
    grid[-1, 0].set_xlabel(
        f"channel, the most useful first\nimportance: {criterion} without it, minus that with "
        "all; below 0 the channel does harm",
        fontsize=8,
    )
    grid[-1, 1].set_xlabel(
        "number of channels kept, the most useful first\nerror on images not used to rank them",
        fontsize=8,
    )
    return figure


def draw_importances(axes: Axes, importances: np.ndarray, count: int) -> None:
    """Draw the importances of channels in their order; the first `count` are kept."""
    ranks = np.arange(1, len(importances) + 1)
    for part, colour, label in (
        (slice(count), ACCENT, f"kept: {count}"),
        (slice(count, None), CHANCE, f"dropped: {len(importances) - count}"),
    ):
        axes.plot(ranks[part], importances[part], ".", markersize=3, color=colour, label=label)
    axes.axhline(0, color="0.3", linewidth=0.8)
    # Few channels matter much, most hardly at all.
    linear = 1e-3 * np.abs(importances).max() or 1.0
    axes.set_yscale("symlog", linthresh=linear)
    decades = 10.0 ** np.arange(
        np.ceil(np.log10(3 * linear)), np.log10(np.abs(importances).max() or 1.0) + 1
    )
    axes.set_yticks([*-decades[::-1], 0, *decades])
    axes.set_ylim(min(importances.min() * 2, -linear), max(importances.max() * 2, linear))


def draw_curve(axes: Axes, errors: np.ndarray, count: int) -> None:
    """Draw the error by the number of channels that are kept, and mark the chosen number."""
    axes.plot(np.arange(1, len(errors) + 1), errors, color=ACCENT, linewidth=1)
    axes.plot(
        count,
        errors[count - 1],
        "o",
        color=CHANCE,
        markersize=5,
        label=f"chosen: {count} of {len(errors)}",
    )
    if errors.min() > 0 and errors.max() > 10 * errors.min():
        axes.set_yscale("log")
