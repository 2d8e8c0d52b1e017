"""Draw the sample of images that is explained."""

from lookalike.core import io, jobs
from lookalike.images import sampling

jobs.begin(snakemake)

rows = sampling.among(io.read_table(snakemake.input.manifest), snakemake.params.among)
sample = sampling.sample_images(
    rows, snakemake.params.split, snakemake.params.n, snakemake.params.seed
)
io.write_table(snakemake.output.sample, sample)
