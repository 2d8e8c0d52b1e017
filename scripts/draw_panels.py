"""Draw a few images with the maps of all models by all methods."""

from pathlib import Path

from lookalike.core import io, jobs

jobs.begin(snakemake)

from lookalike.images.manifest import placed
from lookalike.images.reading import read_image
from lookalike.maps.stacks import files_of_models, read_batch
from lookalike.models.predictions import predicted_classes
from lookalike.plots import panels
from lookalike.plots.style import save

read, params, folder = snakemake.input, snakemake.params, Path(snakemake.output.panels)
rows = placed(io.read_table(read.sample), read.images)
found = io.read_each(read.predictions)
classes = predicted_classes(found, [row["image"] for row in rows]) if found else None
predictions = dict(zip(params.computed, found.values(), strict=True))
shown = panels.choose_models(params.models)
some = f" ({len(shown)} of {len(params.models)} models)" if len(shown) < len(params.models) else ""
places = iter(read.batches)
batches = {}
for method, models in params.methods.items():
    own = [next(places) for _ in range(params.places[method])]
    paths = dict(zip(models, files_of_models(own, models), strict=True))
    batches[method] = {name: read_batch(paths[name]) for name in models if name in shown}
folder.mkdir(parents=True)
voted = [row["name"] for row in io.read_table(read.consensus)] if read.consensus else None
for number, index in enumerate(panels.choose_images(rows, classes, params.number, params.seed), 1):
    path, titles = rows[index]["path"], panels.titles_of(shown, predictions, index)
    image = read_image(path, params.size, params.fit) if path else None
    row = rows[index] | {"image": rows[index]["image"] + some}
    row |= {"label": panels.readable_label(rows[index]["label"], predictions)}
    explained = voted[index] if voted else ""
    figure = panels.panel_of_image(row, index, image, batches, titles, explained)
    save(figure, [folder / f"panel-{number}.{kind}" for kind in ("svg", "png")])
