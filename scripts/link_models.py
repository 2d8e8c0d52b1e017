"""Cluster the models hierarchically."""

from lookalike.compare.dissimilarities import read_dissimilarities
from lookalike.compare.image_table import read_image_table
from lookalike.core import io, jobs, registry
from lookalike.groups import trees
from lookalike.groups.clades import COLUMNS, describe_clades
from lookalike.inference.significance import correct_clades

jobs.begin(snakemake)

read, given, linkage = snakemake.input, snakemake.params, snakemake.wildcards.linkage
matrix = read_dissimilarities(read.dissimilarity, read.bootstrap, given.key).without_unknown()
tree = trees.link(matrix.values, linkage)
clades = describe_clades(
    tree,
    matrix,
    read_image_table(read.table).of(matrix.names) if read.table else None,
    law=registry.get("metric", given.metric).law if read.table else "",
    aggregate=given.aggregate,
    seed=given.seed,
    linkage=linkage,
)
support = [clade["support"] for clade in clades]
io.write_text(snakemake.output.tree, trees.newick(tree, support, matrix.names))
io.write_table(snakemake.output.support, correct_clades(clades), list(COLUMNS))
