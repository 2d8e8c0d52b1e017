"""Simulate studies of more or fewer images and models, with a matrix of this run as the pilot."""

from lookalike.compare import image_table
from lookalike.core import io, jobs, registry
from lookalike.studies import power

jobs.begin(snakemake)

given = snakemake.params
table = image_table.read_image_table(snakemake.input.table).without(given.dependent)
rows = power.study_power(
    table,
    registry.get("metric", given.metric),
    effect=given.effect,
    images=given.images,
    models=given.models,
    simulations=given.simulations,
    seed=given.seed,
)
io.write_table(snakemake.output.power, rows, power.COLUMNS)
