"""Compare what models predict, and correlate it with how alike they look."""

from lookalike.core import io, jobs

jobs.begin(snakemake)

from lookalike.compare.dissimilarities import read_dissimilarities
from lookalike.images.units import number_units
from lookalike.plots.files import files_of_figures
from lookalike.plots import prediction_agreement as plots
from lookalike.plots.style import save, use
from lookalike.studies import prediction_agreement, same_predictions

read, written, given = snakemake.input, snakemake.output, snakemake.params
use(**given.look)
predictions = same_predictions.gather_predictions(
    io.read_each(read.predictions), given.models, number_units(io.read_table(read.units))
)
matrices = [
    read_dissimilarities(*about)
    for about in zip(read.matrices, read.bootstraps, given.matrices, strict=True)
]
pairs = same_predictions.compare_pairs(predictions, given.resamples, given.seed)
rows = prediction_agreement.correlate_matrices(
    matrices, predictions, given.permutations, given.seed
)
io.write_table(written.pairs, pairs, same_predictions.PAIR_COLUMNS)
io.write_table(written.correlations, rows, prediction_agreement.COLUMNS)
io.write_json(
    written.summary,
    {
        "sentences": prediction_agreement.conclude(predictions, pairs, rows),
        "table": prediction_agreement.summary_table(rows),
    },
)
shares = same_predictions.share_matrix(pairs, len(predictions.names))
figures = [
    plots.shares_heatmap(
        shares, predictions.names, given.colours, title="How often two models predict the same"
    )
]
for method in given.methods:
    panels = [
        (*prediction_agreement.shares_and_dissimilarities(matrix, predictions), row)
        for matrix, row in zip(matrices, rows, strict=True)
        if matrix.key.method == method
    ]
    title = f"{method}: looking alike and predicting alike"
    figures.append(plots.scatter_of_pairs(panels, given.families, title=title))
for place, figure in enumerate(figures):
    save(figure, files_of_figures(written.figures)[place])
