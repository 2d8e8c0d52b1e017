"""Find the mask of every image whose object is known."""

from lookalike.core import io, logs
from lookalike.images import manifest

logs.log_to(snakemake.log[0])

rows = manifest.find_masks(io.read_table(snakemake.input.manifest), snakemake.input.masks)
io.write_table(snakemake.output.masks, rows, ["image", "mask"])
