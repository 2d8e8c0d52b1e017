"""Bring one model's raw maps into the view of a method."""

from pathlib import Path

from lookalike.core import io, logs
from lookalike.maps import stacks, views

logs.log_to(snakemake.log[0])

view = snakemake.params.view
images = [row["image"] for row in io.read_table(snakemake.input.sample)]
paths = [Path(snakemake.input.maps, f"{image}.npy") for image in images]
shapes = [io.read_map(path).shape for path in paths]
same = len(set(shapes)) == 1
card = {
    "images": images,
    "shape": [len(images), view["size"], view["size"]],
    "native_shape": shapes[0] if same else None,
    "view": view,
    "data_range": views.data_range(snakemake.params.signed, **view),
} | ({} if same else {"native_shapes": shapes})
stacks.write_batch(
    snakemake.output.batch, (views.view(io.read_map(path), **view) for path in paths), card
)
