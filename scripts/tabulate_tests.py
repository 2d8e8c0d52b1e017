"""Bring the tests of all matrices into one table, corrected for being several."""

from pathlib import Path

from lookalike.core import io, logs
from lookalike.inference import significance

logs.log_to(snakemake.log[0])

rows = []
for path in map(Path, snakemake.input.tests):
    place = {"method": path.parts[-3], "metric": path.parts[-2], "subset": path.stem}
    rows += [place | row for row in io.read_table(path)]
io.write_table(
    snakemake.output.tests,
    significance.correct(rows, snakemake.params.tests, snakemake.params.family),
)
