"""Measure how much of every map lies inside the object's mask."""

from lookalike.core import io, logs
from lookalike.images.masks import read_mask
from lookalike.maps import localisation, stacks

logs.log_to(snakemake.log[0])

batches = {
    model: stacks.read_batch(path)
    for model, path in zip(snakemake.params.models, snakemake.input.batches, strict=True)
}
size = next(iter(batches.values()))[0].shape[1]
masks = {
    row["image"]: read_mask(row["mask"], row["path"], size, snakemake.params.fit)
    for row in io.read_table(snakemake.input.masks)
}
io.write_table(
    snakemake.output.localisation, localisation.measure(batches, masks, snakemake.params.seed)
)
