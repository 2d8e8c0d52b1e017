"""Take the maps of the sampled images from somebody's files."""

from pathlib import Path

from lookalike import found, io, logs

logs.log_to(snakemake.log[0])

images = [row["image"] for row in io.read_table(snakemake.input.sample)]
for image, saliency in zip(images, found.read_maps(snakemake.input.given, images, signed=snakemake.params.signed), strict=True):
    io.write_map(Path(snakemake.output.maps, f"{image}.npy"), saliency)
