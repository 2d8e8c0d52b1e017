"""Find the models' principal coordinates, and how far they move when the images are resampled."""

from lookalike.compare.dissimilarities import read_dissimilarities
from lookalike.core import io, jobs
from lookalike.groups import projection

jobs.begin(snakemake)

read, key = snakemake.input, snakemake.params.key
matrix = read_dissimilarities(read.dissimilarity, read.bootstrap, key).without_unknown()
coordinates, explained = projection.classical_scaling(matrix.values)
covariances = projection.resampled_covariances(coordinates, matrix)
rows = projection.describe_projection(coordinates, explained, covariances, matrix.names)
io.write_table(snakemake.output.coordinates, rows, projection.COLUMNS)
