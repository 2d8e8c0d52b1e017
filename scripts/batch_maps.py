"""Bring one model's raw maps into the view of a method."""

from pathlib import Path

from lookalike.core import io, logs
from lookalike.maps import batches, stacks

logs.log_to(snakemake.log[0])

images = [row["image"] for row in io.read_table(snakemake.input.sample)]
paths = [Path(snakemake.input.maps, f"{image}.npy") for image in images]
card = batches.describe(
    images, map(io.read_map, paths), snakemake.params.view, snakemake.params.signed
)
stacks.write_batch(snakemake.output.batch, batches.viewed(map(io.read_map, paths), card), card)
