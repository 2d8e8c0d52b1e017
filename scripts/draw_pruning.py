"""Draw the importance of channels, and the error by the number of channels kept."""

from lookalike.core import io, logs

logs.log_to(snakemake.log[0])

from lookalike.plots.pruning import CRITERIA, pruning_figure
from lookalike.plots.style import save

channels, curves = (
    {model: io.read_table(path) for model, path in zip(snakemake.params.models, paths, strict=True)}
    for paths in (snakemake.input.channels, snakemake.input.curves)
)
save(
    pruning_figure(channels, curves, criterion=CRITERIA[snakemake.params.by]),
    snakemake.output.figure,
)
