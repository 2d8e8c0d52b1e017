"""Measure how differently every two models predict."""

from lookalike.core import io, logs
from lookalike.models import predictions

logs.log_to(snakemake.log[0])

disagreement = predictions.disagreements(
    io.read_each(snakemake.input.predictions), snakemake.params.scores
)
io.write_matrix(snakemake.output.disagreement, disagreement, snakemake.params.models)
