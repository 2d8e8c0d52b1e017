"""Figure of the trees of one matrix under all linkages."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from lookalike.plots.dendrogram import draw_tree, merges_of
from lookalike.plots.style import add_family_legend


def trees_side_by_side(
    trees: Mapping[str, np.ndarray],
    correlations: Mapping[str, float],
    names: Sequence[str],
    families: Mapping[str, str],
    *,
    title: str,
) -> Figure:
    """Draw the tree of every linkage next to one another.

    Parameters
    ----------
    trees : dict of ndarray, shape (m - 1, 4)
        By linkage.
    correlations : dict
        The cophenetic correlation of each, where it is known.
    names : list of str
        Of the m models.
    families : dict
        From name to family.
    title : str
    """
    columns = 2
    lines = -(-len(trees) // columns)
    figure = Figure(figsize=(11, lines * (1.3 + 0.24 * len(names))), layout="constrained")
    for place, (linkage, tree) in enumerate(trees.items(), 1):
        axes = figure.add_subplot(lines, columns, place)
        draw_tree(axes, merges_of(tree), names, families)
        title_of_tree = linkage
        if linkage in correlations:
            title_of_tree += f", cophenetic correlation {correlations[linkage]:.3f}"
        axes.set_title(title_of_tree, fontsize=9)
        axes.set_xlabel("dissimilarity", fontsize=8)
    figure.suptitle(title, fontsize=10)
    add_family_legend(figure, families, names)
    return figure
