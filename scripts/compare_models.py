"""Compare two blocks of models image by image."""

from lookalike import io, logs, pairs, registry

logs.log_to(snakemake.log[0])

a, images, data_range = io.read_batches(snakemake.input.a)
b, _, _ = io.read_batches(snakemake.input.b, images, snakemake.input.a[0])
values, chance = pairs.compare_blocks(
    registry.get("metric", snakemake.params.metric),
    a,
    a if snakemake.params.a == snakemake.params.b else b,
    seed=snakemake.params.seed,
    data_range=data_range,
    **snakemake.params.options,
)
io.write_arrays(snakemake.output.pairs, values=values, chance=chance, images=images, a=snakemake.params.a, b=snakemake.params.b)
