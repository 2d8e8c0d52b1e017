"""Measure how a model's similarities between held-out images agree with human ones, in every resample of the images."""

from lookalike import io, logs

logs.log_to(snakemake.log[0])

from lookalike import alignment, devices, heldout, images, loading, models, scores

read, given = snakemake.input, snakemake.params
model = loading.load_model(read.weights, devices.claim_device(snakemake.threads), read.sidecar)
rows = [row for row in io.read_table(read.manifest) if row["split"] == "val"]
names = [row["image"] for row in rows]
pixels = images.load_images(rows, given.size, snakemake.threads)
features = alignment.unit_rows(models.in_batches(model.features, pixels, model.batch(given.size), model.device).astype(float))
human = scores.human_similarity(names, read.get("similarity"), read.get("scores"))
found = alignment.measure_alignment(features @ features.T, human, heldout.resample(len(names), given.resamples, given.seed))
io.write_arrays(snakemake.output.alignment, images=names, alignment=found)
