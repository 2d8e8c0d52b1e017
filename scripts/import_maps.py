"""Take the maps of the sampled images from user-supplied files."""

from pathlib import Path

from lookalike.core import io, logs
from lookalike.maps import existing

logs.log_to(snakemake.log[0])

images = [row["image"] for row in io.read_table(snakemake.input.sample)]
for image, saliency in zip(
    images,
    existing.read_maps(
        snakemake.params.path,
        images,
        signed=snakemake.params.signed,
        channels=snakemake.params.channels,
    ),
    strict=True,
):
    io.write_map(Path(snakemake.output.maps, f"{image}.npy"), saliency)
