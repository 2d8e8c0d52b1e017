"""Draw the images on which models agree most and least, and others, with the maps of all models."""

from pathlib import Path

from lookalike.core import io, jobs

jobs.begin(snakemake)

from lookalike.compare.image_table import read_image_table
from lookalike.inference.disagreement import disagreements
from lookalike.plots.explanation_panels import disagreement_figure
from lookalike.plots.pages import read_pages
from lookalike.plots.style import SCREEN, save, use
from lookalike.studies import explanation_panels as study

read, written, given = snakemake.input, snakemake.output, snakemake.params
use(**given.look)
pages = read_pages(read, given)
tables = [read_image_table(path).without(given.dependent) for path in read.tables]
study.check_images(pages.rows, tables)
found = disagreements(tables, len(pages.rows))
chosen = study.choose_pages(
    pages.rows, found, **given.chosen, classes=pages.classes, seed=given.seed
)
images, by_method = study.describe_images(pages.rows, found, chosen), study.describe_methods(tables)
notes = {row["image"]: study.note_of(row, len(images)) for row in images}
folder = Path(written.pages)
folder.mkdir(parents=True)
for number, index in enumerate(chosen, 1):
    figure = pages.draw(index, notes[pages.rows[index]["image"]])
    save(figure, [folder / f"page-{number:02}.png"], dpi=SCREEN)
order = study.order_of(found)
save(
    disagreement_figure(images, by_method, title="How far models disagree, by image"),
    written.overview,
)
for index, paths in ((order[0], written.least), (order[-1], written.most)):
    save(pages.draw(index, notes[pages.rows[index]["image"]]), paths)
io.write_table(written.images, images, study.COLUMNS)
io.write_table(written.by_method, by_method, study.BY_METHOD)
sentences = study.conclude(images, tables, given.seed)
io.write_json(written.summary, {"sentences": sentences, "table": study.summarise(images)})
