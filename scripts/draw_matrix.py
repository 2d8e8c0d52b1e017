"""Draw the figures of a matrix, and write its graph."""

from lookalike.core import io, logs

logs.log_to(snakemake.log[0])

import numpy as np

from lookalike.compare.dissimilarities import read_dissimilarities
from lookalike.compare.image_table import read_image_table
from lookalike.core.condensed import condensed
from lookalike.groups import graph, projection, trees
from lookalike.groups.partitions import EVERY_RESOLUTION
from lookalike.plots import titles
from lookalike.plots.communities import louvain_figure
from lookalike.plots.coordinates import scatter
from lookalike.plots.dendrogram import dendrogram
from lookalike.plots.matrix import half_intervals, heatmap, histograms
from lookalike.plots.style import save

read, draw = snakemake.input, snakemake.output
matrix = read_dissimilarities(read.dissimilarity, read.bootstrap, snakemake.params.key)
known = matrix.without_unknown()
label = f"{matrix.key.metric} dissimilarity"
title = titles.title_of(*matrix.key)
if left_out := [name for name in matrix.names if name not in known.names]:
    title += f"\nleft out, since dissimilarities are unknown: {', '.join(left_out)}"
# A user-supplied matrix has no values of single images, and so no intervals, no chance level and no
# histograms.
notes = (
    half_intervals(io.read_matrix(read.low)[0], io.read_matrix(read.high)[0])
    if read.get("low")
    else None
)
chance = np.nanmean(condensed(io.read_matrix(read.chance)[0])) if read.get("chance") else None
families = {name: snakemake.params.families.get(name, "unknown") for name in matrix.names}
clades = [trees.parse_clades(io.read_table(path)) for path in read.supports]

by_tree = trees.leaf_order(clades[0])
order = [matrix.names.index(name) for name in [*(known.names[leaf] for leaf in by_tree), *left_out]]
save(
    heatmap(
        matrix.values, matrix.names, families, label=label, title=title, notes=notes, order=order
    ),
    draw.matrix,
)
for number, (linkage, tree) in enumerate(zip(snakemake.params.linkages, clades, strict=True)):
    heading = (
        (
            f"{title}\n{linkage} linkage, cophenetic correlation "
            f"{tree[-1]['cophenetic_correlation']:.2f}"
        )
        if tree
        else title
    )
    figure = dendrogram(tree, known.names, families, label=label, title=heading, chance=chance)
    save(figure, draw.dendrograms[2 * number : 2 * number + 2])
communities = io.read_table(read.communities)
consensus = {
    row["model"]: int(row["community"])
    for row in communities
    if row["resolution"] == EVERY_RESOLUTION
}
models = graph.similarity_graph(known, family=families, community=consensus)
graph.write_graphs(draw.graphs, models)
save(louvain_figure(models, communities, families, title=title), draw.louvain)
save(
    heatmap(
        io.read_matrix(read.together)[0],
        known.names,
        families,
        label="co-association: share of partitions with both in one community",
        title=title,
        order=by_tree,
        limits=(0, 1),
    ),
    draw.together,
)
save(
    scatter(
        *projection.parse_projection(io.read_table(read.coordinates)),
        known.names,
        families,
        title=title,
    ),
    draw.coordinates,
)
if read.get("table"):
    save(histograms(read_image_table(read.table), label=label, title=title), draw.histograms)
