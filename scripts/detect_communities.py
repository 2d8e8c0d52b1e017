"""Find communities, and the co-association matrix of the partitions behind them."""

from lookalike.compare.dissimilarities import read_dissimilarities
from lookalike.core import io, jobs
from lookalike.groups import communities

jobs.begin(snakemake)

read, params = snakemake.input, snakemake.params
matrix = read_dissimilarities(read.dissimilarity, read.bootstrap, params.key).without_unknown()
rows, co_association = communities.consensus_communities(
    matrix, params.resolutions, params.seed, params.louvain
)
io.write_table(snakemake.output.communities, rows, communities.COLUMNS)
io.write_matrix(snakemake.output.together, co_association, matrix.names)
