"""What `compare_maps` returns: matrices, trees, communities, tests and figures of some models."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lookalike.compare.dissimilarities import Dissimilarities
from lookalike.compare.image_table import ImageTable
from lookalike.compare.summary import Summary
from lookalike.core import registry
from lookalike.core.errors import unknown
from lookalike.core.types import Row
from lookalike.notebook.results import Communities, Embedding, Tree

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RESOLUTIONS = (0.8, 0.9, 1.0, 1.1, 1.2)
FIGURES = ("matrix", "dendrogram", "communities", "embedding", "histograms")


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """What `compare_maps` found.

    Attributes
    ----------
    table : ImageTable
        Values and chance values of all pairs on every image.
    summary : Summary
        All matrices that the workflow writes, in `summary.matrices`.
    aggregate : str
    seed : int
    """

    table: ImageTable
    summary: Summary
    aggregate: str
    seed: int

    def __repr__(self) -> str:
        """Return what was compared."""
        models, metric = len(self.names), self.table.key.metric
        images, units = len(self.table), len(set(self.table.units.tolist()))
        drawn = f" in {units} units" if units < images else ""
        return f"<Comparison of {models} models by {metric} on {images} images{drawn}>"

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the m models, sorted: the order of rows and columns."""
        return self.table.names

    @property
    def images(self) -> tuple[str, ...]:
        """The ids of the images."""
        return self.table.images

    @property
    def dissimilarities(self) -> Dissimilarities:
        """The matrix with its names and bootstrap replicates."""
        return self.summary.dissimilarities

    @property
    def mean(self) -> np.ndarray:
        """Mean dissimilarity over the images, shape (m, m)."""
        return self.summary.matrices["mean"]

    @property
    def std(self) -> np.ndarray:
        """Standard deviation over the images, shape (m, m)."""
        return self.summary.matrices["std"]

    @property
    def n(self) -> np.ndarray:
        """Number of images with a value, shape (m, m)."""
        return self.summary.matrices["n"]

    @property
    def interval(self) -> np.ndarray:
        """Bounds of the 95% bootstrap interval over units of images, shape (2, m, m)."""
        return np.stack([self.summary.matrices["low"], self.summary.matrices["high"]])

    @property
    def chance(self) -> np.ndarray:
        """Dissimilarity of maps of different images, shape (m, m), NaN on the diagonal."""
        return self.summary.matrices["chance"]

    def tree(self, linkage: str = "average") -> Tree:
        """Cluster the models hierarchically, with bootstrap support and tests of the clades."""
        from lookalike.groups.clades import describe_clades
        from lookalike.groups.trees import link, newick
        from lookalike.inference.significance import correct_clades

        matrix = self.dissimilarities.without_unknown()
        tree, table = link(matrix.values, linkage), self.table.of(matrix.names)
        law = registry.get("metric", table.key.metric).law
        found = describe_clades(tree, matrix, table, law, self.aggregate, self.seed, linkage)
        rows = correct_clades(found)
        text = newick(tree, [row["support"] for row in rows], matrix.names)
        return Tree(linkage, text, rows, matrix.names)

    def communities(self, resolutions: Sequence[float] = RESOLUTIONS) -> Communities:
        """Find the communities that all resamples, seeds and resolutions have in common."""
        from lookalike.groups.communities import consensus_communities
        from lookalike.groups.partitions import EVERY_RESOLUTION

        matrix = self.dissimilarities.without_unknown()
        rows, together = consensus_communities(matrix, list(resolutions), self.seed)
        common = [row for row in rows if row["resolution"] == EVERY_RESOLUTION]
        members = {row["model"]: row["community"] for row in common}
        order = [matrix.names.index(name) for name in members]
        return Communities(members, common[0]["stability"], rows, together[np.ix_(order, order)])

    def embedding(self) -> Embedding:
        """Project the models onto two principal coordinates."""
        from lookalike.groups.projection import classical_scaling, resampled_covariances

        matrix = self.dissimilarities.without_unknown()
        coordinates, explained = classical_scaling(matrix.values)
        covariances = resampled_covariances(coordinates, matrix)
        points = {
            name: (float(x), float(y))
            for name, (x, y) in zip(matrix.names, coordinates, strict=True)
        }
        return Embedding(points, (float(explained[0]), float(explained[1])), covariances)

    def dependence(self, resamples: int = 1000, dependent: Iterable[str] = ()) -> Row:
        """Compare maps of one image with maps of different images.

        Parameters
        ----------
        resamples : int
        dependent : iterable of str
            Models that are not independent, as replicates of another; they are left out.

        Returns
        -------
        dict
            As `lookalike.inference.dependence.image_dependence` returns it.
        """
        from lookalike.inference.dependence import image_dependence

        return image_dependence(self.table.without(dependent), resamples, self.seed)

    def structure(self, permutations: int = 999, dependent: Iterable[str] = ()) -> Row:
        """Test whether models differ, whether there is structure beyond that, and groups.

        Parameters
        ----------
        permutations : int
        dependent : iterable of str
            Models that are not independent, as replicates of another; they are left out.

        Returns
        -------
        dict
            As `lookalike.inference.structure.structure_test` returns it.
        """
        from lookalike.inference.structure import structure_test

        table = self.table.without(dependent)
        metric = registry.get("metric", self.table.key.metric)
        return structure_test(table, metric, self.aggregate, permutations, self.seed)

    def plot(self, kind: str = "matrix", families: Mapping[str, str] | None = None) -> Figure:
        """Draw a figure.

        Parameters
        ----------
        kind : {"matrix", "dendrogram", "communities", "embedding", "histograms"}
        families : dict, optional
            From a model's name to its family, which is shown by colours.

        Returns
        -------
        matplotlib Figure
        """
        from lookalike.groups.graph import model_graph
        from lookalike.groups.partitions import consensus_of
        from lookalike.plots.communities import louvain_graph
        from lookalike.plots.coordinates import scatter
        from lookalike.plots.dendrogram import dendrogram
        from lookalike.plots.histograms import histograms
        from lookalike.plots.matrix import half_intervals, heatmap

        if kind not in FIGURES:
            raise unknown("figure", kind, FIGURES)
        metric = self.table.key.metric
        label, title = f"{metric} dissimilarity", f"{metric}, {len(self.table)} images"
        shown = {name: (families or {}).get(name, "unknown") for name in self.names}
        if kind == "matrix":
            return heatmap(
                self.dissimilarities.values,
                list(self.names),
                shown,
                label=label,
                title=title,
                notes=half_intervals(*self.interval),
            )
        if kind == "histograms":
            return histograms(self.table, label=label, title=title)
        if kind == "dendrogram":
            tree = self.tree()
            chance = float(np.nanmean(self.chance)) if len(self.table) > 1 else None
            names = list(tree.names)
            return dendrogram(tree.clades, names, shown, label=label, title=title, chance=chance)
        if kind == "embedding":
            found = self.embedding()
            return scatter(
                np.array([*found.coordinates.values()]),
                found.explained,
                found.covariances,
                list(found.coordinates),
                shown,
                title=title,
            )
        rows = [row | {"resolution": str(row["resolution"])} for row in self.communities().rows]
        matrix = self.dissimilarities.without_unknown()
        graph = model_graph(matrix, shown, consensus_of(rows))
        return louvain_graph(graph, rows, shown, title=title)
