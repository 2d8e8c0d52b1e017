"""Explain every sampled image by one method and one model."""

from pathlib import Path

from lookalike.core import io, logs, registry
from lookalike.methods import explain

logs.log_to(snakemake.log[0])

given, names = snakemake.params, snakemake.wildcards
explained = explain.explain_sample(
    registry.get("method", given.method),
    io.read_table(snakemake.input.sample),
    dict(snakemake.input.items()),
    target=given.target,
    size=given.size,
    fit=given.fit,
    seed=given.seed,
    names=(names.explanation, names.model),
    options=given.options,
    threads=snakemake.threads,
)
table = []
for image, saliency, diagnostics in explained:
    io.write_map(Path(snakemake.output.maps, f"{image}.npy"), saliency)
    table.append({"image": image, **diagnostics})
io.write_table(snakemake.output.diagnostics, table)
