"""Check every image of the source and write the manifest."""

from lookalike.core import io, logs
from lookalike.images import manifest

logs.log_to(snakemake.log[0])

rows = manifest.find_images(snakemake.input.folder, snakemake.params.seed)
io.write_table(snakemake.output.manifest, rows)
