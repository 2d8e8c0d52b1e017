"""Take a user-supplied matrix of dissimilarities, or of similarities."""

from lookalike.compare import user_matrices
from lookalike.core import condensed, io, logs

logs.log_to(snakemake.log[0])

matrix, names = io.read_matrix(snakemake.input.given)
matrix = user_matrices.checked_matrix(matrix, names, snakemake.params.kind, snakemake.input.given)
io.write_matrix(snakemake.output.dissimilarity, matrix, names)
# There are no images to resample.
io.write_arrays(
    snakemake.output.bootstrap, dissimilarity=condensed.condensed(matrix)[None][:0], models=names
)
