"""Measure how a model's similarities between held-out images agree with human ones, in every
resample of the images.
"""

from lookalike.core import io, jobs

jobs.begin(snakemake)

from lookalike.images import manifest, reading, scores
from lookalike.models import alignment, devices, heldout, loading, networks

read, given = snakemake.input, snakemake.params
model = loading.load_model(read.weights, devices.claim_device(snakemake.threads), read.sidecar)
listed = manifest.placed(io.read_table(read.manifest), read.images)
rows = [row for row in listed if row["split"] == "val"]
names = [row["image"] for row in rows]
pixels = reading.load_images(rows, given.size, given.fit, snakemake.threads)
features = alignment.unit_rows(networks.in_batches(model, model.features, pixels).astype(float))
human = scores.human_similarity(names, read.get("similarity"), read.get("scores"))
found = alignment.measure_alignment(
    features @ features.T, human, heldout.resample(len(names), given.resamples, given.seed)
)
io.write_arrays(snakemake.output.alignment, images=names, alignment=found)
