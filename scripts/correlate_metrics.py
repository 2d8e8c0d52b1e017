"""Correlate the rankings of all metrics of a method."""

from lookalike.compare import redundancy
from lookalike.compare.image_table import read_image_table
from lookalike.core import io, jobs

jobs.begin(snakemake)

metrics = snakemake.params.metrics
values = {
    metric: read_image_table(path).values
    for metric, path in zip(metrics, snakemake.input.tables, strict=True)
}
io.write_matrix(snakemake.output.correlations, redundancy.rank_correlations(values), metrics)
