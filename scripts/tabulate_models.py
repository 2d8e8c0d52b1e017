"""Write one table of all models."""

from lookalike import io, logs, tables

logs.log_to(snakemake.log[0])

rows = [
    tables.describe_model(name, about, io.read_json(sidecar), io.read_arrays(predictions))
    for (name, about), sidecar, predictions in zip(snakemake.params.models.items(), snakemake.input.sidecars, snakemake.input.predictions, strict=True)
]
io.write_table(snakemake.output.models, rows)
