"""Compare maps of the same model and image, explained twice, with those of different models."""

from lookalike.compare import image_table
from lookalike.core import io, jobs, registry
from lookalike.inference import explainer_error
from lookalike.maps import stacks

jobs.begin(snakemake)

read, given, rows = snakemake.input, snakemake.params, []
runs = {method: run for run, methods in given.runs.items() for method in methods}
models = {method: given.models[run] for method, run in runs.items()}
again = explainer_error.by_names(given.models, map(io.read_arrays, read.again))
batches = explainer_error.by_names(models, map(stacks.read_batch, read.batches))
for (method, metric, _), path in zip(given.matrices, read.tables, strict=True):
    name, options = given.metrics[metric]
    rows.append(
        explainer_error.measure(
            batches[method],
            again[runs[method]],
            image_table.read_image_table(path).without(given.dependent),
            registry.get("metric", name),
            options,
            given.resamples,
            given.seed,
        )
    )
io.write_table(snakemake.output.error, rows, explainer_error.COLUMNS)
