"""Figures of studies."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from lookalike.core.types import Row


def score_heatmap(rows: Sequence[Row], *, title: str) -> Figure:
    """Draw macro and weighted F1 of every metric (rows) under every preprocessing (columns).

    Parameters
    ----------
    rows : list of dict
        `metric`, `preprocessing`, `macro_f1`, `weighted_f1`; one row per draw.
    title : str

    Returns
    -------
    Figure
        Mean over draws, below it the standard deviation; empty where a metric does not apply to
        such maps.
    """
    metrics, steps = (
        list(dict.fromkeys(row[name] for row in rows)) for name in ("metric", "preprocessing")
    )
    figure = Figure(
        figsize=(2 * (1.4 + 0.62 * len(steps)), 1.6 + 0.36 * len(metrics)), layout="constrained"
    )
    for panel, score in enumerate(("macro_f1", "weighted_f1"), 1):
        cells = [
            [
                [
                    float(row[score])
                    for row in rows
                    if (row["metric"], row["preprocessing"]) == (metric, step)
                ]
                for step in steps
            ]
            for metric in metrics
        ]
        means = np.array([[np.mean(cell) if cell else np.nan for cell in line] for line in cells])
        axes = figure.add_subplot(1, 2, panel)
        axes.set_facecolor("0.9")
        image = axes.imshow(means, cmap="cividis", vmin=0, vmax=1, aspect="auto")
        for row, column in np.argwhere(np.isfinite(means)):
            text = f"{means[row, column]:.2f}\n±{np.std(cells[row][column]):.2f}"
            axes.text(
                column,
                row,
                text,
                ha="center",
                va="center",
                fontsize=6.5,
                color="black" if means[row, column] > 0.5 else "white",
            )
        axes.set_xticks(range(len(steps)), steps)
        axes.set_yticks(range(len(metrics)), metrics if panel == 1 else [])
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        axes.set_title(score.replace("_f1", " F1"), fontsize=9)
    figure.colorbar(image, ax=figure.axes, label="F1", shrink=0.8)
    figure.suptitle(title, fontsize=10)
    figure.supxlabel("C: clipped to [-1, 1], N: min-max scaled, S: Sobel magnitude", fontsize=8)
    return figure
