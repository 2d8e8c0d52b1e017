"""Histograms of all pairs of many models together, and of some of them."""

import numpy as np
from matplotlib.figure import Figure

from lookalike.compare.image_table import ImageTable
from lookalike.core.condensed import in_slices
from lookalike.plots.histograms import KINDS, draw_histogram

SHOWN_PAIRS = 6  # of each kind


def histograms_of_some(table: ImageTable, *, label: str, title: str) -> Figure:
    """Draw the values of all pairs together, and those of the nearest, the middle and the farthest
    pairs, each over chance; parameters as for `histograms`.
    """
    values, chance = table.values, table.chance.reshape(-1, table.chance.shape[-1])
    known = [(np.nanmin(one), np.nanmax(one)) for one in (values, chance) if np.isfinite(one).any()]
    low = min((one[0] for one in known), default=0.0)
    high = max((one[1] for one in known), default=1.0)
    bins = np.linspace(low, high if high > low else low + 1, 41)
    counted = np.isfinite(values).sum(axis=0)
    sums = np.where(np.isfinite(values), values, 0).sum(axis=0)
    order = np.argsort(np.divide(sums, counted, out=np.full(len(sums), np.inf), where=counted > 0))
    order = order[: np.count_nonzero(counted)]
    middle = max(0, len(order) // 2 - SHOWN_PAIRS // 2)
    kinds = {
        "nearest": order[:SHOWN_PAIRS],
        "in the middle": order[middle : middle + SHOWN_PAIRS],
        "farthest": order[::-1][:SHOWN_PAIRS],
    }
    figure = Figure(figsize=(12, 8.2), layout="constrained")
    grid = figure.add_gridspec(1 + len(kinds), SHOWN_PAIRS, height_ratios=(1.6, 1, 1, 1))
    axes = figure.add_subplot(grid[0, :])
    for sample, (colour, alpha, text) in zip((chance, values), KINDS, strict=True):
        counts = counts_in(sample, bins)
        if counts.sum():
            axes.stairs(
                counts / counts.sum(), bins, fill=True, color=colour, alpha=alpha, label=text
            )
    axes.set_yticks([])
    axes.set_xlabel(f"{label}, all {values.shape[1]} pairs", fontsize=8.5)
    axes.legend(frameon=False, fontsize=8)
    first, second = np.triu_indices(len(table.names), 1)
    for row, (kind, pairs) in enumerate(kinds.items(), 1):
        for column, pair in enumerate(pairs.tolist()):
            axes = figure.add_subplot(grid[row, column])
            draw_histogram(axes, values[:, pair], chance[:, pair], bins[::2].tolist())
            axes.set(xticks=[], yticks=[], xlim=(bins[0], bins[-1]))
            axes.set_title(f"{table.names[first[pair]]}\n{table.names[second[pair]]}", fontsize=7.5)
            if column == 0:
                axes.set_ylabel(kind, fontsize=8.5)
    figure.suptitle(f"{title}\nthe nearest, middle and farthest pairs", fontsize=10)
    return figure


def counts_in(values: np.ndarray, bins: np.ndarray) -> np.ndarray:
    """Return how many values (n, pairs) lie in each bin."""
    counts = np.zeros(len(bins) - 1, int)
    for part in in_slices(values.shape[1], 8 * len(values)):
        some = values[:, part]
        counts += np.histogram(some[np.isfinite(some)], bins)[0]
    return counts
