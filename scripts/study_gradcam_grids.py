"""Tabulate layer and grid of GradCAM on every model, and what is lost on the common grid."""

from lookalike.core import io, jobs, registry

jobs.begin(snakemake)

import numpy as np

from lookalike.images.manifest import placed
from lookalike.images.reading import read_image
from lookalike.images.units import number_units
from lookalike.maps.stacks import files_of_models, raw_reader, read_batch
from lookalike.models.predictions import predicted_classes
from lookalike.plots.files import files_of_figures
from lookalike.plots.gradcam_grids import native_and_enlarged
from lookalike.plots.panels import choose_images
from lookalike.plots.style import save, use
from lookalike.studies import gradcam_grids

read, written, given = snakemake.input, snakemake.output, snakemake.params
use(**given.look)
sample = placed(io.read_table(read.sample), read.images)
images = [row["image"] for row in sample]
numbers = number_units(io.read_table(read.units))
drawn = np.array([numbers[image] for image in images]), given.resamples, given.seed
found = io.read_each(read.predictions)
classes = predicted_classes(found, images) if found else None
(shown,) = choose_images(sample, classes, 1, given.seed)
path = sample[shown]["path"]
picture = read_image(path, given.size, given.fit) if path else None
known = {row["model"]: row["layer"] for row in io.read_table(read.models)}
folders, places, matrices = iter(read.maps), iter(read.batches), iter(read.matrices)
rows, floors, sentences = [], [], []
for number, (method, models) in enumerate(given.models.items()):
    own = [next(places) for _ in range(given.places[method])]
    paths = files_of_models(own, models)
    batches = {model: read_batch(path) for model, path in zip(models, paths, strict=True)}
    cards = {model: card for model, (_, card) in batches.items()}
    readers = {model: raw_reader(next(folders)) for model in models}
    raw = {model: [*map(readers[model], images)] for model in models}
    layers = {
        model: gradcam_grids.layer_of(known[model], given.options[method]) for model in models
    }
    means = {}
    for metric in given.metrics[method]:
        values, names = io.read_matrix(next(matrices))
        means |= gradcam_grids.means_of(values, names, models, metric)
    metrics = {
        name: (registry.get("metric", metric), options)
        for name, (metric, options) in given.metrics[method].items()
    }
    size = given.sizes[method]
    tabulated = gradcam_grids.measure_grids(method, raw, layers, size, *drawn)
    measured = gradcam_grids.measure_floors(method, metrics, raw, cards, means, *drawn)
    rows, floors = rows + tabulated, floors + measured
    sentences += gradcam_grids.conclude(tabulated, measured, size)
    figure = native_and_enlarged(
        picture,
        {model: raw[model][shown] for model in models},
        {model: batches[model][0][shown] for model in models},
        tabulated,
        title=f"{method}: image {images[shown]}",
    )
    save(figure, files_of_figures(written.figures)[number])
io.write_table(written.grids, rows, gradcam_grids.COLUMNS)
io.write_table(written.floors, floors, gradcam_grids.FLOOR_COLUMNS)
columns = ("method", "model", "layer", "native_grid")
table = [{name: row[name] or "" for name in columns} for row in rows[:20]]
io.write_json(written.summary, {"sentences": sentences, "table": table})
