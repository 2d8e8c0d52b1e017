"""Choose the class of every image that most models predict."""

from lookalike.core import io, jobs
from lookalike.models import consensus

jobs.begin(snakemake)

found = io.read_each(snakemake.input.predictions).values()
rows = consensus.choose_consensus(dict(zip(snakemake.params.models, found, strict=True)))
io.write_table(snakemake.output.consensus, rows, ("image", "class", "name"))
io.write_table(snakemake.output.votes, rows, ("image", "votes", "voters", "tied"))
