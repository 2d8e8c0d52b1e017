"""Compare all matrices over one subset of the images with one another, and their trees."""

from pathlib import Path

from lookalike.compare import dissimilarities, replicates
from lookalike.core import condensed, io, logs
from lookalike.inference import agreement, significance

logs.log_to(snakemake.log[0])

given, compared = snakemake.params, {}
for path in map(Path, snakemake.input.matrices):
    matrix, names = io.read_matrix(path)
    known, kept, _ = dissimilarities.without_unknown(
        *replicates.without(matrix, names, given.alike)
    )
    halves = io.read_arrays(path.with_name("bootstrap.npz")).get("halves")
    places = [names.index(name) for name in kept]
    compared[path.parts[-4:-2]] = (
        known,
        kept,
        None if halves is None else condensed.select_pairs(halves, places),
    )
rows = agreement.compare_matrices(compared, given.linkage, given.permutations, given.seed)
io.write_table(
    snakemake.output.agreement, significance.correct(rows, ["rho", "tree"], []), agreement.COLUMNS
)
