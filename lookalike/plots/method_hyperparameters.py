"""Figure of how far matrices move between the settings of a method."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from lookalike.core.types import Row
from lookalike.plots.style import nth_style


def movements(rows: Sequence[Row], *, title: str) -> Figure:
    """Draw the movement of each matrix, as a share of the half width of a pair's interval.

    Parameters
    ----------
    rows : list of dict
        As of `studies.method_hyperparameters.measure_run`.
    title : str

    Returns
    -------
    Figure
        A row for each run and setting, a colour for each metric; right of 1, the setting moves a
        pair by more than other images would. On a scale of logarithms; at the left edge, no
        movement is found.
    """
    known = [row for row in rows if not row["untested"] and row["width_all"] > 0]
    lines = list(dict.fromkeys((row["run"], row["setting"]) for row in known))
    metrics = list(dict.fromkeys(row["metric"] for row in known))
    figure = Figure(figsize=(7.5, 1.3 + 0.42 * max(len(lines), 2)), layout="constrained")
    figure.suptitle(title, fontsize=10)
    axes = figure.add_subplot()
    if not known:
        axes.axis("off")
        axes.text(0.5, 0.5, "cannot be told", ha="center")
        return figure
    shares = {
        end: np.array([row[f"moved{end}"] / row["width_all"] for row in known])
        for end in ("", "_low", "_high")
    }
    found = np.concatenate([*shares.values()])
    lowest = min(0.01, float(found[found > 0].min(initial=1)))
    for place, row in enumerate(known):
        number = metrics.index(row["metric"])
        y = lines.index((row["run"], row["setting"])) + 0.6 * (number + 0.5) / len(metrics) - 0.3
        value, low, high = (max(float(shares[end][place]), lowest) for end in shares)
        colour, marker = nth_style(number)
        axes.plot([low, high], [y, y], color=colour, lw=1.4)
        axes.plot(value, y, marker, color=colour, ms=4.5)
    for number, metric in enumerate(metrics):
        colour, marker = nth_style(number)
        axes.plot([], [], marker, color=colour, ms=4.5, label=metric)
    axes.axvline(1, color="0.5", lw=0.9, ls="--")
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_yticks(range(len(lines)), [f"{run}\n{setting}" for run, setting in lines], fontsize=8)
    axes.invert_yaxis()
    axes.set_xlabel("movement of a pair, as a share of its 95% interval (half width)")
    axes.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1, 1))
    return figure
