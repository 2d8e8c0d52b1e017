"""Draw the F1 score of every metric under every preprocessing."""

from lookalike.core import io, jobs

jobs.begin(snakemake)

from lookalike.plots.studies import score_heatmap
from lookalike.plots.style import save, use

use(**snakemake.params.look)
title = f"classes recognised by the nearest prototype, maps: {snakemake.wildcards.source}"
figure = score_heatmap(io.read_table(snakemake.input.scores), title=title)
save(figure, snakemake.output.heatmap)
