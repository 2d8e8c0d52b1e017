"""Write the manifest of the images whose maps are given."""

from lookalike.core import io, jobs
from lookalike.images import manifest

jobs.begin(snakemake)

rows = manifest.given_images(snakemake.params.images, snakemake.params.split)
io.write_table(snakemake.output.manifest, rows)
