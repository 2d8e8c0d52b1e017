"""Assemble the images of every pair into one table, and summarise it into matrices."""

from lookalike.compare import dissimilarities, image_table, summary
from lookalike.core import io, jobs, registry
from lookalike.images import units
from lookalike.maps import audit

jobs.begin(snakemake)

read, written, given = snakemake.input, snakemake.output, snakemake.params
key = dissimilarities.Key(*given.key)
table = image_table.assemble(
    io.read_each(read.pairs),
    given.models,
    key,
    io.read_each(read.predictions),
    units.number_units(io.read_table(read.units)),
)
audits = dict(zip(given.models, map(io.read_json, read.audits), strict=True))
table = image_table.without_dead(table, audit.dead_models(audits))
found = summary.summarise_images(
    table,
    registry.get("metric", given.metric),
    aggregate=given.aggregate,
    resamples=given.resamples,
    seed=given.seed,
    originals=given.originals,
)
image_table.write_image_table(written.table, table)
for name, matrix in found.matrices.items():
    io.write_matrix(written[name], matrix, table.names)
dissimilarities.write_bootstrap(written.bootstrap, found.dissimilarities)
