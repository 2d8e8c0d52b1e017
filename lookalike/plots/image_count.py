"""Figure of what subsets of the images say."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lookalike.core.types import Row
from lookalike.plots.style import ACCENT, CHANCE, PALETTE

GREY = "0.45"


def curves(draws: Sequence[Row], counts: Sequence[Row], needed: Row, *, title: str) -> Figure:
    """Draw distance, width and tree against the number of images.

    Parameters
    ----------
    draws, counts : list of dict
        Of `count_images`, one matrix.
    needed : dict
        Of the same.
    title : str

    Returns
    -------
    Figure
        Boxes over the draws: the distance to the matrix of all images, the line the error, which
        counts that the draws are part of it; the width of intervals, with the wanted one and the
        number that has it; and the share of the draws that have the tree of all images.
    """
    figure = Figure(figsize=(11.5, 3.6), layout="constrained")
    figure.suptitle(title, fontsize=10)
    if not counts:
        axes = figure.add_subplot()
        axes.axis("off")
        axes.text(0.5, 0.5, f"cannot be told: {needed['untested']}", ha="center")
        return figure
    numbers = [row["n"] for row in counts]
    distance, width, tree = figure.subplots(1, 3)
    boxes(distance, draws, numbers, "distance")
    distance.plot(
        numbers, [row["error"] for row in counts], color=CHANCE, lw=1.2, label="to endless images"
    )
    distance.set_ylabel("mean absolute difference\nto the matrix of all images")
    distance.legend(frameon=False, fontsize=8)
    boxes(width, draws, numbers, "width")
    units = counts[0]["units"]
    width.plot(units, needed["width"], "o", color=ACCENT, markersize=5, label="all images")
    width.set_ylabel("width of a 95% interval")
    if not needed["untested"]:
        width.axhline(needed["wanted"], color=GREY, lw=0.8, ls="--")
        n, low, high = (needed[name] for name in ("needed", "needed_low", "needed_high"))
        width.errorbar(
            n,
            needed["wanted"],
            xerr=[[n - low], [high - n]],
            fmt="D",
            color=CHANCE,
            markersize=5,
            capsize=3,
            label=f"as wanted: {n:,}",
        )
    width.legend(frameon=False, fontsize=8)
    shares = [row["shared_clades"] / max(row["clades"], 1) for row in counts]
    tree.plot(numbers, shares, "o-", color=PALETTE[2], markersize=4, label="clades in common")
    tree.plot(
        numbers,
        [row["same_tree"] for row in counts],
        "s-",
        color=ACCENT,
        markersize=4,
        label="the whole tree",
    )
    tree.axhline(0.5, color=GREY, lw=0.8, ls="--")
    tree.set_ylim(-0.03, 1.03)
    tree.set_ylabel("share that is as with all images")
    tree.legend(frameon=False, fontsize=8)
    for axes in (distance, width, tree):
        as_numbers(axes, numbers, units)
    return figure


def boxes(axes: Axes, draws: Sequence[Row], numbers: Sequence[int], name: str) -> None:
    """Draw a box of the draws of each number, on an axis of doublings."""
    axes.boxplot(
        [[row[name] for row in draws if row["n"] == n] for n in numbers],
        positions=numbers,
        widths=[0.3 * n for n in numbers],
        manage_ticks=False,
        patch_artist=True,
        boxprops={"facecolor": "#cfe3f1", "edgecolor": GREY},
        medianprops={"color": ACCENT},
        whiskerprops={"color": GREY},
        capprops={"color": GREY},
        flierprops={"markersize": 2.5, "markeredgecolor": GREY},
    )
    axes.set_ylim(bottom=0)


def as_numbers(axes: Axes, numbers: Sequence[int], units: int) -> None:
    """Make an axis of numbers of images, of which those that were drawn are marked."""
    axes.set_xscale("log")
    shown = sorted({*numbers, units})
    # Numbers that are closer than their labels are left out.
    apart = [n for place, n in enumerate(shown) if not place or n > 1.3 * shown[place - 1]]
    axes.set_xticks(apart, [str(n) for n in apart])
    axes.minorticks_off()
    axes.set_xlabel("images (or units of these)")
    axes.tick_params(labelsize=8)
    axes.margins(x=np.log10(1.2))
