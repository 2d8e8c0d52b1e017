"""Check every image of the source and write the manifest."""

from lookalike import images, io, logs

logs.log_to(snakemake.log[0])

rows = images.find_images(snakemake.input.folder, snakemake.params.seed, snakemake.input.get("masks"))
io.write_table(snakemake.output.manifest, rows)
