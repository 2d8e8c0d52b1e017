"""Write one table of all models."""

from lookalike.core import io, logs
from lookalike.models import tables

logs.log_to(snakemake.log[0])

given, read = snakemake.params, snakemake.input
computed = zip(given.computed, read.sidecars, read.predictions, read.layers, strict=True)
measured = [
    tables.measure_model(
        io.read_json(sidecar),
        io.read_arrays(predictions),
        tables.choose_layer(name, io.read_json(layers), given.models[name]["layer"]),
    )
    for name, sidecar, predictions, layers in computed
]
measured += [tables.measure_maps(io.read_json(card)) for card in read.cards]
names = [*given.computed, *given.mapped]
io.write_table(
    snakemake.output.models,
    tables.tabulate_models(given.models, dict(zip(names, measured, strict=True))),
)
