"""Explain the images by GradCAM at several depths, and compare the models at each."""

from lookalike.core import io, jobs, registry

jobs.begin(snakemake)

from lookalike.maps.stacks import raw_reader
from lookalike.plots.files import files_of_figures
from lookalike.plots.depth import curves, maps_by_depth
from lookalike.plots.style import save, use
from lookalike.studies import depth, depth_maps
from lookalike.studies.explainer import Explainer
from lookalike.studies.movement import compare_all

read, written, given = snakemake.input, snakemake.output, snakemake.params
use(**given.look)
depths = given.options["depths"]
explainer = Explainer.of(read, given.explaining, snakemake.threads).evenly(given.options["images"])
method, files = (
    registry.get("method", "gradcam"),
    iter(zip(read.predictions, read.maps, strict=True)),
)
raw, layers = {}, []
for name, model in explainer.networks(given.models, read.weights, read.sidecars):
    predictions, folder = next(files)
    targets = explainer.targets(method, model, name, predictions)
    known = {given.known: raw_reader(folder)}
    raw[name], found = depth_maps.explain_depths(
        explainer, method, model, targets, name, depths, given.layers[name], known
    )
    layers += found
raw = {name: raw[name] for name in depth_maps.with_all_depths(layers)}
maps, data_range = depth_maps.view_depths(explainer.images, raw, given.views, given.known)
metrics = [
    (registry.get("metric", name), {"data_range": data_range, **options})
    for name, options in given.metrics.values()
]
values = {at: compare_all(metrics, list(own.values())) for at, own in maps.items() if len(own) > 1}
units = explainer.units(read.units)
rows = depth.corrected(
    [
        row
        for place, metric in enumerate(given.metrics)
        for row in depth.measure_depths(
            metric,
            {at: found[place] for at, found in values.items()},
            list(raw),
            given.families,
            units,
            given.aggregate,
            resamples=given.resamples,
            permutations=given.permutations,
            seed=explainer.seed,
        )
    ]
)
io.write_table(written.layers, layers, depth_maps.LAYER_COLUMNS)
io.write_table(written.depths, rows, depth.COLUMNS)
io.write_json(written.summary, {"sentences": depth.conclude(layers, rows)})
save(curves(rows, title=f"{given.method} by depth"), files_of_figures(written.figures)[0])
figure = maps_by_depth(
    explainer.picture(),
    {at: {name: own[at][0] for name, own in raw.items()} for at in depths},
    layers,
    title=f"{given.method} of image {explainer.images[0]}, by depth",
)
save(figure, files_of_figures(written.figures)[1])
