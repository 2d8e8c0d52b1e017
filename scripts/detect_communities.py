"""Find communities, and how often each two models are in one."""

from lookalike.compare import dissimilarities
from lookalike.core import condensed, io, logs
from lookalike.groups import communities

logs.log_to(snakemake.log[0])

matrix, names, kept = dissimilarities.without_unknown(
    *io.read_matrix(snakemake.input.dissimilarity)
)
replicates = condensed.select_pairs(
    io.read_arrays(snakemake.input.bootstrap)["dissimilarity"], kept
)
rows, together = communities.consensus_communities(
    matrix, names, replicates, snakemake.params.resolutions, snakemake.params.seed
)
io.write_table(snakemake.output.communities, rows, communities.COLUMNS)
io.write_matrix(snakemake.output.together, together, names)
