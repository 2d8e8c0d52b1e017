"""Test whether maps depend on the image, and whether their matrix has any structure."""

from lookalike.compare import image_table
from lookalike.core import io, logs, registry
from lookalike.inference import dependence, structure

logs.log_to(snakemake.log[0])

given = snakemake.params
table = image_table.read_image_table(snakemake.input.table).without(given.dependent)
found = dependence.image_dependence(table, given.resamples, given.seed)
found |= structure.structure_test(
    table,
    registry.get("metric", given.metric),
    given.aggregate,
    given.permutations,
    given.seed,
)
io.write_table(snakemake.output.structure, [found], [*dependence.COLUMNS, *structure.COLUMNS])
