"""Cluster the models hierarchically."""

from lookalike.compare.dissimilarities import read_dissimilarities
from lookalike.core import io, logs
from lookalike.groups import trees

logs.log_to(snakemake.log[0])

read, linkage = snakemake.input, snakemake.wildcards.linkage
matrix = read_dissimilarities(read.dissimilarity, read.bootstrap, snakemake.params.key)
known = matrix.without_unknown()
tree = trees.link(known.values, linkage)
support = trees.clade_support(tree, known.replicates, linkage)
io.write_text(snakemake.output.tree, trees.newick(tree, support, known.names))
clades = trees.describe_clades(tree, support, known)
io.write_table(snakemake.output.support, clades, trees.CLADE_COLUMNS)
