"""Draw the images that are explained."""

from lookalike import images, io, logs

logs.log_to(snakemake.log[0])

rows = images.among(io.read_table(snakemake.input.manifest), snakemake.params.among)
sample = images.sample_images(rows, snakemake.params.split, snakemake.params.n, snakemake.params.seed)
io.write_table(snakemake.output.sample, sample)
