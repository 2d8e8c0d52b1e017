"""Test which factors of the models explain the matrices; and bring into one table how much all
findings rest on single images and classes.
"""

from lookalike.compare.dissimilarities import read_dissimilarities
from lookalike.compare.image_table import read_image_table
from lookalike.core import io, jobs
from lookalike.inference import factor_tests, factors, influence, leaving_out

jobs.begin(snakemake)

read, given = snakemake.input, snakemake.params
matrices = [
    read_dissimilarities(matrix, bootstrap, key, n).without(given.dependent).without_unknown()
    for matrix, bootstrap, key, n in zip(
        read.matrices, read.bootstraps, given.matrices, read.numbers, strict=True
    )
]
tested = factors.factors_of(io.read_table(read.models), given.factors)
predictions = io.read_matrix(read.disagreement) if read.disagreement else None
rows = factor_tests.factor_tests(
    matrices, tested, predictions, given.permutations, given.seed, given.hypotheses
)
io.write_table(snakemake.output.factors, rows, factor_tests.COLUMNS)
rests = [row for path in read.influence for row in io.read_table(path)]
rests += leaving_out.influence_on_factors(
    map(read_image_table, read.tables),
    matrices,
    rows,
    tested,
    predictions,
    io.read_table(read.units) if read.units else [],
    given.aggregate,
    permutations=given.permutations,
    enough=given.enough,
    seed=given.seed,
)
structure = io.read_table(read.structure) if read.structure else []
rests = leaving_out.correct_classes(rests, structure)
io.write_table(snakemake.output.influence, rests, influence.COLUMNS)
