"""Explain some images under other settings of each method, and compare the matrices."""

from lookalike.core import io, jobs, registry

jobs.begin(snakemake)

from lookalike.maps.stacks import raw_reader
from lookalike.plots.method_hyperparameters import movements
from lookalike.plots.style import save, use
from lookalike.studies import method_hyperparameters as study
from lookalike.studies.explainer import Explainer

read, written, given = snakemake.input, snakemake.output, snakemake.params
use(**given.look)
explainer = Explainer.of(read, given.explaining, snakemake.threads).evenly(given.images)
places = iter(read.maps)
folders = {run: {name: next(places) for name in given.models} for run in given.runs}
predictions = dict(zip(given.models, read.predictions, strict=True))
maps = {run: {} for run in given.runs}
for name, model in explainer.networks(given.models, read.weights, read.sidecars):
    for run, about in given.runs.items():
        method = registry.get("method", about["method"])
        maps[run][name] = study.explain_settings(
            explainer,
            method,
            model,
            explainer.targets(method, model, name, predictions[name]),
            (run, name),
            about["options"],
            about["settings"],
            about["views"][name],
            raw_reader(folders[run][name]),
        )
units = explainer.units(read.units)
every = int(explainer.only(range(len(explainer.rows))).units(read.units).max()) + 1
rows = []
for run, about in given.runs.items():
    rows += study.measure_run(
        run,
        {
            name: (registry.get("metric", metric), options)
            for name, (metric, options) in about["metrics"].items()
        },
        maps[run],
        units,
        every,
        given.aggregate,
        given.resamples,
        explainer.seed,
    )
io.write_table(written.settings, rows, study.COLUMNS)
sentences = study.conclude(rows, len(explainer.images))
io.write_json(written.summary, {"sentences": sentences})
save(movements(rows, title="how far matrices move between settings"), written.figures)
