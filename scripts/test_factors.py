"""Test which factors of the models explain the matrices."""

from lookalike.compare.dissimilarities import read_dissimilarities
from lookalike.core import io, logs
from lookalike.inference import factor_tests, factors

logs.log_to(snakemake.log[0])

read, given = snakemake.input, snakemake.params
matrices = [
    read_dissimilarities(matrix, bootstrap, key, n).without(given.dependent).without_unknown()
    for matrix, bootstrap, key, n in zip(
        read.matrices, read.bootstraps, given.matrices, read.numbers, strict=True
    )
]
rows = factor_tests.factor_tests(
    matrices,
    factors.factors_of(io.read_table(read.models), given.factors),
    io.read_matrix(read.disagreement) if read.disagreement else None,
    given.permutations,
    given.seed,
    given.hypotheses,
)
io.write_table(snakemake.output.factors, rows, factor_tests.COLUMNS)
