"""Rank the channels of a model's target layer, and choose how many to keep."""

from lookalike.core import io, jobs

jobs.begin(snakemake)

from lookalike.images import manifest, reading, scores
from lookalike.models import devices, loading, pruning

given, read = snakemake.params, snakemake.input
model = loading.load_model(read.weights, devices.claim_device(snakemake.threads), read.sidecar)
listed = manifest.placed(io.read_table(read.manifest), read.images)
parts = [part[: given.n] for part in scores.split_training(listed, given.seed)]
pixels = [reading.load_images(part, given.size, given.fit, snakemake.threads) for part in parts]
goals = [
    pruning.criterion_of(
        given.by, [row["image"] for row in part], read.scores, read.get("similarity")
    )
    for part in parts
]
ranked, curve = pruning.rank_channels(
    model, given.layer, *zip(pixels, goals, strict=True), by=given.by, strategy=given.strategy
)
io.write_table(snakemake.output.channels, ranked)
io.write_table(snakemake.output.curve, curve)
