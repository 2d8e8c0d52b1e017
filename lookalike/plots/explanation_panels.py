"""Figure of how far models disagree on every image."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from lookalike.core.types import Row
from lookalike.plots.style import MARKERS, PALETTE
from lookalike.studies.explanation_panels import AGREE, DISAGREE, NAMED, RANDOM

REASONS = (AGREE, DISAGREE, RANDOM, NAMED)


def disagreement_figure(images: Sequence[Row], by_method: Sequence[Row], *, title: str) -> Figure:
    """Draw the disagreement of models on every image in its order, with that by each method, and
    mark the images that have a page.

    Parameters
    ----------
    images : list of dict
        Of `describe_images`.
    by_method : list of dict
        Of `describe_methods`.
    title : str
    """
    figure = Figure(figsize=(9, 4), layout="constrained")
    axes = figure.add_subplot()
    places = {row["image"]: place for place, row in enumerate(images, 1)}
    for number, method in enumerate(dict.fromkeys(row["method"] for row in by_method)):
        own = [row for row in by_method if row["method"] == method]
        axes.plot(
            [places[row["image"]] for row in own],
            [row["disagreement"] for row in own],
            marker=".",
            ls="",
            ms=4,
            color=PALETTE[-1 - number % len(PALETTE)],
            alpha=0.45,
            label=f"{method}, {own[0]['metric']}",
        )
    values = np.array([row["disagreement"] for row in images])
    axes.plot(range(1, len(images) + 1), values, color="0.2", lw=1.2, label="mean over methods")
    for reason, colour, marker in zip(REASONS, PALETTE, MARKERS, strict=False):
        chosen = [place for place, row in enumerate(images, 1) if reason in row["chosen"].split()]
        if chosen:
            axes.plot(
                chosen,
                np.nan_to_num(values[np.array(chosen) - 1]),
                marker=marker,
                ls="",
                ms=6,
                color=colour,
                markeredgecolor="white",
                label=f"page: {reason}",
            )
    axes.set_ylim(bottom=0)
    axes.set_xlabel("image, by rank of disagreement")
    axes.set_ylabel("disagreement, as a share of chance")
    axes.set_title(title, fontsize=10)
    axes.legend(fontsize=8, frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    return figure
