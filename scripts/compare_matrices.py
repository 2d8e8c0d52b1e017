"""Compare all matrices over one subset of the images with one another, and their trees."""

from pathlib import Path

from lookalike import agreement, inference, io, logs, matrices, replicates

logs.log_to(snakemake.log[0])

given, compared = snakemake.params, {}
for path in map(Path, snakemake.input.matrices):
    matrix, names = io.read_matrix(path)
    known, kept, _ = matrices.without_unknown(*replicates.without(matrix, names, given.alike))
    halves = io.read_arrays(path.with_name("bootstrap.npz")).get("halves")
    places = [names.index(name) for name in kept]
    compared[path.parts[-4:-2]] = (known, kept, None if halves is None else matrices.select_pairs(halves, places))
rows = agreement.compare_matrices(compared, given.linkage, given.permutations, given.seed)
io.write_table(snakemake.output.agreement, inference.correct(rows, ["rho", "tree"], []), agreement.COLUMNS)
