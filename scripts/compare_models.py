"""Compare two blocks of models image by image."""

from lookalike.compare import pairs
from lookalike.core import io, jobs, registry
from lookalike.maps import stacks

jobs.begin(snakemake)

read, given = snakemake.input, snakemake.params
paths_a, paths_b = (
    stacks.files_of_models(places, models)
    for places, models in [(read.a, given.a), (read.b, given.b)]
)
a, images, data_range = stacks.read_batches(paths_a)
b, _, _ = stacks.read_batches(paths_b, images, paths_a[0])
metric = (
    registry.get("metric", given.metric),
    {"data_range": data_range, **given.options},
)
within = given.a == given.b
(values,), (chance,) = pairs.compare_blocks(
    [metric],
    a,
    a if within else b,
    seed=given.seed,
    x_names=given.a,
    y_names=given.b,
)
io.write_arrays(
    snakemake.output.pairs,
    values=values,
    chance=chance,
    partners=pairs.image_partners(len(images), given.seed, len(chance)),
    images=images,
    a=given.a,
    b=given.b,
)
