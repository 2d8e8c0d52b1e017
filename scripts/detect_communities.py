"""Find communities, and the share of partitions in which two models are in one of them."""

from lookalike.compare.dissimilarities import read_dissimilarities
from lookalike.core import io, logs
from lookalike.groups import communities

logs.log_to(snakemake.log[0])

matrix = read_dissimilarities(
    snakemake.input.dissimilarity, snakemake.input.bootstrap, snakemake.params.key
).without_unknown()
rows, together = communities.consensus_communities(
    matrix, snakemake.params.resolutions, snakemake.params.seed
)
io.write_table(snakemake.output.communities, rows, communities.COLUMNS)
io.write_matrix(snakemake.output.together, together, matrix.names)
