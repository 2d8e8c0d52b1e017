"""Project the models onto two principal coordinates."""

from lookalike import groups, io, logs

logs.log_to(snakemake.log[0])

matrix, names, _ = groups.without_unknown(*io.read_matrix(snakemake.input.dissimilarity))
io.write_table(snakemake.output.pca, groups.describe_projection(*groups.classical_scaling(matrix), names), groups.PROJECTION_COLUMNS)
