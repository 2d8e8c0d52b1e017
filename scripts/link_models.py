"""Cluster the models hierarchically."""

from lookalike import groups, io, logs

logs.log_to(snakemake.log[0])

matrix, names, kept = groups.without_unknown(*io.read_matrix(snakemake.input.dissimilarity))
replicates = groups.select_pairs(io.read_arrays(snakemake.input.bootstrap)["dissimilarity"], kept)
tree = groups.link(matrix, snakemake.wildcards.linkage)
support = groups.clade_support(tree, replicates, snakemake.wildcards.linkage)
io.write_text(snakemake.output.tree, groups.newick(tree, support, names))
io.write_table(snakemake.output.support, groups.describe_clades(tree, support, matrix, names), groups.CLADE_COLUMNS)
