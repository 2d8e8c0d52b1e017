"""Draw how often an effect is found, against the number of images and of models."""

from lookalike.core import io, jobs

jobs.begin(snakemake)

from lookalike.plots.studies import power_curves
from lookalike.plots.style import save, use

use(**snakemake.params.look)
figure = power_curves(io.read_table(snakemake.input.power), title=snakemake.params.title)
save(figure, snakemake.output.curves)
