"""Draw the agreement of all matrices, and of their trees."""

from lookalike.core import io, logs

logs.log_to(snakemake.log[0])

from lookalike.inference import agreement
from lookalike.plots.matrix import heatmap
from lookalike.plots.style import save

rows = io.read_table(snakemake.input.agreement)
heading = (
    f"agreement of matrices, {snakemake.wildcards.subset} images\n*: Mantel's p, corrected "
    "(Holm), at most .05"
)
for name, paths, label in (
    ("rho", snakemake.output.matrices, "Spearman's correlation of the dissimilarities"),
    (
        "tree",
        snakemake.output.trees,
        f"correlation of the trees' heights, {snakemake.params.linkage} linkage",
    ),
):
    matrix, marks, names, methods = agreement.as_matrix(rows, name)
    save(
        heatmap(matrix, names, methods, label=label, title=heading, notes=marks, limits=(-1, 1)),
        paths,
    )
