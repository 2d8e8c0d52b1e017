"""Project the models onto two principal coordinates, with their variation when the images are
resampled.
"""

from lookalike.compare.dissimilarities import read_dissimilarities
from lookalike.core import io, logs
from lookalike.groups import projection

logs.log_to(snakemake.log[0])

matrix = read_dissimilarities(
    snakemake.input.dissimilarity, snakemake.input.bootstrap, snakemake.params.key
).without_unknown()
coordinates, explained = projection.classical_scaling(matrix.values)
covariances = projection.resampled_covariances(coordinates, matrix)
io.write_table(
    snakemake.output.coordinates,
    projection.describe_projection(coordinates, explained, covariances, matrix.names),
    projection.COLUMNS,
)
