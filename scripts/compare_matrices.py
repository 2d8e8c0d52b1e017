"""Compare all matrices over one subset of the images with one another, and their trees."""

from lookalike.compare.dissimilarities import read_dissimilarities
from lookalike.compare.redundancy import read_representatives
from lookalike.core import io, jobs
from lookalike.inference import agreement, significance

jobs.begin(snakemake)

read, given = snakemake.input, snakemake.params
matrices = [
    read_dissimilarities(*about).without(given.dependent).without_unknown()
    for about in zip(read.matrices, read.bootstraps, given.matrices, strict=True)
]
rows = agreement.compare_matrices(matrices, given.linkage, given.permutations, given.seed)
stands = read_representatives(given.correlated, read.redundancy)
rows = significance.correct(rows, ["rho", "tree"], [], stands)
io.write_table(snakemake.output.agreement, rows, agreement.COLUMNS)
