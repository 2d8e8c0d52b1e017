"""Project the models onto two principal coordinates, with how far they move when the images are
resampled.
"""

from lookalike.compare import dissimilarities
from lookalike.core import condensed, io, logs
from lookalike.groups import projection

logs.log_to(snakemake.log[0])

matrix, names, kept = dissimilarities.without_unknown(
    *io.read_matrix(snakemake.input.dissimilarity)
)
replicates = condensed.select_pairs(
    io.read_arrays(snakemake.input.bootstrap)["dissimilarity"], kept
)
coordinates, explained = projection.classical_scaling(matrix)
covariances = projection.resampled_covariances(coordinates, replicates)
io.write_table(
    snakemake.output.pca,
    projection.describe_projection(coordinates, explained, covariances, names),
    projection.COLUMNS,
)
