"""Figure of the agreement of all matrices, or of their trees."""

from collections.abc import Sequence
from typing import Literal

from matplotlib.figure import Figure

from lookalike.core.types import Row
from lookalike.inference.agreement import as_matrix
from lookalike.plots.matrix import heatmap

# Of more matrices, labels name the metric alone: the colour and the legend tell the method.
MOST_WITH_METHODS = 16


def agreement_heatmap(
    rows: Sequence[Row],
    column: Literal["rho", "tree"],
    methods: Sequence[str],
    *,
    of: str,
    linkage: str,
) -> Figure:
    """Draw how far every two matrices agree, with a star where Mantel's test finds it.

    Parameters
    ----------
    rows : list of dict
        Of the table of `inference.agreement.compare_matrices`, corrected.
    column : {"rho", "tree"}
        Of the matrices, or of their trees.
    methods : list of str
        All of the run, so that each has one colour in all figures of agreement.
    of : str
        What the matrices are over.
    linkage : str
        Of the trees.

    Returns
    -------
    Figure
        Where there is no room for the numbers, cells hold the stars alone.
    """
    matrix, stars, names, method_of = as_matrix(rows, column)
    what, label = {
        "rho": (
            "How alike two matrices rank the pairs of models",
            "Spearman's correlation of the dissimilarities",
        ),
        "tree": (
            "How alike two matrices group the models",
            f"correlation of the trees' heights, {linkage} linkage",
        ),
    }[column]
    marked = "*: p of Mantel's test, corrected (Holm), at most .05"
    if not (stars == "*").any():
        marked = "Mantel's test, corrected (Holm), finds none of these"
    return heatmap(
        matrix,
        names,
        method_of | {method: method for method in methods},
        label=label,
        title=f"{what}, {of}\n{marked}",
        notes=stars,
        limits=(-1, 1),
        similar=True,
        labels=[name.split(" ")[1] for name in names] if len(names) > MOST_WITH_METHODS else None,
    )
