"""Write the manifest of the images whose maps are given."""

from lookalike.core import io, logs
from lookalike.images import manifest

logs.log_to(snakemake.log[0])

rows = manifest.given_images(snakemake.params.images, snakemake.params.split)
io.write_table(snakemake.output.manifest, rows)
