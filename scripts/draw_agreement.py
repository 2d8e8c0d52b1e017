"""Draw the agreement of all matrices, and of their trees."""

from lookalike.core import io, jobs

jobs.begin(snakemake)

from lookalike.plots.agreement import agreement_heatmap
from lookalike.plots.style import save, use

params = snakemake.params
use(**params.look)
rows = io.read_table(snakemake.input.agreement)
for column, paths in (("rho", snakemake.output.matrices), ("tree", snakemake.output.trees)):
    figure = agreement_heatmap(rows, column, params.methods, of=params.of, linkage=params.linkage)
    save(figure, paths)
