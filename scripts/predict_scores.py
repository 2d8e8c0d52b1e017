"""Predict the scores of the held-out images."""

from lookalike.core import io, jobs

jobs.begin(snakemake)

from lookalike.images import manifest, reading, scores
from lookalike.models import devices, loading, networks

read, given = snakemake.input, snakemake.params
model = loading.load_model(read.weights, devices.claim_device(snakemake.threads), read.sidecar)
listed = manifest.placed(io.read_table(read.manifest), read.images)
rows = [row for row in listed if row["split"] == "val"]
names = [row["image"] for row in rows]
pixels = reading.load_images(rows, given.size, given.fit, snakemake.threads)
predicted = networks.predict(model, pixels)[:, 0]
table = zip(names, scores.read_scores(read.scores, names), predicted, strict=True)
io.write_table(
    snakemake.output.predicted,
    [{"image": image, "score": score, "predicted": value} for image, score, value in table],
)
