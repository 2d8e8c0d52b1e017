"""Figures of the per-image values of pairs: mean and dispersion, and unusual shapes."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lookalike.compare.image_table import ImageTable
from lookalike.core.types import Row
from lookalike.plots.dendrogram import draw_tree, merges_of
from lookalike.plots.histograms import GREY, draw_histogram
from lookalike.plots.style import CHANCE, add_family_legend
from lookalike.plots.titles import MANY

SHOWN_PAIRS = 6
COLUMNS = 3


def mean_and_dispersion(
    pairs: Sequence[Row],
    trees: Mapping[str, np.ndarray],
    names: Sequence[str],
    families: Mapping[str, str],
    *,
    title: str,
) -> Figure:
    """Draw mean against standard deviation of every pair, and the trees of both summaries.

    Parameters
    ----------
    pairs : list of dict
        Of `describe_pairs`.
    trees : dict of ndarray, shape (m - 1, 4)
        By the name of the summary; without any, or with more than 40 models, none is drawn.
    names : list of str
        Of the models.
    families : dict
        From name to family.
    title : str
    """
    shown = trees if len(names) <= MANY else {}
    height = max(3.6, 1.3 + 0.24 * len(names)) if shown else 3.6
    figure = Figure(figsize=(3.8 * (1 + len(shown)), height), layout="constrained")
    axes = figure.add_subplot(1, 1 + len(shown), 1)
    mean, std = (np.array([row[name] for row in pairs]) for name in ("mean", "std"))
    bimodal, skewed = (
        np.array([row[name] for row in pairs], bool) for name in ("bimodal", "skewed")
    )
    for chosen, colour, marker, text in (
        # In no colour and marker of a family.
        (~bimodal & ~skewed, GREY, ".", "one peak"),
        (skewed & ~bimodal, "0.4", "x", "skewed"),
        (bimodal, "black", "*", "two groups"),
    ):
        if chosen.any():
            count = f"{text}: {chosen.sum()}"
            axes.plot(mean[chosen], std[chosen], marker, color=colour, ms=6, alpha=0.8, label=count)
    axes.set_xlabel("mean over images")
    axes.set_ylabel("standard deviation over images")
    axes.set_title("pairs of models", fontsize=9)
    if len(pairs):
        axes.legend(frameon=False, fontsize=8)
    for place, (summary, tree) in enumerate(shown.items(), 2):
        axes = figure.add_subplot(1, 1 + len(shown), place)
        draw_tree(axes, merges_of(tree), names, families)
        axes.set_title(summary, fontsize=9)
        axes.set_xlabel("dissimilarity", fontsize=8)
    figure.suptitle(title, fontsize=10)
    if shown:
        add_family_legend(figure, families, names)
    return figure


def unusual_pairs(table: ImageTable, pairs: Sequence[Row], *, title: str) -> Figure:
    """Draw the values of the pairs whose bimodality coefficients are surely largest over their
    chance values, with the names of the outlying images.

    Parameters
    ----------
    table : ImageTable
    pairs : list of dict
        Of `describe_pairs`, of this table.
    title : str
    """
    # By what is sure of them: a single outlying image gives a large one, and a wide interval.
    coefficients = np.array([row["bimodality_low"] for row in pairs], float)
    order = np.argsort(-np.nan_to_num(coefficients), kind="stable")[:SHOWN_PAIRS]
    lines = max(1, -(-len(order) // COLUMNS))
    figure = Figure(figsize=(3.6 * COLUMNS, 0.6 + 2.5 * lines), layout="constrained")
    for place, pair in enumerate(order.tolist(), 1):
        axes = figure.add_subplot(lines, COLUMNS, place)
        values, chance = table.values[:, pair], table.chance[..., pair].ravel()
        known = np.concatenate([values[np.isfinite(values)], chance[np.isfinite(chance)]])
        low, high = (known.min(), known.max()) if len(known) else (0.0, 1.0)
        bins = np.linspace(low, high if high > low else low + 1, 25)
        draw_histogram(axes, values, chance, bins.tolist())
        row = pairs[pair]
        axes.set_title(f"{row['model']}\n{row['other']}", fontsize=8)
        axes.set_yticks([])
        axes.tick_params(labelsize=7.5)
        told = f"coefficient {row['bimodality']:.2f}, skewness {row['skewness']:.1f}"
        axes.set_xlabel(told, fontsize=8)
        mark_outlying(axes, table, values, row)
    figure.suptitle(f"{title}\n(the most unusual pairs; grey: other images)", fontsize=10)
    return figure


def mark_outlying(axes: Axes, table: ImageTable, values: np.ndarray, row: Row) -> None:
    """Mark the outlying images of a pair below its histogram, and name the farthest."""
    if not row["outlying"]:
        return
    names = row["outlying"].split("; ")
    places = [values[table.images.index(name)] for name in names]
    axes.plot(places, [0] * len(places), "|", color=CHANCE, ms=9, mew=1.6, clip_on=False)
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    axes.text(
        0.98,
        0.96,
        f"outlying: {names[0]}{more}",
        transform=axes.transAxes,
        ha="right",
        va="top",
        fontsize=7,
        color=CHANCE,
    )
