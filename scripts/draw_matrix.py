"""Draw the figures of a matrix."""

from lookalike.core import io, logs

logs.log_to(snakemake.log[0])

import numpy as np

from lookalike.compare import dissimilarities, image_table
from lookalike.core import condensed
from lookalike.groups import projection, trees
from lookalike.plots import titles
from lookalike.plots.groups import dendrogram, louvain_graph, scatter
from lookalike.plots.matrix import half_intervals, heatmap, histograms
from lookalike.plots.style import save

read, draw = snakemake.input, snakemake.output
label = f"{snakemake.wildcards.metric} dissimilarity"
title = titles.title_of(**snakemake.wildcards)
matrix, names = io.read_matrix(read.dissimilarity)
# Somebody's matrix has no values of single images, and so no intervals, no chance level and no
# histograms.
notes = (
    half_intervals(io.read_matrix(read.low)[0], io.read_matrix(read.high)[0])
    if read.get("low")
    else None
)
chance = (
    np.nanmean(condensed.condensed(io.read_matrix(read.chance)[0])) if read.get("chance") else None
)
families = {name: snakemake.params.families.get(name, "unknown") for name in names}
known, kept, places = dissimilarities.without_unknown(matrix, names)
if left_out := [name for name in names if name not in kept]:
    title += f"\nleft out, for want of a known dissimilarity: {', '.join(left_out)}"
clades = [trees.parse_clades(io.read_table(path)) for path in read.supports]

by_tree = trees.leaf_order(clades[0])
order = [places[leaf] for leaf in by_tree] + [
    place for place in range(len(names)) if place not in places
]
save(
    heatmap(matrix, names, families, label=label, title=title, notes=notes, order=order),
    draw.matrix,
)
for place, (linkage, tree) in enumerate(zip(snakemake.params.linkages, clades, strict=True)):
    heading = (
        (
            f"{title}\n{linkage} linkage, cophenetic correlation "
            f"{tree[-1]['cophenetic_correlation']:.2f}"
        )
        if tree
        else title
    )
    figure = dendrogram(tree, kept, families, label=label, title=heading, chance=chance)
    save(figure, draw.dendrograms[2 * place : 2 * place + 2])
save(
    louvain_graph(known, kept, io.read_table(read.communities), families, title=title), draw.louvain
)
together = io.read_matrix(read.together)[0]
save(
    heatmap(
        together,
        kept,
        families,
        label="share of partitions with both in one community",
        title=title,
        order=by_tree,
        limits=(0, 1),
    ),
    draw.together,
)
save(
    scatter(*projection.parse_projection(io.read_table(read.pca)), kept, families, title=title),
    draw.pca,
)
if read.get("pairs"):
    values, by_chance, _, _ = image_table.values_of_subset(
        io.read_each(read.pairs), io.read_each(read.predictions)
    )
    save(histograms(values, by_chance, names, label=label, title=title), draw.histograms)
