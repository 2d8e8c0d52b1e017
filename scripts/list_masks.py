"""Find the mask of every explained image whose object is known."""

from lookalike.core import io, jobs
from lookalike.images import manifest, masks

jobs.begin(snakemake)

read = snakemake.input
explained = {row["image"] for row in io.read_table(read.sample)}
listed = manifest.placed(io.read_table(read.manifest), read.images)
found = masks.find_masks(listed, read.masks)
rows = masks.measure_masks(row for row in found if row["image"] in explained)
if read.images:
    rows = manifest.below(rows, read.images)
if snakemake.params.own:
    rows = manifest.below(rows, read.masks, "mask")
io.write_table(snakemake.output.masks, rows, masks.COLUMNS)
