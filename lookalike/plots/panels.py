"""Panels: one image with the maps of all models by all methods."""

import numpy as np
from matplotlib.figure import Figure

from lookalike.seeding import rng_of

CELL = 1.25  # inches of a map's side


def choose_images(rows, classes, count, seed):
    """Choose images for panels: those that all models classify alike first, the classes in turn.

    Parameters
    ----------
    rows : list of dict
        Of the explained images.
    classes : ndarray, shape (n, models)
        Predicted class by name.
    count : int
    seed : int

    Returns
    -------
    list of int
        Places of the chosen rows.
    """
    agree = (classes == classes[:, :1]).all(axis=1)
    shuffled = rng_of(seed, "panels").permutation(len(rows))
    seen = {}
    turns = {}
    for place in shuffled:
        label = rows[place]["label"]
        turns[place] = seen.setdefault(label, 0)
        seen[label] += 1
    ranked = sorted(shuffled, key=lambda place: (not agree[place], turns[place]))
    return [int(place) for place in ranked[:count]]


def panel(image, maps, titles, *, ranges, title):
    """Draw one image and its maps, models in columns and methods in rows.

    Parameters
    ----------
    image : ndarray, shape (H, W, 3), uint8
    maps : dict
        From method to the maps of all models, each of shape (h, w).
    titles : dict
        From model to the text above its column.
    ranges : dict
        From method to 1.0 (unsigned), 2.0 (signed) or None.
    title : str

    Returns
    -------
    Figure
        Unsigned maps from black to bright, signed ones from blue over white to red.
    """
    rows, columns = len(maps), len(titles) + 1
    width, height = CELL * columns + 0.4, CELL * rows + 0.85
    figure = Figure(figsize=(width, height))
    margins = {"left": 0.4 / width, "right": 1, "bottom": 0, "top": 1 - 0.85 / height}
    grid = figure.add_gridspec(rows, columns, wspace=0.04, hspace=0.04, **margins)
    for row, (method, stack) in enumerate(maps.items()):
        first = bare_axes(figure, grid[row, 0])
        first.spines[:].set_visible(False)
        first.set_ylabel(method, fontsize=9)
        if row == 0:
            first.imshow(image)
            first.set_title("image", fontsize=8)
        for column, (text, saliency) in enumerate(zip(titles.values(), stack, strict=True), 1):
            axes = bare_axes(figure, grid[row, column])
            peak = np.abs(saliency).max() or 1.0
            signed = ranges[method] != 1.0
            axes.imshow(saliency, cmap="RdBu_r" if signed else "magma", vmin=-peak if signed else 0, vmax=peak, interpolation="nearest")
            if row == 0:
                axes.set_title(text, fontsize=8)
    figure.suptitle(title, fontsize=10, y=1 - 0.1 / height, va="top")
    return figure


def bare_axes(figure, place):
    """Add axes without ticks."""
    axes = figure.add_subplot(place)
    axes.set(xticks=[], yticks=[])
    return axes
