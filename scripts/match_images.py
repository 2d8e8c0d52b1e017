"""List the images of which maps are given, matched across models by name."""

from lookalike import found, io, logs

logs.log_to(snakemake.log[0])

images, unmatched = found.match_images({path: list(found.find_maps(path)) for path in snakemake.input.given}, common=snakemake.params.common)
blank = {"path": "", "label": "", "split": snakemake.params.split, "mask": "", "sha256": ""}
io.write_table(snakemake.output.manifest, [{"image": image, **blank} for image in images])
io.write_table(snakemake.output.unmatched, [row | {"lacking": "; ".join(row["lacking"])} for row in unmatched], ["image", "lacking"])
