"""Write the manifest of the images of which maps are given."""

from lookalike.core import io, logs

logs.log_to(snakemake.log[0])

blank = {"path": "", "label": "", "split": snakemake.params.split, "mask": "", "sha256": ""}
io.write_table(
    snakemake.output.manifest, [{"image": image, **blank} for image in snakemake.params.images]
)
