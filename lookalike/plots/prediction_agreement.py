"""Figures of predictions: who predicts alike, and whether looking alike goes with it."""

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lookalike.core.types import Row
from lookalike.groups.trees import link
from lookalike.plots.many_models import large_heatmap
from lookalike.plots.matrix import heatmap
from lookalike.plots.style import ACCENT, CHANCE
from lookalike.plots.titles import MANY

COLUMNS = 3
OTHERS = "0.45"


def shares_heatmap(
    shares: np.ndarray, names: Sequence[str], families: Mapping[str, str], *, title: str
) -> Figure:
    """Draw the shares of same predictions (m, m), models that predict alike next to one another."""
    from scipy.cluster.hierarchy import leaves_list

    known = len(names) > 1 and np.isfinite(shares).all()
    order = leaves_list(link(1 - shares)).tolist() if known else list(range(len(names)))
    draw = large_heatmap if len(names) > MANY else heatmap
    return draw(
        shares,
        names,
        families,
        label="share of the images with the same prediction",
        title=title,
        order=order,
        limits=(0, 1),
        similar=True,
    )


def scatter_of_pairs(
    panels: Sequence[tuple[np.ndarray, np.ndarray, Sequence[str], Row]],
    families: Mapping[str, str],
    *,
    title: str,
) -> Figure:
    """Draw how alike two models look against how often they predict the same class.

    Parameters
    ----------
    panels : list of (ndarray, ndarray, list of str, dict)
        Of each matrix: shares and dissimilarities, shape (pairs,), the names of the models, and the
        row of `correlate_matrices`.
    families : dict
        From name to family.
    title : str
    """
    columns = min(COLUMNS, len(panels))
    lines = -(-len(panels) // columns)
    figure = Figure(figsize=(3.7 * columns, 0.8 + 3.2 * lines), layout="constrained")
    for place, (shares, values, names, row) in enumerate(panels, 1):
        axes = figure.add_subplot(lines, columns, place)
        related = np.array(
            [families[one] == families[other] for one, other in combinations(names, 2)], bool
        )
        for chosen, colour, marker, text in (
            (~related, OTHERS, "o", "of different families"),
            (related, ACCENT, "s", "of one family"),
        ):
            if chosen.any():
                axes.plot(
                    shares[chosen],
                    values[chosen],
                    linestyle="",
                    marker=marker,
                    markersize=4,
                    alpha=0.75,
                    color=colour,
                    label=text,
                )
        describe(axes, row)
    # Each kind of point once, whichever panels have it.
    shown = {
        text: handle
        for axes in figure.axes
        for handle, text in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    if shown:
        figure.legend(
            shown.values(), shown.keys(), loc="outside lower center", ncols=3, frameon=False
        )
    figure.suptitle(title, fontsize=10)
    return figure


def describe(axes: Axes, row: Row) -> None:
    """Write both correlations above a panel, and mark where the diagonal would be counted."""
    about = f"{row['metric']}, {row['subset']} images"
    if row["untested"]:
        axes.set_title(f"{about}\ncannot be told", fontsize=9)
    else:
        axes.plot(1, 0, "x", color=CHANCE, markersize=8, mew=2, label="the diagonal", clip_on=False)
        axes.set_title(
            f"{about}\nr = {row['r']:.2f}, with the diagonal {row['r_with_diagonal']:.2f}",
            fontsize=9,
        )
    axes.set_xlabel("share of images with the same prediction", fontsize=8)
    # Models that are alike in both are then above on the right.
    axes.invert_yaxis()
    axes.set_ylabel("dissimilarity (alike: above)", fontsize=8)
    axes.tick_params(labelsize=8)
