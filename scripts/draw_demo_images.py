"""Draw the demo's images and masks."""

from pathlib import Path

from lookalike import demo, io, logs

logs.log_to(snakemake.log[0])

for split, count in snakemake.params.counts.items():
    for shape, number, image, mask in demo.draw_images(snakemake.params.seed, split, count, snakemake.params.size):
        name = f"{split}-{number:05d}.png"
        io.write_image(Path(snakemake.output.images, split, shape, name), image)
        io.write_image(Path(snakemake.output.masks, name), mask)
