"""Measure how differently every two models predict."""

from lookalike.core import io, jobs
from lookalike.models import predictions

jobs.begin(snakemake)

disagreement = predictions.disagreements(
    io.read_each(snakemake.input.predictions), snakemake.params.scores
)
io.write_matrix(snakemake.output.disagreement, disagreement, snakemake.params.models)
