"""Write one table of all models, and one of what they predict."""

from lookalike.core import io, jobs
from lookalike.maps import stacks
from lookalike.models import predictions, tables

jobs.begin(snakemake)

given, read = snakemake.params, snakemake.input
found = dict(zip(given.computed, io.read_each(read.predictions).values(), strict=True))
measured = [
    tables.measure_model(
        io.read_json(sidecar),
        found[name],
        tables.choose_layer(name, io.read_json(layers), given.models[name]["layer"]),
    )
    for name, sidecar, layers in zip(given.computed, read.sidecars, read.layers, strict=True)
]
cards = stacks.files_of_models(read.cards, given.mapped, ".json")
measured += [tables.measure_maps(io.read_json(card)) for card in cards]
names = [*given.computed, *given.mapped]
io.write_table(
    snakemake.output.models,
    tables.tabulate_models(given.models, dict(zip(names, measured, strict=True))),
)
io.write_table(
    snakemake.output.predictions, predictions.tabulate_predictions(found), predictions.PREDICTED
)
