"""Bring one model's raw maps into the view of a method."""

from lookalike.core import io, jobs
from lookalike.maps import batches, stacks

jobs.begin(snakemake)

images = [row["image"] for row in io.read_table(snakemake.input.sample)]
raw = stacks.raw_reader(snakemake.input.maps)
card = batches.describe(images, map(raw, images), snakemake.params.view, snakemake.params.signed)
stacks.write_batch(snakemake.output.batch, batches.viewed(map(raw, images), card), card)
