"""Explain every sampled image by one method and one model, and some of them again."""

from pathlib import Path

from lookalike.core import io, jobs, registry
from lookalike.images import manifest
from lookalike.methods import explain, second_runs

jobs.begin(snakemake)

given, names = snakemake.params, snakemake.wildcards
explained, again = explain.explain_sample(
    registry.get("method", given.method),
    manifest.placed(io.read_table(snakemake.input.sample), snakemake.input.images),
    dict(snakemake.input.items()),
    target=given.target,
    size=given.size,
    fit=given.fit,
    seed=given.seed,
    names=(names.explanation, names.model),
    options=given.options,
    again=given.again,
    threads=snakemake.threads,
)
table = []
for image, saliency, diagnostics in explained:
    io.write_map(Path(snakemake.output.maps, f"{image}.npy"), saliency)
    table.append({"image": image, **diagnostics})
io.write_table(snakemake.output.diagnostics, table)
io.write_arrays(snakemake.output.again, **second_runs.stacked(again))
