"""Find communities by Louvain's method."""

from lookalike import groups, io, logs

logs.log_to(snakemake.log[0])

matrix, names, _ = groups.without_unknown(*io.read_matrix(snakemake.input.dissimilarity))
rows = groups.louvain(matrix, names, snakemake.params.resolutions, snakemake.params.seed)
io.write_table(snakemake.output.communities, rows, groups.COMMUNITY_COLUMNS)
