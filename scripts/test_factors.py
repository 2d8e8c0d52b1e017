"""Test which factors of the models go with a matrix."""

from lookalike.compare import dissimilarities, replicates
from lookalike.core import condensed, io, logs
from lookalike.inference import factors

logs.log_to(snakemake.log[0])

read, given = snakemake.input, snakemake.params
matrix, names = replicates.without(*io.read_matrix(read.dissimilarity), given.alike)
matrix, names, _ = dissimilarities.without_unknown(matrix, names)
known = factors.factors_of(io.read_table(read.models), given.factors)
predictions = factors.fill(*io.read_matrix(read.disagreement), names) if read.disagreement else None
images = (
    int(condensed.condensed(io.read_matrix(read.n)[0]).max(initial=0)) if read.get("n") else None
)
io.write_table(
    snakemake.output.factors,
    factors.factor_tests(matrix, names, known, predictions, given.permutations, given.seed, images),
    factors.COLUMNS,
)
