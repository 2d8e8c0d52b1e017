"""Take the maps of the sampled images from user-supplied files."""

from lookalike.core import io, jobs
from lookalike.maps import existing, stacks

jobs.begin(snakemake)

given, images = snakemake.params, [row["image"] for row in io.read_table(snakemake.input.sample)]
maps = existing.read_maps(given.path, images, signed=given.signed, channels=given.channels)
stacked = existing.find_maps(given.path).is_stack
stacks.write_raw(snakemake.output.maps, images, maps, stacked=stacked)
