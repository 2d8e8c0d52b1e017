"""Draw which analyses agree on every conclusion."""

from lookalike.core import io, logs

logs.log_to(snakemake.log[0])

from lookalike.plots.multiverse import multiverse_grid
from lookalike.plots.style import save

rows = io.read_table(snakemake.input.multiverse)
save(multiverse_grid(rows, title="which analyses agree on what"), snakemake.output.figure)
