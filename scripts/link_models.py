"""Cluster the models hierarchically."""

from lookalike.compare import dissimilarities
from lookalike.core import condensed, io, logs
from lookalike.groups import trees

logs.log_to(snakemake.log[0])

matrix, names, kept = dissimilarities.without_unknown(
    *io.read_matrix(snakemake.input.dissimilarity)
)
replicates = condensed.select_pairs(
    io.read_arrays(snakemake.input.bootstrap)["dissimilarity"], kept
)
tree = trees.link(matrix, snakemake.wildcards.linkage)
support = trees.clade_support(tree, replicates, snakemake.wildcards.linkage)
io.write_text(snakemake.output.tree, trees.newick(tree, support, names))
io.write_table(
    snakemake.output.support,
    trees.describe_clades(tree, support, matrix, names),
    trees.CLADE_COLUMNS,
)
