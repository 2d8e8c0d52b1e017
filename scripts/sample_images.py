"""Draw the images that are explained."""

from lookalike import found, images, io, logs

logs.log_to(snakemake.log[0])

rows = io.read_table(snakemake.input.manifest)
if snakemake.input.given:
    common, _ = found.match_images({path: list(found.find_maps(path)) for path in snakemake.input.given}, common=True)
    rows = [row for row in rows if row["image"] in common]
sample = images.sample_images(rows, snakemake.params.split, snakemake.params.n, snakemake.params.seed)
io.write_table(snakemake.output.sample, sample)
