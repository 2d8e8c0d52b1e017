"""Compare all matrices over one subset of the images with one another, and their trees."""

from pathlib import Path

from lookalike import agreement, inference, io, logs, matrices, replicates

logs.log_to(snakemake.log[0])

given, compared = snakemake.params, {}
for path in map(Path, snakemake.input.matrices):
    matrix, names, _ = matrices.without_unknown(*replicates.without(*io.read_matrix(path), given.alike))
    compared[path.parts[-4:-2]] = (matrix, names)
rows = agreement.compare_matrices(compared, given.linkage, given.permutations, given.seed)
io.write_table(snakemake.output.agreement, inference.correct(rows, ["rho", "tree"], []), agreement.COLUMNS)
