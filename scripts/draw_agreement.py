"""Draw the agreement of all matrices, and of their trees."""

from lookalike.core import io, jobs

jobs.begin(snakemake)

from lookalike.inference import agreement
from lookalike.plots.matrix import heatmap
from lookalike.plots.style import save, use

use(**snakemake.params.look)
rows, draw = io.read_table(snakemake.input.agreement), snakemake.output
title = (
    f"agreement of matrices, {snakemake.params.of}\n"
    "*: p of Mantel's test, corrected (Holm), at most .05"
)
by_tree = f"correlation of the trees' heights, {snakemake.params.linkage} linkage"
for column, paths, label in (
    ("rho", draw.matrices, "Spearman's correlation of the dissimilarities"),
    ("tree", draw.trees, by_tree),
):
    matrix, notes, names, methods = agreement.as_matrix(rows, column)
    figure = heatmap(
        matrix,
        names,
        methods,
        label=label,
        title=title,
        notes=notes,
        limits=(-1, 1),
        similar=True,
    )
    save(figure, paths)
