"""Figures of more models than names and numbers have room for: matrix, tree, coordinates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Polygon

from lookalike.core.types import Row
from lookalike.groups.trees import leaf_order
from lookalike.plots.dendrogram import LONG_BRANCH, parent_heights, write_percent
from lookalike.plots.matrix import add_colour_bar, draw_cells
from lookalike.plots.style import CHANCE, add_family_legend, family_styles, page_width, wrapped
from lookalike.plots.titles import MOST_NAMED

# Of a tree.
TIPS = 40
POINT = 1 / 72
SMALLEST_FONT = 5.0


def large_heatmap(
    matrix: np.ndarray,
    names: Sequence[str],
    families: Mapping[str, str],
    *,
    label: str,
    title: str,
    order: Sequence[int],
    limits: tuple[float, float] | None = None,
    similar: bool = False,
    shades: np.ndarray | None = None,
) -> Figure:
    """Draw a matrix of many models as one picture; parameters as for `heatmap`.

    A stripe at each side has the colours of the families. Up to 200 models are named, and then the
    figure is as large as their names need.
    """
    names, values = [names[index] for index in order], matrix[np.ix_(order, order)]
    m, apart = len(names), ~np.eye(len(names), dtype=bool)
    named = m <= MOST_NAMED
    font = min(7.5, max(SMALLEST_FONT, 8 / m / POINT * 0.8))
    side = max(page_width() - 2, m * font * POINT * 1.1 if named else 0)
    figure = Figure(figsize=(side + 2, side + 1.4), layout="constrained")
    axes = figure.add_subplot()
    known = values[apart & np.isfinite(values)]
    shown = np.where(apart, values if shades is None else shades[np.ix_(order, order)], np.nan)
    image = draw_cells(axes, shown, limits or (0.0, float(known.max(initial=0)) or 1.0), similar)
    colours = family_styles(families.values())
    stripe = np.array([to_rgb(colours[families[name]][0]) for name in names])
    width = m / 60
    for extent, cells in (
        ((-0.5 - 1.6 * width, -0.5 - 0.6 * width, m - 0.5, -0.5), stripe[:, None]),
        ((-0.5, m - 0.5, -0.5 - 0.6 * width, -0.5 - 1.6 * width), stripe[None]),
    ):
        axes.imshow(cells, extent=extent, aspect="equal", interpolation="nearest", clip_on=False)
    axes.set_xlim(-0.5, m - 0.5)
    axes.set_ylim(m - 0.5, -0.5)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0, labelsize=font, pad=2)
    if named:
        axes.set_xticks(range(m), names, rotation=90)
        axes.set_yticks(range(m), names)
        axes.tick_params(axis="y", pad=2 + 1.7 * width / m * side / POINT)
    else:
        axes.set_xticks([])
        axes.set_yticks([])
        title += f"\n{m} models in the order of the tree; their names are in the report"
    add_colour_bar(figure, axes, image, known, label)
    figure.suptitle(wrapped(title), fontsize=10)
    add_family_legend(figure, families, names)
    return figure


def collapsed_tree(
    clades: Sequence[Row],
    names: Sequence[str],
    families: Mapping[str, str],
    *,
    label: str,
    title: str,
    chance: float | None = None,
) -> Figure:
    """Draw the top of a tree; what is below its `TIPS` is one triangle a clade, as wide as the
    clade is high. Parameters as for `dendrogram`.
    """
    m = len(names)
    order = leaf_order(clades)
    place = {leaf: index for index, leaf in enumerate(order)}
    members: list[list[int]] = [[leaf] for leaf in range(m)]
    for clade in clades:
        members.append(members[clade["left"]] + members[clade["right"]])
    tips = top_of(clades, m)
    tips.sort(key=lambda node: min(place[leaf] for leaf in members[node]))
    heights = [0.0] * m + [clade["height"] for clade in clades]
    parents, widest = parent_heights(clades), max(heights) or 1e-12
    figure = Figure(figsize=(page_width(), 1.6 + 0.28 * len(tips)), layout="constrained")
    axes = figure.add_subplot()
    positions: dict[int, float] = {tip: float(index) for index, tip in enumerate(tips)}
    for node, clade in enumerate(clades, m):
        children = (clade["left"], clade["right"])
        if not all(child in positions for child in children) or node in positions:
            continue
        sides = [positions[child] for child in children]
        positions[node] = float(np.mean(sides))
        for child, side in zip(children, sides, strict=True):
            axes.plot([heights[child], clade["height"]], [side] * 2, color="0.25", lw=1.2)
        axes.plot([clade["height"]] * 2, sides, color="0.25", lw=1.2)
        # A number has room above a long branch only; the table has all.
        if parents.get(node, 0) - clade["height"] > LONG_BRANCH * widest:
            write_percent(axes, clade, positions[node], above=True)
    styles = family_styles(families.values())
    for tip in tips:
        draw_tip(axes, heights[tip], positions[tip], members[tip], names, families, styles)
    axes.set_xlim(max(widest, chance or 0) * 1.06, 0)
    if chance is not None and np.isfinite(chance):
        axes.axvline(chance, color=CHANCE, lw=1, ls="--")
        axes.annotate(
            "chance",
            (chance, 1),
            (0, 2),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            color=CHANCE,
            fontsize=7,
            ha="center",
        )
    axes.set_ylim(len(tips) - 0.4, -0.6)
    axes.spines["left"].set_visible(False)
    axes.set_yticks([])
    axes.set_xlabel(label)
    below = f"{m} models; a triangle is a clade of several; support above long branches"
    figure.suptitle(wrapped(f"{title}\n{below}" if len(tips) < m else title), fontsize=10)
    add_family_legend(figure, families, names)
    return figure


def top_of(clades: Sequence[Row], models: int) -> list[int]:
    """Return the nodes that remain if the highest merges are taken apart until there are `TIPS`."""
    tips = [models + len(clades) - 1]
    while len(tips) < TIPS and (highest := max(tips)) >= models:
        tips.remove(highest)
        tips += [clades[highest - models][side] for side in ("left", "right")]
    return tips


def draw_tip(
    axes: Axes,
    height: float,
    position: float,
    members: Sequence[int],
    names: Sequence[str],
    families: Mapping[str, str],
    styles: Mapping[str, tuple[str, str]],
) -> None:
    """Draw a model as a marker, a clade as a triangle, and say what it holds."""
    found = Counter(families[names[leaf]] for leaf in members)
    family, count = found.most_common(1)[0]
    colour, marker = styles[family]
    text = names[members[0]]
    if len(members) == 1:
        axes.plot(0, position, marker=marker, color=colour, markersize=6, clip_on=False, zorder=3)
    else:
        corners = [(height, position), (0, position - 0.35), (0, position + 0.35)]
        axes.add_patch(Polygon(corners, facecolor=colour, edgecolor="0.25", lw=0.6, alpha=0.8))
        text += f" and {len(members) - 1} more"
        if len(set(families.values())) > 1:
            mostly = "all" if count == len(members) else f"{count} of {len(members)}"
            text += f", {mostly} {family}"
    axes.annotate(
        text,
        (0, position),
        (9, 0),
        textcoords="offset points",
        va="center",
        fontsize=8,
        annotation_clip=False,
    )


def large_scatter(
    coordinates: np.ndarray,
    explained: Sequence[float] | np.ndarray,
    names: Sequence[str],
    families: Mapping[str, str],
    *,
    title: str,
) -> Figure:
    """Draw many models on two principal coordinates, without names and ellipses; parameters as for
    `scatter`.
    """
    figure = Figure(figsize=(page_width(), 0.93 * page_width()), layout="constrained")
    axes = figure.add_subplot()
    for family, (colour, marker) in family_styles(families.values()).items():
        own = coordinates[[families[name] == family for name in names]]
        axes.plot(
            *own.T, marker=marker, color=colour, ls="", ms=6, alpha=0.7, markeredgecolor="white"
        )
    axes.axhline(0, color="0.9", lw=0.8, zorder=0)
    axes.axvline(0, color="0.9", lw=0.8, zorder=0)
    axes.set_xlabel(f"principal coordinate 1 ({explained[0]:.0%})")
    axes.set_ylabel(f"principal coordinate 2 ({explained[1]:.0%})")
    figure.suptitle(wrapped(f"{title}\n{len(names)} models"), fontsize=10)
    add_family_legend(figure, families, names)
    return figure
