"""Measure how much of every map lies inside the object's mask."""

from lookalike.core import io, logs
from lookalike.images import reading
from lookalike.maps import localisation, stacks

logs.log_to(snakemake.log[0])

explained = {row["image"] for row in io.read_table(snakemake.input.sample)}
batches = {
    model: stacks.read_batch(path)
    for model, path in zip(snakemake.params.models, snakemake.input.batches, strict=True)
}
size = next(iter(batches.values()))[0].shape[1]
masks = {
    row["image"]: reading.read_mask(row["mask"], size)
    for row in io.read_table(snakemake.input.masks)
    if row["image"] in explained
}
io.write_table(
    snakemake.output.localisation, localisation.measure(batches, masks, snakemake.params.seed)
)
