"""Classify and explain images in the shared geometry and in each model's own."""

from lookalike.core import io, jobs, registry

jobs.begin(snakemake)

from lookalike.images.manifest import placed
from lookalike.maps.views import data_range
from lookalike.plots.shared_transforms import accuracy_bars
from lookalike.plots.style import save, use
from lookalike.studies import shared_transforms as study
from lookalike.studies.explainer import Explainer
from lookalike.studies.transform_ways import run_models

read, written, given = snakemake.input, snakemake.output, snakemake.params
use(**given.look)
source = placed(io.read_table(read.manifest), read.images)
seed, resamples = given.explaining["seed"], given.resamples
samples = {
    split: study.draw_images(source, split, given.options["images"], seed)
    for split in ("train", "val")
}
explainer = Explainer.of(read, given.explaining, snakemake.threads)
explainer = explainer.evenly(given.options["explained"])
method = registry.get("method", "gradcam")
options = {"method": method, "view": given.view, "sizes": given.sizes, "options": given.layers}
found, stacks = run_models(explainer, read, given.models, samples, **options)
rows = study.compare_ways(found, resamples, seed)
reach = {"data_range": data_range(method.signed, **given.view)}
metrics = {
    name: (registry.get("metric", metric), reach | chosen)
    for name, (metric, chosen) in given.metrics.items()
}
moved = study.measure_movements(
    given.method, metrics, stacks, explainer.units(read.units), given.aggregate, resamples, seed
)
io.write_table(written.accuracies, rows, study.COLUMNS)
io.write_table(written.movement, moved, study.MOVEMENT_COLUMNS)
sentences = study.conclude(rows, moved, given.trained)
io.write_json(written.summary, {"sentences": sentences, "table": []})
save(accuracy_bars(rows, title="Ways of bringing images to the models"), written.figures)
