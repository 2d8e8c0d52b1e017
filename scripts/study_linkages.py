"""Compare the trees of every matrix under all linkages."""

from lookalike.core import io, jobs

jobs.begin(snakemake)

from lookalike.compare.dissimilarities import read_dissimilarities
from lookalike.groups.trees import link
from lookalike.plots.linkages import trees_side_by_side
from lookalike.plots.style import save
from lookalike.studies import linkages

read, written, given = snakemake.input, snakemake.output, snakemake.params
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
        {name: given.families.get(name, "unknown") for name in matrix.names},
        title=f"trees under all linkages, {matrix.key.method}, {matrix.key.metric}",
    )
    save(figure, written.figures[2 * place : 2 * place + 2])
io.write_table(written.table, rows, linkages.COLUMNS)
io.write_json(written.summary, {"sentences": sentences})
