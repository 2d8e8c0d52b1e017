"""Explain every sampled image by one method and one model."""

from pathlib import Path

from lookalike import explain, io, logs, registry

logs.log_to(snakemake.log[0])

method = registry.get("method", snakemake.params.method)
rows = io.read_table(snakemake.input.sample)
model, targets = None, []
if method.needs_model:
    from lookalike import devices, models

    model = models.load_model(snakemake.input.weights, devices.claim_device(snakemake.threads))
    targets = models.targets_of(io.read_arrays(snakemake.input.predictions), snakemake.params.target, snakemake.wildcards.model)

names = (snakemake.wildcards.explanation, snakemake.wildcards.model)
settings = {"size": snakemake.params.size, "seed": snakemake.params.seed, "options": snakemake.params.options, "threads": snakemake.threads}
table = []
for image, saliency, diagnostics in explain.explain_images(method, model, rows, targets, names=names, **settings):
    io.write_map(Path(snakemake.output.maps, f"{image}.npy"), saliency)
    table.append({"image": image, **diagnostics})
io.write_table(snakemake.output.diagnostics, table)
