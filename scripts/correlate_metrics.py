"""Correlate the rankings of all metrics of a method."""

from itertools import groupby
from pathlib import Path

from lookalike.compare import image_table, redundancy
from lookalike.core import io, logs

logs.log_to(snakemake.log[0])

blocks = {
    metric: list(paths)
    for metric, paths in groupby(snakemake.input.pairs, lambda path: Path(path).parent.name)
}
values = {metric: image_table.assemble(io.read_each(paths))[0] for metric, paths in blocks.items()}
io.write_matrix(snakemake.output.correlations, redundancy.rank_correlations(values), list(values))
