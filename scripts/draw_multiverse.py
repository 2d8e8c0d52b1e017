"""Draw which analyses agree on every conclusion."""

from lookalike.core import io, jobs

jobs.begin(snakemake)

from lookalike.plots.multiverse import multiverse_grid
from lookalike.plots.style import save, use

use(**snakemake.params.look)
rows = io.read_table(snakemake.input.multiverse)
save(multiverse_grid(rows, title="which analyses agree on what"), snakemake.output.figure)
