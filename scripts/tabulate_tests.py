"""Bring the tests of all matrices into one table, and correct their p values together."""

from lookalike.compare.dissimilarities import Key
from lookalike.compare.redundancy import read_representatives
from lookalike.core import io, logs
from lookalike.inference import significance

logs.log_to(snakemake.log[0])

given = snakemake.params
rows = [
    Key(*key)._asdict() | row
    for key, path in zip(given.matrices, snakemake.input.tests, strict=True)
    for row in io.read_table(path)
]
stands = read_representatives(given.correlated, snakemake.input.redundancy)
io.write_table(
    snakemake.output.tests, significance.correct(rows, given.tests, given.family, stands)
)
