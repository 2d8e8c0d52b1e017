"""Draw the sample of images that is explained."""

from lookalike.core import io, logs
from lookalike.images import manifest

logs.log_to(snakemake.log[0])

rows = manifest.among(io.read_table(snakemake.input.manifest), snakemake.params.among)
sample = manifest.sample_images(
    rows, snakemake.params.split, snakemake.params.n, snakemake.params.seed
)
io.write_table(snakemake.output.sample, sample)
