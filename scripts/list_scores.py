"""Find the score of every image."""

from lookalike.core import io, jobs
from lookalike.images import scores

jobs.begin(snakemake)

rows = io.read_table(snakemake.input.manifest)
io.write_table(
    snakemake.output.scores,
    scores.match_scores(io.read_table(snakemake.input.given), rows, snakemake.input.given),
)
