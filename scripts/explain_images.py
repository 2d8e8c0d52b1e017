"""Explain every sampled image by one method and one model."""

from pathlib import Path

from lookalike.core import io, logs, registry
from lookalike.methods import explain

logs.log_to(snakemake.log[0])

given, read = snakemake.params, snakemake.input
method = registry.get("method", given.method)
rows = io.read_table(read.sample)
model, targets, options = None, [], given.options
if method.needs_model:
    from lookalike.models import devices, loading

    model = loading.load_model(read.weights, devices.claim_device(snakemake.threads), read.sidecar)
    place = {"size": given.size, "name": snakemake.wildcards.model, "threads": snakemake.threads}
    tables = {"scores": read.get("scores"), "similarity": read.get("similarity")}
    targets, known = explain.aim(
        method,
        model,
        rows,
        io.read_arrays(read.predictions),
        target=given.target,
        **tables,
        **place,
    )
    options = options | known

names = (snakemake.wildcards.explanation, snakemake.wildcards.model)
settings = {
    "size": given.size,
    "seed": given.seed,
    "options": options,
    "threads": snakemake.threads,
}
table = []
for image, saliency, diagnostics in explain.explain_images(
    method, model, rows, targets, names=names, **settings
):
    io.write_map(Path(snakemake.output.maps, f"{image}.npy"), saliency)
    table.append({"image": image, **diagnostics})
io.write_table(snakemake.output.diagnostics, table)
