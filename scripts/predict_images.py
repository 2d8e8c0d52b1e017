"""Classify the images that are explained, or predict their scores; describe the layers, since the
network is loaded.
"""

from lookalike.core import io, jobs

jobs.begin(snakemake)

from lookalike.images import manifest, reading
from lookalike.models import classes, devices, layers, loading, networks

given = snakemake.params
model = loading.load_model(
    snakemake.input.weights, devices.claim_device(snakemake.threads), snakemake.input.sidecar
)
rows = io.read_table(snakemake.input.sample)
shown = manifest.placed(rows, snakemake.input.images)
pixels = reading.load_images(shown, given.size, given.fit, snakemake.threads)
logits = networks.predict(model, pixels)
io.write_json(snakemake.output.layers, layers.describe_layers(model.net, (given.size, given.size)))
io.write_arrays(
    snakemake.output.predictions,
    images=[row["image"] for row in rows],
    labels=[row["label"] for row in rows],
    classes=model.classes,
    names=classes.readable_names(model.classes),
    logits=logits,
    predicted=logits.argmax(axis=1),
)
