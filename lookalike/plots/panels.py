"""Panels: one image with the maps of all models by all methods."""

import numpy as np
from matplotlib.figure import Figure

from lookalike.core.seeding import rng_of

CELL = 1.25  # inches of a map's side
HEADING, TITLES, METHOD = (
    0.35,
    0.5,
    0.4,
)  # inches above all, above the maps of a band, and at their left
MOST_COLUMNS = 10  # models side by side; more go below


def choose_images(rows, classes, count, seed):
    """Choose images for panels: those that all models classify alike first, the classes in turn.

    Parameters
    ----------
    rows : list of dict
        Of the explained images.
    classes : ndarray, shape (n, models), optional
        Predicted class by name, where predictions are known.
    count : int
    seed : int

    Returns
    -------
    list of int
        Places of the chosen rows.
    """
    agree = np.ones(len(rows), bool) if classes is None else (classes == classes[:, :1]).all(axis=1)
    shuffled = rng_of(seed, "panels").permutation(len(rows))
    seen = {}
    turns = {}
    for place in shuffled:
        label = rows[place]["label"]
        turns[place] = seen.setdefault(label, 0)
        seen[label] += 1
    ranked = sorted(shuffled, key=lambda place: (not agree[place], turns[place]))
    return [int(place) for place in ranked[:count]]


def tell_predictions(predictions, place):
    """Return what each of several models predicts of an image: the name of a class, or a score in
    three digits.
    """
    return [
        f"{arrays['logits'][place, 0]:.3g}"
        if len(arrays["classes"]) == 1
        else str(arrays["classes"][arrays["predicted"][place]])
        for arrays in predictions
    ]


def panel(image, maps, titles, *, ranges, title):
    """Draw one image and its maps, models in columns and methods in rows, in bands where there are
    many models.

    Parameters
    ----------
    image : ndarray, shape (H, W, 3), uint8, or None
        None where the image itself is not known.
    maps : dict
        From method to a dict from model to its map, shape (h, w); a model may be missing.
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
    bands = -(-len(titles) // MOST_COLUMNS)
    columns = -(-len(titles) // bands)
    width, height = (
        CELL * (columns + (image is not None)) + METHOD,
        HEADING + bands * (TITLES + CELL * len(maps)),
    )
    figure = Figure(figsize=(width, height))
    figure.suptitle(title, fontsize=10, y=1 - 0.1 / height, va="top")
    rows = figure.add_gridspec(
        bands, 1, left=METHOD / width, right=1, bottom=0, top=1 - HEADING / height, hspace=0
    )
    for band, row in enumerate(rows):
        models = list(titles)[band * columns : (band + 1) * columns]
        place = row.subgridspec(2, 1, height_ratios=(TITLES, CELL * len(maps)), hspace=0)[1]
        draw_band(figure, place, image, maps, models, titles, columns, ranges)
    return figure


def draw_band(figure, place, image, maps, models, titles, columns, ranges):
    """Draw the maps of some of the models, with the image at their left."""
    first = 0 if image is None else 1
    grid = place.subgridspec(len(maps), columns + first, wspace=0.04, hspace=0.04)
    for row, (method, stack) in enumerate(maps.items()):
        cells = [bare_axes(figure, grid[row, column]) for column in range(first + len(models))]
        cells[0].set_ylabel(method, fontsize=9)
        if row == 0 and image is not None:
            cells[0].imshow(image)
            cells[0].set_title("image", fontsize=8)
        for model, axes in zip(models, cells[first:], strict=True):
            if row == 0:
                axes.set_title(titles[model], fontsize=8)
            if model in stack:
                draw_map(axes, stack[model], signed=ranges[method] != 1.0)


def draw_map(axes, saliency, *, signed):
    """Draw a map, zero in the middle of the colours if it is signed."""
    peak = np.abs(saliency).max() or 1.0
    axes.imshow(
        saliency,
        cmap="RdBu_r" if signed else "magma",
        vmin=-peak if signed else 0,
        vmax=peak,
        interpolation="nearest",
    )
    axes.spines[:].set_visible(True)


def bare_axes(figure, place):
    """Add axes without ticks and frame."""
    axes = figure.add_subplot(place)
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    return axes
