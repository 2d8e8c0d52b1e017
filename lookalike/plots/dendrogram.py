"""Figure of a tree, with the support of its clades."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lookalike.core.types import Row
from lookalike.groups.trees import leaf_order
from lookalike.plots.style import (
    CHANCE,
    HALO,
    add_family_legend,
    family_styles,
    page_width,
    wrapped,
)

BRANCH, WIDTH = "0.25", 1.4  # grey and points
SMALL = 7.5  # points of numbers
LONG_BRANCH = 0.07  # of the widest one: has room for a number


def dendrogram(
    clades: Sequence[Row],
    names: Sequence[str],
    families: Mapping[str, str],
    *,
    label: str,
    title: str,
    chance: float | None = None,
) -> Figure:
    """Draw a tree from the root at the left to the models at the right, with the support of every
    clade.

    Parameters
    ----------
    clades : list of dict
        Merges with `left`, `right`, `height` and `support`.
    names : list of str
    families : dict
        From name to family.
    label, title : str
    chance : float, optional
        Mean dissimilarity between maps of different images, drawn as a line.

    Returns
    -------
    Figure
    """
    m = len(names)
    figure = Figure(figsize=(page_width(), 1.6 + 0.3 * m), layout="constrained")
    axes = figure.add_subplot()
    widest = draw_tree(axes, clades, names, families)
    if chance is not None and np.isfinite(chance):
        axes.axvline(chance, color=CHANCE, lw=1, ls="--")
        axes.set_xlim(max(widest, chance) * 1.06, 0)
        axes.annotate(
            "chance",
            (chance, 1),
            xycoords=("data", "axes fraction"),
            xytext=(0, 2),
            textcoords="offset points",
            color=CHANCE,
            fontsize=SMALL,
            ha="center",
        )
    axes.set_xlabel(label)
    figure.suptitle(wrapped(title), fontsize=10)
    add_family_legend(figure, families, names)
    return figure


def draw_tree(
    axes: Axes, clades: Sequence[Row], names: Sequence[str], families: Mapping[str, str]
) -> float:
    """Draw a tree with support and models, as of `dendrogram`; return its greatest height."""
    m = len(names)
    order = leaf_order(clades)
    heights, positions = [0.0] * m, [float(order.index(leaf)) for leaf in range(m)]
    widest = max([clade["height"] for clade in clades] + [1e-12])
    for clade in clades:
        children = (clade["left"], clade["right"])
        for child in children:
            ends = [heights[child], clade["height"]]
            axes.plot(ends, [positions[child]] * 2, color=BRANCH, lw=WIDTH, solid_capstyle="round")
        sides = [positions[child] for child in children]
        axes.plot([clade["height"]] * 2, sides, color=BRANCH, lw=WIDTH)
        heights.append(clade["height"])
        positions.append(float(np.mean(sides)))
    write_support(axes, clades, positions, widest)
    styles = family_styles(families.values())
    for leaf, name in enumerate(names):
        colour, marker = styles[families[name]]
        axes.plot(
            0, positions[leaf], marker=marker, color=colour, markersize=7, clip_on=False, zorder=3
        )
        axes.annotate(
            name,
            (0, positions[leaf]),
            (9, 0),
            textcoords="offset points",
            va="center",
            annotation_clip=False,
        )
    axes.set_xlim(widest * 1.06, 0)
    axes.set_ylim(m - 0.4, -0.6)
    axes.spines["left"].set_visible(False)
    axes.set_yticks([])
    return float(widest)


def merges_of(tree: np.ndarray) -> list[Row]:
    """Return the merges of a tree (m - 1, 4) without support, for `draw_tree`."""
    return [
        {"left": int(left), "right": int(right), "height": height, "support": np.nan}
        for left, right, height, _ in tree
    ]


def write_support(
    axes: Axes, clades: Sequence[Row], positions: Sequence[float], widest: float
) -> None:
    """Write the support of every clade but the root in percent, where it is known: above its branch
    if that is long enough, else behind the node, inside the clade.
    """
    m = len(clades) + 1
    parents = parent_heights(clades)
    for node, clade in enumerate(clades[:-1], m):
        above = parents[node] - clade["height"] > LONG_BRANCH * widest
        write_percent(axes, clade, positions[node], above)


def parent_heights(clades: Sequence[Row]) -> dict[int, float]:
    """Return the height at which each node is merged."""
    return {clade[side]: clade["height"] for clade in clades for side in ("left", "right")}


def write_percent(axes: Axes, clade: Row, position: float, above: bool) -> None:
    """Write the support of a clade above its branch, or inside the clade."""
    if not np.isfinite(clade["support"]):
        return
    shift, ends = ((-4, 1), ("right", "bottom")) if above else ((3, 0), ("left", "center"))
    axes.annotate(
        f"{clade['support']:.0%}",
        (clade["height"], position),
        shift,
        textcoords="offset points",
        ha=ends[0],
        va=ends[1],
        fontsize=SMALL,
        zorder=4,
        bbox=HALO,
    )
