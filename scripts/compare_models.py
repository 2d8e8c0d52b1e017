"""Compare two blocks of models image by image."""

from lookalike.compare import pairs
from lookalike.core import io, jobs, registry
from lookalike.maps import stacks

jobs.begin(snakemake)

a, images, data_range = stacks.read_batches(snakemake.input.a)
b, _, _ = stacks.read_batches(snakemake.input.b, images, snakemake.input.a[0])
metric = (
    registry.get("metric", snakemake.params.metric),
    {"data_range": data_range, **snakemake.params.options},
)
within = snakemake.params.a == snakemake.params.b
(values,), (chance,) = pairs.compare_blocks(
    [metric],
    a,
    a if within else b,
    seed=snakemake.params.seed,
    x_names=snakemake.params.a,
    y_names=snakemake.params.b,
)
io.write_arrays(
    snakemake.output.pairs,
    values=values,
    chance=chance,
    partners=pairs.image_partners(len(images), snakemake.params.seed, len(chance)),
    images=images,
    a=snakemake.params.a,
    b=snakemake.params.b,
)
