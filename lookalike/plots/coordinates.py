"""Figure of principal coordinates, with ellipses over resamples of the images."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Ellipse

from lookalike.groups.projection import ellipse_of
from lookalike.plots.style import HALO, add_family_legend, family_styles, page_width, wrapped


def scatter(
    coordinates: np.ndarray,
    explained: Sequence[float] | np.ndarray,
    covariances: np.ndarray,
    names: Sequence[str],
    families: Mapping[str, str],
    *,
    title: str,
) -> Figure:
    """Draw models on two principal coordinates, with ellipses that hold 95% of their resampled
    coordinates.

    Names do not overlap, as far as there is room.

    Parameters
    ----------
    coordinates : ndarray, shape (m, 2)
    explained : sequence of 2 floats
        Shares of the variation.
    covariances : ndarray, shape (m, 2, 2)
        NaN where there are no resamples.
    names : list of str
    families : dict
        From name to family.
    title : str

    Returns
    -------
    Figure
    """
    width = page_width()
    more = 0.06 * max(len(names) - 20, 0)
    figure = Figure(figsize=(width, 0.85 * width + more), layout="constrained")
    axes = figure.add_subplot()
    markers = place_models(axes, coordinates, covariances, names, families)
    axes.set_xlabel(f"principal coordinate 1 ({explained[0]:.0%})")
    axes.set_ylabel(f"principal coordinate 2 ({explained[1]:.0%})")
    figure.suptitle(wrapped(title), fontsize=10)
    add_family_legend(figure, families, names)
    figure.draw_without_rendering()
    write_names(axes, coordinates, names, markers)
    return figure


def place_models(
    axes: Axes,
    coordinates: np.ndarray,
    covariances: np.ndarray,
    names: Sequence[str],
    families: Mapping[str, str],
) -> list[Line2D]:
    """Draw markers and ellipses of models, parameters as for `scatter`; return the markers."""
    styles, markers = family_styles(families.values()), []
    for name, (x, y), covariance in zip(names, coordinates, covariances, strict=True):
        colour, marker = styles[families[name]]
        markers += axes.plot(
            x, y, marker=marker, color=colour, markersize=8, markeredgecolor="white"
        )
        if np.isfinite(covariance).all():
            width, height, angle = ellipse_of(covariance)
            axes.add_patch(
                Ellipse(
                    (x, y),
                    width,
                    height,
                    angle=angle,
                    color=colour,
                    alpha=min(0.16, 1.2 / len(names)),
                    lw=1,
                    zorder=1,
                )
            )
    axes.margins(0.15)
    axes.axhline(0, color="0.9", lw=0.8, zorder=0)
    axes.axvline(0, color="0.9", lw=0.8, zorder=0)
    return markers


def write_names(
    axes: Axes,
    coordinates: np.ndarray,
    names: Sequence[str],
    markers: Sequence[Line2D],
    size: float = 8.5,
) -> None:
    """Write the names of models next to their markers, so that they do not overlap as far as there
    is room; the figure must have been laid out.
    """
    from adjustText import adjust_text

    texts = [
        axes.text(x, y, name, fontsize=size, bbox=HALO)
        for name, (x, y) in zip(names, coordinates, strict=True)
    ]
    adjust_text(
        texts,
        *coordinates.T,
        objects=markers,
        ax=axes,
        expand=(1.2, 1.6),
        # Without a number of steps, it stops after a second: a busy machine would draw otherwise.
        iter_lim=100,
        arrowprops={"arrowstyle": "-", "color": "0.6", "lw": 0.6},
        ensure_inside_axes=True,
    )
