"""Describe the per-image values of every pair, and compare their means with other summaries."""

from lookalike.compare.image_table import read_image_table
from lookalike.core import io, jobs

jobs.begin(snakemake)

from lookalike.plots.files import files_of_figures
from lookalike.plots import shapes as plots
from lookalike.plots.style import save, use
from lookalike.studies import histograms, shapes

read, written, given = snakemake.input, snakemake.output, snakemake.params
use(**given.look)
rows, pairs, images, sentences = [], [], [], []
for place, path in enumerate(read.tables):
    table = read_image_table(path).without(given.dependent)
    row = histograms.compare_summaries(table, given.resamples, given.seed)
    own = shapes.describe_pairs(table, given.resamples, given.seed)
    far = shapes.describe_images(table)
    rows, pairs, images = [*rows, row], pairs + own, images + far
    sentences += histograms.conclude(row, own, far)
    name = f"{table.key.method}, {table.key.metric}"
    figures = (
        plots.mean_and_dispersion(
            own,
            histograms.trees_of(table),
            table.names,
            given.colours,
            title=f"mean and dispersion, {name}",
        ),
        plots.unusual_pairs(table, own, title=f"values of single images, {name}"),
    )
    for number, figure in enumerate(figures, 2 * place):
        save(figure, files_of_figures(written.figures)[number])
io.write_table(written.summaries, rows, histograms.COLUMNS)
io.write_table(written.pairs, pairs, shapes.PAIR_COLUMNS)
io.write_table(written.images, images, shapes.IMAGE_COLUMNS)
io.write_json(written.summary, {"sentences": sentences, "table": histograms.summary_table(rows)})
