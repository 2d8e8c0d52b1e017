"""Figure of the principal coordinates of all matrices: methods in rows, metrics in columns."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lookalike.plots.coordinates import place_models, write_names
from lookalike.plots.style import add_family_legend
from lookalike.plots.titles import MANY
from lookalike.studies.pca_grid import Panel, turned

SIDE = 4.4  # inches of a panel
FLATTEST = 0.6  # of its height, as a share of that


def grid_of_coordinates(
    panels: Sequence[Panel], reference: Panel, families: Mapping[str, str], *, title: str
) -> Figure:
    """Draw the models on two axes under every method (rows) and metric (columns), all in the
    orientation of one panel.

    Parameters
    ----------
    panels : list of Panel
    reference : Panel
        The one whose orientation all get.
    families : dict
        From name to family.
    title : str

    Returns
    -------
    Figure
        With ellipses that hold 95% of the resampled points; of very many models without names and
        ellipses.
    """
    methods, metrics = (
        list(dict.fromkeys(getattr(panel.key, name) for panel in panels))
        for name in ("method", "metric")
    )
    found = [turned(panel, reference) for panel in panels]
    # Units are equal on both axes, so that flat pictures need less height.
    spreads = [np.ptp(points, axis=0) for points, _ in found]
    flat = max(high / wide if wide > 0 else 1 for wide, high in spreads)
    height = SIDE * float(np.clip(flat, FLATTEST, 1))
    figure = Figure(
        figsize=(SIDE * len(metrics) + 0.4, (height + 0.3) * len(methods) + 0.7),
        layout="constrained",
    )
    figure.suptitle(title, fontsize=11)
    drawn: list[tuple[Axes, Panel, np.ndarray, list]] = []
    for panel, (points, covariances) in zip(panels, found, strict=True):
        place = methods.index(panel.key.method) * len(metrics) + metrics.index(panel.key.metric)
        axes = figure.add_subplot(len(methods), len(metrics), place + 1)
        if len(panel.names) > MANY:
            covariances = np.full_like(covariances, np.nan)
        markers = place_models(axes, points, covariances, panel.names, families)
        axes.set(xticks=[], yticks=[])
        axes.set_aspect("equal", adjustable="datalim")
        axes.spines[:].set_visible(True)
        axes.spines[:].set_color("0.8")
        axes.set_title(
            f"{panel.key.method}, {panel.key.metric}: two axes hold {panel.explained.sum():.0%}",
            fontsize=9.5,
        )
        drawn.append((axes, panel, points, markers))
    shown = {name for panel in panels for name in panel.names}
    add_family_legend(figure, families, shown)
    figure.canvas.draw()
    for axes, panel, points, markers in drawn:
        if len(panel.names) <= MANY:
            write_names(axes, points, panel.names, markers, size=8)
    return figure
