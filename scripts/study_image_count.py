"""Draw subsets of the images of every matrix, and conclude how many images are enough."""

from lookalike.compare.image_table import read_image_table
from lookalike.core import io, jobs

jobs.begin(snakemake)

from lookalike.plots.files import files_of_figures
from lookalike.plots.image_count import curves
from lookalike.plots.style import save, use
from lookalike.studies import image_count

read, written, given = snakemake.input, snakemake.output, snakemake.params
use(**given.look)
draws, counts, needed, sentences = [], [], [], []
for place, path in enumerate(read.tables):
    table = read_image_table(path).without(given.dependent)
    found = image_count.count_images(
        table,
        given.aggregate,
        counts=given.images,
        draws=given.draws,
        width=given.width,
        seed=given.seed,
    )
    draws, counts, needed = draws + found.draws, counts + found.counts, [*needed, found.needed]
    sentences += image_count.conclude(found.needed, given.width, len(table))
    title = f"how many images are enough, {table.key.method}, {table.key.metric}"
    figure = curves(found.draws, found.counts, found.needed, title=title)
    save(figure, files_of_figures(written.figures)[place])
io.write_table(written.draws, draws, image_count.DRAW_COLUMNS)
io.write_table(written.counts, counts, image_count.COLUMNS)
io.write_table(written.needed, needed, image_count.NEEDED_COLUMNS)
io.write_json(written.summary, {"sentences": sentences, "table": image_count.summary_table(needed)})
