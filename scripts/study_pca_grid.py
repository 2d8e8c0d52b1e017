"""Compare and draw the principal coordinates of all matrices in one orientation."""

from lookalike.core import io, jobs

jobs.begin(snakemake)

from lookalike.compare.dissimilarities import read_dissimilarities
from lookalike.plots.pca_grid import grid_of_coordinates
from lookalike.plots.style import colours_of, save, use
from lookalike.studies import pca_grid as study

read, written, given = snakemake.input, snakemake.output, snakemake.params
use(**given.look)
panels = [
    study.project(
        read_dissimilarities(*about).without(given.dependent).without_unknown(), given.resamples
    )
    for about in zip(read.matrices, read.bootstraps, given.matrices, strict=True)
]
pairs = study.compare_panels(panels, given.permutations, given.seed)
described = study.describe_panels(panels)
names = [name for panel in panels for name in panel.names]
families = colours_of(names, given.colours)
figure = grid_of_coordinates(
    panels,
    study.reference_of(panels, pairs),
    families,
    title="Models near to one another look alike",
)
save(figure, written.figure)
io.write_table(written.panels, described, study.PANELS)
io.write_table(written.pairs, pairs, study.PAIRS)
io.write_json(written.summary, {"sentences": study.conclude(described, pairs)})
