"""Compare the trees of every matrix under all linkages."""

from lookalike.core import io, jobs

jobs.begin(snakemake)

from lookalike.compare.dissimilarities import read_dissimilarities
from lookalike.groups.trees import link
from lookalike.plots.files import files_of_figures
from lookalike.plots.linkages import trees_side_by_side
from lookalike.plots.style import colours_of, save, use
from lookalike.studies import linkages

read, written, given = snakemake.input, snakemake.output, snakemake.params
use(**given.look)
rows, sentences = [], []
for place, about in enumerate(zip(read.matrices, read.bootstraps, given.matrices, strict=True)):
    matrix = read_dissimilarities(*about).without(given.dependent).without_unknown()
    own = linkages.compare_linkages(matrix, given.resamples)
    rows += own
    sentences += linkages.conclude(own, linkages.common_clades(matrix))
    figure = trees_side_by_side(
        {name: link(matrix.values, name) for name in linkages.LINKAGES},
        {
            row["linkage"]: row["cophenetic_correlation"]
            for row in own
            if not (row["other"] or row["untested"])
        },
        matrix.names,
        colours_of(matrix.names, given.colours),
        title=f"trees under all linkages, {matrix.key.method}, {matrix.key.metric}",
    )
    save(figure, files_of_figures(written.figures)[place])
io.write_table(written.table, rows, linkages.COLUMNS)
io.write_json(written.summary, {"sentences": sentences})
