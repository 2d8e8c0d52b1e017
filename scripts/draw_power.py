"""Draw how often an effect is found, against the number of images and of models."""

from lookalike.core import io, logs

logs.log_to(snakemake.log[0])

from lookalike.plots.studies import power_curves
from lookalike.plots.style import save

figure = power_curves(io.read_table(snakemake.input.power), title=snakemake.params.title)
save(figure, snakemake.output.curves)
