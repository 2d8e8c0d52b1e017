"""Bring the tests of structure into one table, and correct p values of one subset together."""

from lookalike.compare.dissimilarities import Key
from lookalike.compare.redundancy import read_representatives
from lookalike.core import io, jobs
from lookalike.inference import significance, structure

jobs.begin(snakemake)

given = snakemake.params
rows = [
    Key(*key)._asdict() | row
    for key, path in zip(given.matrices, snakemake.input.tests, strict=True)
    for row in io.read_table(path)
]
stands = read_representatives(given.correlated, snakemake.input.redundancy)
corrected = significance.correct(rows, structure.TESTS, ["subset"], stands)
io.write_table(snakemake.output.tests, corrected)
