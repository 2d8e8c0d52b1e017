"""Write one table of all models."""

from lookalike.core import io, logs
from lookalike.models import tables

logs.log_to(snakemake.log[0])

read = snakemake.input
computed = zip(read.sidecars, read.predictions, read.layers, strict=True)
measured = [
    tables.measure_model(io.read_json(sidecar), io.read_arrays(predictions), io.read_json(layer))
    for sidecar, predictions, layer in computed
]
measured += [tables.measure_maps(io.read_json(card)) for card in read.cards]
names = [*snakemake.params.computed, *snakemake.params.mapped]
io.write_table(
    snakemake.output.models,
    tables.tabulate_models(snakemake.params.models, dict(zip(names, measured, strict=True))),
)
