"""Cluster the models hierarchically."""

from lookalike.compare.dissimilarities import read_dissimilarities
from lookalike.core import io, logs
from lookalike.groups import trees

logs.log_to(snakemake.log[0])

matrix = read_dissimilarities(
    snakemake.input.dissimilarity, snakemake.input.bootstrap, snakemake.params.key
).without_unknown()
tree = trees.link(matrix.values, snakemake.wildcards.linkage)
support = trees.clade_support(tree, matrix.replicates, snakemake.wildcards.linkage)
io.write_text(snakemake.output.tree, trees.newick(tree, support, matrix.names))
io.write_table(
    snakemake.output.support, trees.describe_clades(tree, support, matrix), trees.CLADE_COLUMNS
)
