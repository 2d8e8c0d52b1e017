"""Figure of the partitions of Louvain's method over a range of resolutions."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lookalike.core.types import Row
from lookalike.plots.style import ACCENT, CHANCE, PALETTE
from lookalike.plots.titles import MANY
from lookalike.studies.resolution_scan import CONSENSUS, PACKAGE

# By version of Louvain's method: colour and column of the table of partitions.
VERSIONS = {CONSENSUS: (ACCENT, "community"), PACKAGE: (CHANCE, "python_louvain")}
# Of the tree's cuts, so many groups at most are drawn.
MOST_CUTS = 12


def resolution_figure(
    rows: Sequence[Row], cuts: Sequence[Row], partitions: Sequence[Row], *, title: str
) -> Figure:
    """Draw the communities of one matrix by resolution: how many and how stable, how like the cuts
    of the tree, and which models are in each; for the consensus and for python-louvain.

    Parameters
    ----------
    rows : list of dict
        Of `describe_scan`.
    cuts : list of dict
        Of `compare_cuts`.
    partitions : list of dict
        Of `list_partitions`.
    title : str

    Returns
    -------
    Figure
        The plateau, if there is one, is grey.
    """
    figure = Figure(figsize=(11, 3), layout="constrained")
    figure.suptitle(title, fontsize=10)
    if rows[0]["untested"]:
        figure.text(0.5, 0.4, f"cannot tell: {rows[0]['untested']}", ha="center")
        return figure
    names = list(dict.fromkeys(row["model"] for row in partitions))
    groups = sorted({row["groups"] for row in cuts if row["groups"] <= MOST_CUTS})
    heights = [2.0, 0.5 + 0.2 * len(groups)]
    if len(names) <= MANY:
        heights.append(0.5 + 0.2 * len(names))
    figure.set_size_inches(11, sum(heights) + 0.9)
    grid = figure.add_gridspec(len(heights), 2, height_ratios=heights)
    edges = edges_of([row["resolution"] for row in rows])
    counts = figure.add_subplot(grid[0, 0])
    draw_lines(counts, rows, "groups", "communities")
    figure.legend(
        *counts.get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False
    )
    draw_lines(figure.add_subplot(grid[0, 1]), rows, "stability", "stability")
    order = models_in_order(partitions, names)
    for place, louvain in enumerate(VERSIONS):
        axes = figure.add_subplot(grid[1, place])
        own = [row for row in cuts if row["louvain"] == louvain and row["groups"] in groups]
        cells = np.reshape([row["rand"] for row in own], (len(groups), len(rows)))
        mesh = axes.pcolormesh(
            edges, np.arange(len(groups) + 1), cells, cmap="cividis", vmin=0, vmax=1
        )
        axes.set_yticks(np.arange(len(groups)) + 0.5, groups, fontsize=8)
        axes.set_ylabel("groups at the cut")
        axes.set_title(f"{louvain}: adjusted Rand index with cuts of the tree", fontsize=9)
        figure.colorbar(mesh, ax=axes, pad=0.01)
        if len(heights) > 2:
            draw_members(figure.add_subplot(grid[2, place]), edges, partitions, order, louvain)
    for axes in figure.axes:
        if axes.get_label() != "<colorbar>":
            axes.set_xlim(edges[0], edges[-1])
            axes.set_xlabel("resolution", fontsize=8)
    return figure


def edges_of(resolutions: Sequence[float]) -> np.ndarray:
    """Return the edges of cells around resolutions at equal distances."""
    half = (resolutions[-1] - resolutions[0]) / (len(resolutions) - 1) / 2
    return np.linspace(resolutions[0] - half, resolutions[-1] + half, len(resolutions) + 1)


def draw_lines(axes: Axes, rows: Sequence[Row], column: str, label: str) -> None:
    """Draw a column of the scan for both versions, with the plateau."""
    resolutions = [row["resolution"] for row in rows]
    edges = edges_of(resolutions)
    for place, row in enumerate(rows):
        if row["on_plateau"]:
            axes.axvspan(edges[place], edges[place + 1], color="0.9", lw=0, zorder=0)
    for louvain, prefix in ((CONSENSUS, ""), (PACKAGE, "python_louvain_")):
        values = [row[f"{prefix}{column}"] for row in rows]
        axes.plot(
            resolutions,
            values,
            marker="o",
            # Where both are equal, both show.
            ms=3.5 if prefix else 6.5,
            lw=1.2 if prefix else 3,
            alpha=1 if prefix else 0.6,
            color=VERSIONS[louvain][0],
            label=louvain,
        )
    early = [row["resolution"] for row in rows if row["stopped_early"] > 0.5]
    if early:
        axes.plot(
            early,
            [0] * len(early),
            marker="v",
            ls="",
            ms=4,
            color="0.3",
            clip_on=False,
            transform=axes.get_xaxis_transform(),
            label="python-louvain stops early",
        )
    axes.set_ylabel(label)
    axes.set_ylim(bottom=0)
    if column == "groups":
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))


def models_in_order(partitions: Sequence[Row], names: Sequence[str]) -> list[str]:
    """Return the models by the communities that they share over the resolutions, from the lowest
    on.
    """
    found: dict[str, list[int]] = {name: [] for name in names}
    for row in partitions:
        found[row["model"]].append(row["community"])
    return sorted(names, key=lambda name: (*found[name], name))


def draw_members(
    axes: Axes,
    edges: np.ndarray,
    partitions: Sequence[Row],
    order: Sequence[str],
    louvain: str,
) -> None:
    """Draw the community of every model (rows) at every resolution (columns), by number and colour;
    of communities of one model, neither.
    """
    column = VERSIONS[louvain][1]
    resolutions = list(dict.fromkeys(row["resolution"] for row in partitions))
    for place, resolution in enumerate(resolutions):
        own = {row["model"]: row[column] for row in partitions if row["resolution"] == resolution}
        sizes = {number: list(own.values()).count(number) for number in own.values()}
        for height, name in enumerate(order):
            number = own[name]
            several = sizes[number] > 1
            axes.bar(
                edges[place],
                0.9,
                edges[place + 1] - edges[place],
                bottom=height + 0.05,
                align="edge",
                color=PALETTE[(number - 1) % len(PALETTE)] if several else "0.93",
                alpha=0.75,
            )
    axes.set_ylim(len(order), 0)
    axes.set_yticks(np.arange(len(order)) + 0.5, order, fontsize=8)
    axes.tick_params(axis="y", length=0)
    axes.set_title(f"{louvain}: communities (grey: a model by itself)", fontsize=9)
