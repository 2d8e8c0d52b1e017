"""All figures of a dissimilarity matrix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from lookalike.compare.dissimilarities import Dissimilarities
from lookalike.compare.image_table import ImageTable
from lookalike.core.condensed import condensed
from lookalike.core.types import Row
from lookalike.groups.clades import parse_clades
from lookalike.groups.projection import parse_projection
from lookalike.groups.trees import leaf_order
from lookalike.plots.communities import louvain_graph
from lookalike.plots.coordinates import scatter
from lookalike.plots.dendrogram import dendrogram
from lookalike.plots.histograms import histograms
from lookalike.plots.many_communities import community_graph
from lookalike.plots.many_models import (
    collapsed_tree,
    large_heatmap,
    large_scatter,
)
from lookalike.plots.many_pairs import histograms_of_some
from lookalike.plots.matrix import half_intervals, heatmap, shortened
from lookalike.plots.titles import MANY, title_of

if TYPE_CHECKING:
    import networkx


def matrix_figures(
    matrix: Dissimilarities,
    families: Mapping[str, str],
    *,
    supports: Mapping[str, Sequence[Row]],
    graph: networkx.Graph,
    communities: Sequence[Row],
    co_association: np.ndarray,
    coordinates: Sequence[Row],
    bounds: tuple[np.ndarray, np.ndarray] | None = None,
    chance: np.ndarray | None = None,
    shades: np.ndarray | None = None,
    table: ImageTable | None = None,
) -> dict[str, list[Figure]]:
    """Draw a matrix and its groups.

    Parameters
    ----------
    matrix : Dissimilarities
    families : dict
        From name to family, of all models of the run.
    supports : dict
        From linkage to the table of `describe_clades`; the first orders the heatmaps.
    graph : networkx.Graph
        Of `model_graph`, over the models that are left by `without_unknown`.
    communities : list of dict
        Table of `consensus_communities`.
    co_association : ndarray, shape (len(graph), len(graph))
    coordinates : list of dict
        Table of `describe_projection`.
    bounds : (ndarray, ndarray), optional
        Of the intervals, each (m, m), which are written where there is room; user-supplied
        matrices have none of these three.
    chance : ndarray, shape (m, m), optional
        Its mean is where the colours of dissimilarities end.
    shades : ndarray, shape (m, m), optional
        Values that give the cells of the matrix their colours; the matrix itself by default.
    table : ImageTable, optional
        Values of single images.

    Returns
    -------
    dict
        `matrix`, `dendrograms` (one per linkage), `louvain`, `together`, `coordinates`, and
        `histograms` where there is a table.
    """
    label = f"{matrix.key.metric} dissimilarity"
    title = title_of(*matrix.key, given=matrix.is_given)
    known = [name for name in matrix.names if name in graph]
    if left_out := [name for name in matrix.names if name not in graph]:
        title += f"\nleft out, since dissimilarities are unknown: {', '.join(left_out)}"
    trees = {linkage: parse_clades(rows) for linkage, rows in supports.items()}
    by_tree = leaf_order(next(iter(trees.values())))
    order = [matrix.names.index(name) for name in [*(known[leaf] for leaf in by_tree), *left_out]]
    by_chance = None if chance is None else float(np.nanmean(condensed(chance)))
    together = "co-association: share of partitions\nwith both in one community"
    communities_title = f"Communities of models that are near to one another\n{title}"
    near = f"Models that lie near to one another look alike\n{title}"
    many = len(matrix) > MANY
    draw_matrix = large_heatmap if many else heatmap
    draw_tree = collapsed_tree if many else dendrogram
    draw_own = draw_matrix
    if bounds and not many:
        draw_own = partial(heatmap, notes=half_intervals(*bounds))
    limits, ends = None, "from 0"
    if by_chance is not None and by_chance > 0:
        limits, ends = (0.0, by_chance), f"from 0 to chance ({shortened(f'{by_chance:.2f}')})"
    figures = {
        "matrix": [
            draw_own(
                matrix.values,
                matrix.names,
                families,
                label=f"{label}, {ends}",
                title=f"Dissimilarity of every two models\n{title}",
                order=order,
                limits=limits,
                shades=shades,
            )
        ],
        "dendrograms": [
            draw_tree(
                tree,
                known,
                families,
                label=label,
                title=f"{describe_tree(linkage, tree)}\n{title}",
                chance=by_chance,
            )
            for linkage, tree in trees.items()
        ],
        "louvain": [
            (community_graph if many else louvain_graph)(
                graph, communities, families, title=communities_title
            )
        ],
        "together": [
            draw_matrix(
                co_association,
                known,
                families,
                label=together,
                title=f"How often two models are in one community\n{title}",
                order=by_tree,
                limits=(0, 1),
                similar=True,
            )
        ],
        "coordinates": [
            large_scatter(*parse_projection(coordinates)[:2], known, families, title=near)
            if many
            else scatter(*parse_projection(coordinates), known, families, title=near)
        ],
    }
    if table is not None:
        draw_pairs = histograms_of_some if many else histograms
        figures["histograms"] = [
            draw_pairs(table, label=label, title=f"Every pair of models, image by image\n{title}")
        ]
    return figures


def describe_tree(linkage: str, tree: Sequence[Row]) -> str:
    """Return the first line of a dendrogram's title; a single model has no correlation."""
    if not tree:
        return "Tree of models"
    correlation = shortened(f"{tree[-1]['cophenetic_correlation']:.2f}")
    return f"Tree of models by {linkage} linkage (cophenetic correlation {correlation})"
