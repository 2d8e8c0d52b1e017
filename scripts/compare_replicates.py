"""Compare the dissimilarity of each model and its replicate with that of the other pairs; and find
the intervals that replicates of several models give for new seeds.
"""

from lookalike.compare import replicates, seeds
from lookalike.compare.dissimilarities import read_dissimilarities
from lookalike.core import io, jobs

jobs.begin(snakemake)

read, given, rows, over_seeds = snakemake.input, snakemake.params, [], []
for about in zip(read.matrices, read.bootstraps, given.matrices, read.numbers, strict=True):
    matrix = read_dissimilarities(*about).without(given.variants)
    rows += replicates.compare_replicates(matrix, given.replicates)
    over_seeds += seeds.compare_seeds(matrix, given.replicates)
io.write_table(snakemake.output.replicates, rows, replicates.COLUMNS)
io.write_table(snakemake.output.seeds, over_seeds, seeds.COLUMNS)
