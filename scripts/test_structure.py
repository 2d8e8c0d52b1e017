"""Test whether maps depend on the image, and whether their matrix has any structure; and how much
rests on single images and classes.
"""

from lookalike.compare import image_table
from lookalike.core import io, jobs, registry
from lookalike.inference import dependence, influence, leaving_out, structure

jobs.begin(snakemake)

given = snakemake.params
table = image_table.read_image_table(snakemake.input.table).without(given.dependent)
found = dependence.image_dependence(table, given.resamples, given.seed)
metric = registry.get("metric", given.metric)
found |= structure.structure_test(table, metric, given.aggregate, given.permutations, given.seed)
rests = leaving_out.matrix_influence(
    table, metric, found, io.read_table(snakemake.input.units), given.permutations, given.seed
)
io.write_table(snakemake.output.structure, [found], [*dependence.COLUMNS, *structure.COLUMNS])
io.write_table(snakemake.output.influence, rests, influence.COLUMNS)
