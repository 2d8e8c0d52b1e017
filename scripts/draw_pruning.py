"""Draw the channels' importances, and the error by the number of channels that are kept."""

from lookalike.core import io, jobs

jobs.begin(snakemake)

from lookalike.plots.pruning import CRITERIA, pruning_figure
from lookalike.plots.style import save, use

params = snakemake.params
use(**params.look)
channels, curves = (
    dict(zip(params.models, map(io.read_table, paths), strict=True))
    for paths in (snakemake.input.channels, snakemake.input.curves)
)
figure = pruning_figure(channels, curves, criterion=CRITERIA[params.by])
save(figure, snakemake.output.figure)
