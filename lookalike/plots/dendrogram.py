"""Figure of a tree with the support of its clades."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from lookalike.core.types import Row
from lookalike.groups.trees import leaf_order
from lookalike.plots.style import CHANCE, add_family_legend, family_styles


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
    names : sequence of str
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
    order = leaf_order(clades)
    figure = Figure(figsize=(6.4, 1.6 + 0.3 * m), layout="constrained")
    axes = figure.add_subplot()
    height = [0.0] * m
    position: list[float] = [order.index(leaf) for leaf in range(m)]
    widest = max([clade["height"] for clade in clades] + [1e-12])
    for clade in clades:
        children = (clade["left"], clade["right"])
        for child in children:
            axes.plot(
                [height[child], clade["height"]],
                [position[child]] * 2,
                color="0.25",
                lw=1.4,
                solid_capstyle="round",
            )
        axes.plot(
            [clade["height"]] * 2, [position[child] for child in children], color="0.25", lw=1.4
        )
        height.append(clade["height"])
        position.append(float(np.mean([position[child] for child in children])))
    for number, clade in enumerate(clades[:-1]):
        above = next(
            other["height"] for other in clades if m + number in (other["left"], other["right"])
        )
        # Above the branch if that is long enough for the text, else inside the clade.
        over = above - clade["height"] > 0.07 * widest
        if np.isfinite(clade["support"]):
            shift, ha, va = ((-4, 1), "right", "bottom") if over else ((3, 0), "left", "center")
            text = axes.annotate(
                f"{clade['support']:.0%}",
                (clade["height"], position[m + number]),
                shift,
                textcoords="offset points",
                ha=ha,
                va=va,
                fontsize=7.5,
                zorder=4,
            )
            text.set_path_effects([withStroke(linewidth=2, foreground="white")])
    styles = family_styles(families.values())
    for leaf, name in enumerate(names):
        colour, marker = styles[families[name]]
        axes.plot(
            0, position[leaf], marker=marker, color=colour, markersize=7, clip_on=False, zorder=3
        )
        axes.annotate(
            name,
            (0, position[leaf]),
            (9, 0),
            textcoords="offset points",
            va="center",
            annotation_clip=False,
        )
    axes.set_xlim(widest * 1.06, 0)
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
            fontsize=7.5,
            ha="center",
        )
    axes.set_ylim(m - 0.4, -0.6)
    axes.spines["left"].set_visible(False)
    axes.set_yticks([])
    axes.set_xlabel(label)
    axes.set_title(title, fontsize=10, pad=14)
    add_family_legend(figure, families, names)
    return figure
