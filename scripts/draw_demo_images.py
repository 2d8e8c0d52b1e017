"""Draw the demo's images and masks, and score the images."""

from pathlib import Path

from lookalike.core import io, jobs
from lookalike.images import demo

jobs.begin(snakemake)

scores = []
for split, count in snakemake.params.counts.items():
    for shape, number, image, mask in demo.draw_images(
        snakemake.params.seed, split, count, snakemake.params.size
    ):
        name = f"{split}-{number:05d}.png"
        io.write_image(Path(snakemake.output.images, split, shape, name), image)
        io.write_image(Path(snakemake.output.masks, name), mask)
        scores.append({"image": name, "score": demo.score_image(image, mask)})
io.write_table(snakemake.output.scores, scores)
