"""Panels: one image with the maps of all models by all methods."""

import numpy as np
from matplotlib.figure import Figure

from lookalike.seeding import rng_of


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
    columns = len(titles) + 1
    figure = Figure(figsize=(1.25 * columns, 1.3 * len(maps) + 0.9))
    grid = figure.add_gridspec(len(maps), columns, wspace=0.05, hspace=0.05)
    shown = figure.add_subplot(grid[0, 0])
    shown.imshow(image)
    shown.set_title("image", fontsize=8)
    shown.axis("off")
    for row, (method, stack) in enumerate(maps.items()):
        for column, (text, saliency) in enumerate(zip(titles.values(), stack, strict=True), 1):
            axes = figure.add_subplot(grid[row, column])
            axes.set_xticks([])
            axes.set_yticks([])
            peak = np.abs(saliency).max() or 1.0
            signed = ranges[method] != 1.0
            axes.imshow(saliency, cmap="RdBu_r" if signed else "magma", vmin=-peak if signed else 0, vmax=peak, interpolation="nearest")
            if row == 0:
                axes.set_title(text, fontsize=8)
            if column == 1:
                axes.set_ylabel(method, fontsize=8)
    figure.suptitle(title, fontsize=10, y=1.02)
    return figure
