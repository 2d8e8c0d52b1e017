"""Take a matrix of dissimilarities, or of similarities, from somebody's file."""

from lookalike import io, logs, matrices

logs.log_to(snakemake.log[0])

path = snakemake.input.given
matrix, names = io.read_matrix(path)
io.write_matrix(snakemake.output.dissimilarity, matrices.checked_matrix(matrix, names, snakemake.params.kind, path), names)
