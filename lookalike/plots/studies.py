"""Figures of studies."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from lookalike.core.types import Row
from lookalike.studies.power import WANTED

# Colour and name of the line of each test.
POWER_LINES = {
    "dependence": ("#56b4e9", "depends on the image"),
    "main_effects": ("#e69f00", "models differ"),
    "structure": ("#009e73", "structure"),
    "grouping": ("#d55e00", "groups"),
    "factor": ("#0072b2", "factor of two levels"),
}


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


def power_curves(rows: Sequence[Row], *, title: str) -> Figure:
    """Draw the power of every test against the number of images, and of models.

    Parameters
    ----------
    rows : list of dict
        `of`, `test`, `effect`, `n`, `power`, `error` and `untested`, as text.
    title : str

    Returns
    -------
    Figure
        A panel for images and one for models; solid lines for the wanted effect, dashed ones for
        half of it, bars of one standard error.
    """
    figure = Figure(figsize=(8.4, 3.9), layout="constrained")
    tested = [row for row in rows if not row["untested"]]
    effects = sorted({float(row["effect"]) for row in tested}, reverse=True)
    for panel, of in enumerate(("images", "models"), 1):
        axes = figure.add_subplot(1, 2, panel)
        own = [row for row in tested if row["of"] == of]
        for test in dict.fromkeys(row["test"] for row in own):
            colour, name = POWER_LINES[test]
            for effect, style in zip(effects, ("-", "--"), strict=False):
                n, power, error = np.array(
                    [
                        [float(row[column]) for column in ("n", "power", "error")]
                        for row in own
                        if row["test"] == test and float(row["effect"]) == effect
                    ]
                ).T
                axes.errorbar(
                    n,
                    power,
                    error,
                    color=colour,
                    linestyle=style,
                    marker="o",
                    markersize=3.5,
                    linewidth=1.4,
                    label=name if style == "-" else None,
                )
        axes.axhline(WANTED, color="0.6", linewidth=0.8, zorder=0)
        axes.set_ylim(-0.03, 1.03)
        axes.set_yticks([0, 0.2, 0.4, 0.6, 0.8, 1])
        axes.set_xlabel(f"number of {of}")
        if own:
            numbers = sorted({int(float(row["n"])) for row in own})
            axes.set_xscale("log")
            axes.set_xticks(numbers, map(str, numbers))
            axes.minorticks_off()
            axes.legend(frameon=False, fontsize=8, loc="lower right")
        else:
            axes.set_xticks([])
            axes.text(0.5, 0.5, "cannot be told", ha="center", transform=axes.transAxes)
        if panel == 1:
            axes.set_ylabel("share of studies that find it")
    shares = [f"{effect:.3g} of chance" for effect in effects]
    figure.suptitle(title, fontsize=10)
    styles = ", ".join(
        f"{style}: {share}" for style, share in zip(("solid", "dashed"), shares, strict=False)
    )
    figure.supxlabel(styles, fontsize=8)
    return figure
