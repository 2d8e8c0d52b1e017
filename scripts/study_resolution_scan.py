"""Partition the models of every matrix over a range of resolutions, next to the tree's cuts."""

from lookalike.core import io, jobs

jobs.begin(snakemake)

from lookalike.compare.dissimilarities import read_dissimilarities
from lookalike.groups.resolutions import resolutions_of, scan
from lookalike.plots.files import files_of_figures
from lookalike.plots.resolution_scan import resolution_figure
from lookalike.plots.style import save, use
from lookalike.studies import resolution_scan as study

read, written, given = snakemake.input, snakemake.output, snakemake.params
use(**given.look)
resolutions = resolutions_of(given.lowest, given.highest, given.steps)
tests = {
    (row["method"], row["metric"], row["subset"]): row
    for row in (io.read_table(read.structure) if read.structure else [])
}
rows, cuts, partitions, sentences, table = [], [], [], [], []
for place, about in enumerate(zip(read.matrices, read.bootstraps, given.matrices, strict=True)):
    matrix = read_dissimilarities(*about).without(given.dependent).without_unknown()
    matrix = matrix.of(sorted(matrix.names))
    steps = scan(matrix, resolutions, seeds=given.seeds, resamples=given.resamples, seed=given.seed)
    own = (
        study.describe_scan(matrix, steps),
        study.compare_cuts(matrix, steps, given.linkage),
        study.list_partitions(matrix, steps),
    )
    for every, found in zip((rows, cuts, partitions), own, strict=True):
        every += found
    sentences += study.conclude(matrix, steps, own[1], tests.get(tuple(matrix.key)))
    table.append(study.summarise(matrix, steps, own[1]))
    title = f"partitions by resolution, {matrix.key.method}, {matrix.key.metric}"
    save(resolution_figure(*own, title=title), files_of_figures(written.figures)[place])
io.write_table(written.scan, rows, study.COLUMNS)
io.write_table(written.cuts, cuts, study.CUTS)
io.write_table(written.partitions, partitions, study.PARTITIONS)
io.write_json(written.summary, {"sentences": sentences, "table": table})
