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
    targets, known = explain.resolve_targets(
        method,
        model,
        rows,
        io.read_arrays(read.predictions),
        target=given.target,
        consensus=read.get("consensus"),
        scores=read.get("scores"),
        similarity=read.get("similarity"),
        size=given.size,
        fit=given.fit,
        name=snakemake.wildcards.model,
        threads=snakemake.threads,
    )
    options = options | known

explained = explain.explain_images(
    method,
    model,
    rows,
    targets,
    size=given.size,
    fit=given.fit,
    seed=given.seed,
    names=(snakemake.wildcards.explanation, snakemake.wildcards.model),
    options=options,
    threads=snakemake.threads,
)
table = []
for image, saliency, diagnostics in explained:
    io.write_map(Path(snakemake.output.maps, f"{image}.npy"), saliency)
    table.append({"image": image, **diagnostics})
io.write_table(snakemake.output.diagnostics, table)
