"""Take a user-supplied matrix of dissimilarities, or of similarities."""

import numpy as np

from lookalike.compare import user_matrices
from lookalike.core import io, jobs

jobs.begin(snakemake)

given, written = snakemake.params, snakemake.output
matrix, names, notes = user_matrices.read_given_matrix(
    snakemake.input.given, given.kind, given.names
)
io.write_matrix(written.dissimilarity, matrix, names)
io.write_matrix(written.n, np.full(matrix.shape, given.n or np.nan), names)
io.write_json(written.notes, notes)
# There are no images to resample.
io.write_arrays(
    written.bootstrap, dissimilarity=np.empty((0, len(names) * (len(names) - 1) // 2)), models=names
)
for note in notes:
    print(note)
