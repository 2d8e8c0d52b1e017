"""Compare the maps of every model with those of its pruned variants."""

from lookalike.compare.dissimilarities import read_dissimilarities
from lookalike.core import io, jobs
from lookalike.inference import variants

jobs.begin(snakemake)

read, given, rows = snakemake.input, snakemake.params, []
for about in zip(read.matrices, read.bootstraps, given.matrices, strict=True):
    rows += variants.compare_variants(
        read_dissimilarities(*about), given.variants, given.origins, given.seed
    )
io.write_table(snakemake.output.variants, rows, variants.MAP_COLUMNS)
