"""Test which factors of the models explain a matrix."""

from lookalike.compare import dissimilarities
from lookalike.core import io, logs
from lookalike.inference import factors

logs.log_to(snakemake.log[0])

read, given = snakemake.input, snakemake.params
whole = dissimilarities.read_dissimilarities(read.dissimilarity, read.bootstrap, given.key, read.n)
matrix = whole.without(given.dependent).without_unknown()
known = factors.factors_of(io.read_table(read.models), given.factors)
predictions = (
    factors.fill(*io.read_matrix(read.disagreement), matrix.names) if read.disagreement else None
)
rows = factors.factor_tests(
    matrix, known, predictions, given.permutations, given.seed, whole.images
)
io.write_table(snakemake.output.factors, rows, factors.COLUMNS)
