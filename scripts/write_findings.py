"""Write what the numbers say in plain sentences."""

from lookalike.core import io, logs
from lookalike.findings import collect

logs.log_to(snakemake.log[0])

io.write_text(
    snakemake.output.findings,
    collect.as_markdown(collect.collect(snakemake.input, snakemake.params.subset)),
)
