"""List the images that are left out because not all given sets of maps have them."""

from lookalike import found, io, logs

logs.log_to(snakemake.log[0])

manifest = [row["image"] for row in io.read_table(snakemake.input.manifest) if row["split"] == snakemake.params.split]
rows = found.list_unmatched(manifest, snakemake.params.common, snakemake.params.unmatched)
io.write_table(snakemake.output.unmatched, rows, ["image", "lacking"])
