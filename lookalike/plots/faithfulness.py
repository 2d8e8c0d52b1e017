"""Figure of how much the score depends on what maps mark: curves, and gains over shifted maps."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lookalike.core.types import Row
from lookalike.plots.style import nth_style
from lookalike.studies.faithfulness import ALL_MODELS, NEGLIGIBLE

# Methods whose curves are drawn.
MOST_METHODS = 6
SHARES = {"insertion": "inserted", "deletion": "deleted", "road": "imputed"}


def curves_and_gains(rows: Sequence[Row], curves: Sequence[Row], *, title: str) -> Figure:
    """Draw the mean curves of all models, and below them each method's gain with its interval.

    Parameters
    ----------
    rows, curves : list of dict
        As of `studies.faithfulness`: `measure` and `curve_rows`.
    title : str

    Returns
    -------
    Figure
        A column for each score. Above, solid lines by the maps, dashed ones by the same maps
        shifted, of at most six methods. Below, the gain over all models with its 95% interval, and
        small dots for single models; right of 0, the own map is better.
    """
    methods = list(dict.fromkeys(row["method"] for row in rows))
    scores = list(dict.fromkeys(row["score"] for row in rows))
    below = 0.9 + 0.26 * len(methods)
    figure = Figure(figsize=(10, 3.4 + below), layout="constrained")
    figure.suptitle(title, fontsize=10)
    if not methods:
        axes = figure.add_subplot()
        axes.axis("off")
        axes.text(0.5, 0.5, "cannot be told: no method explains classes", ha="center")
        return figure
    grid = figure.subplots(2, len(scores), squeeze=False, sharey="row", height_ratios=(2.7, below))
    for column, score in enumerate(scores):
        above, under = grid[:, column]
        above.set_title(score.upper() if score == "road" else score, fontsize=9)
        for number, method in enumerate(methods[:MOST_METHODS]):
            own = [row for row in curves if (row["method"], row["score"]) == (method, score)]
            draw_curves(above, own, method, nth_style(number)[0])
        above.set(xlabel=f"share of pixels {SHARES[score]}", xlim=(0, 1), ylim=(0, 1.02))
        above.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "", "0.5", "", "1"])
        draw_gains(under, [row for row in rows if row["score"] == score], methods)
    grid[0, 0].set_ylabel("probability of the class")
    grid[1, 0].set_yticks(range(len(methods)), methods, fontsize=8)
    grid[1, 0].set_ylim(len(methods) - 0.4, -0.6)
    handles, labels = grid[0, 0].get_legend_handles_labels()
    (dashed,) = grid[0, 0].plot([], [], "--", color="0.4", lw=1)
    figure.legend(
        [*handles, dashed],
        [*labels, "the same maps shifted"],
        loc="outside lower center",
        ncols=4,
        frameon=False,
        fontsize=8,
    )
    return figure


def draw_curves(axes: Axes, curves: Sequence[Row], method: str, colour: str) -> None:
    """Draw the means over models of a method's curves."""
    shares = sorted({row["share"] for row in curves})
    for name, style, label in (("probability", "-", method), ("shifted", "--", None)):
        means = [np.mean([row[name] for row in curves if row["share"] == at]) for at in shares]
        axes.plot(shares, means, style, color=colour, lw=1.4 if label else 1, label=label)


def draw_gains(axes: Axes, rows: Sequence[Row], methods: Sequence[str]) -> None:
    """Draw the gains of all methods by one score."""
    axes.axvspan(-NEGLIGIBLE, NEGLIGIBLE, color="0.93", lw=0, zorder=0)
    axes.axvline(0, color="0.6", lw=0.8, zorder=0)
    places = {method: place for place, method in enumerate(methods)}
    single = [row for row in rows if row["model"] != ALL_MODELS]
    axes.plot(
        [row["gain"] for row in single],
        [places[row["method"]] + 0.22 for row in single],
        ".",
        color="0.55",
        ms=3.5,
    )
    for row in rows:
        if row["model"] == ALL_MODELS:
            y = places[row["method"]]
            colour, marker = nth_style(y)
            axes.plot([row["gain_low"], row["gain_high"]], [y, y], color=colour, lw=1.6)
            axes.plot(row["gain"], y, marker, color=colour, ms=5)
    axes.set_xlabel("gain in mean probability\nover the same maps shifted", fontsize=8)
