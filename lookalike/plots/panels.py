"""Panels: one image with the maps of all models by all methods."""

from collections.abc import Mapping, Sequence
from textwrap import wrap

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, ListedColormap
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec

from lookalike.core.seeding import rng_of
from lookalike.core.types import Row
from lookalike.maps.stacks import Batch
from lookalike.plots.matrix import shortened
from lookalike.plots.style import LOOK

CELL = 1.25  # inches of a map's side
# Inches at the top, above the maps of a band, at their left, and of the colours' bar at the right.
HEADING, TITLES, METHOD, BAR = 0.35, 0.5, 0.4, 0.62
HEADING_LINE, TITLE_LINE = 0.17, 0.14  # inches of each further line
CHARACTERS = 11  # of the heading in an inch
MOST_COLUMNS = 10  # models side by side; more go below
MOST_CHARACTERS = 18  # of a line of a title
MOST_MODELS = 40  # of a panel; of more, some are drawn


def choose_images(
    rows: Sequence[Row], classes: np.ndarray | None, count: int, seed: int
) -> list[int]:
    """Choose images for panels: first those that all models classify alike, the classes in turn.

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
        Indices of the chosen rows.
    """
    agree = np.ones(len(rows), bool) if classes is None else (classes == classes[:, :1]).all(axis=1)
    shuffled = rng_of(seed, "panels").permutation(len(rows)).tolist()
    seen: dict[str, int] = {}
    turns = {}
    for index in shuffled:
        label = rows[index]["label"]
        turns[index] = seen.setdefault(label, 0)
        seen[label] += 1
    return sorted(shuffled, key=lambda index: (not agree[index], turns[index]))[:count]


def choose_models(models: Sequence[str], most: int | None = MOST_MODELS) -> list[str]:
    """Return the models that are shown: of more than this many, some at equal distances."""
    return list(models)[:: max(1, -(-len(models) // (most or len(models))))]


def predicted_text(predictions: Mapping[str, np.ndarray], index: int) -> str:
    """Return what a model predicts for an image: the name of a class, or a score in three
    digits.
    """
    if len(predictions["classes"]) == 1:
        score = float(predictions["logits"][index, 0])
        return f"score {shortened(f'{score:.3g}')}"
    return class_text(predictions["names"][predictions["predicted"][index]])


def class_text(name: str) -> str:
    """Return a class as figures show it, which says of a number that it is one."""
    return f"class {name}" if str(name).isdigit() else str(name)


def readable_label(label: str, predictions: Mapping[str, Mapping[str, np.ndarray]]) -> str:
    """Return an image's label as figures show it: the name of the class, where a model knows it."""
    for found in predictions.values():
        if label in (classes := found["classes"].tolist()):
            return class_text(found["names"][classes.index(label)])
    return class_text(label)


def titles_of(
    models: Sequence[str], predictions: Mapping[str, Mapping[str, np.ndarray]], index: int
) -> dict[str, str]:
    """Return the text above each model's column: its name, and its prediction where it has one."""
    texts = {name: [predicted_text(found, index)] for name, found in predictions.items()}
    return {
        model: "\n".join(
            line for text in (model, *texts.get(model, [])) for line in wrap(text, MOST_CHARACTERS)
        )
        for model in models
    }


def panel_of_image(
    row: Row,
    index: int,
    image: np.ndarray | None,
    batches: Mapping[str, Mapping[str, tuple[Batch, Row]]],
    titles: Mapping[str, str],
    explained: str = "",
) -> Figure:
    """Draw one of the explained images with its maps.

    Parameters
    ----------
    row : dict
        `image` and `label` as it is shown, which may be empty.
    index : int
        Of the image in the batches.
    image : ndarray, shape (H, W, 3), uint8, or None
    batches : dict
        From method to a dict from model to its maps and their card.
    titles : dict
        From model to the text above its column.
    explained : str
        The class that all models are explained for, where they are.
    """
    title = f"{row['image']}: {row['label']}" if row["label"] else row["image"]
    return panel(
        image,
        {
            method: {model: maps[index] for model, (maps, _) in found.items()}
            for method, found in batches.items()
        },
        titles,
        ranges={
            method: next(iter(found.values()))[1]["data_range"] for method, found in batches.items()
        },
        title=f"{title} (explained: {explained})" if explained else title,
    )


def panel(
    image: np.ndarray | None,
    maps: Mapping[str, Mapping[str, np.ndarray]],
    titles: Mapping[str, str],
    *,
    ranges: Mapping[str, float | None],
    title: str,
) -> Figure:
    """Draw one image and its maps: models in columns, methods in rows, in bands where there are
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
        Unsigned maps from black to bright, signed ones from blue over white to red; over the grey
        image, if it is asked for, the fainter the nearer to zero. The bar of colours says where
        they end, which each map has for itself.
    """
    bands = -(-len(titles) // MOST_COLUMNS)
    columns = -(-len(titles) // bands)
    width = CELL * (columns + (image is not None)) + METHOD + BAR
    lines = wrap(title, int(CHARACTERS * width))
    heading = HEADING + HEADING_LINE * (len(lines) - 1)
    # Three lines have their place in any case.
    most = max(title.count("\n") for title in titles.values()) + 1
    above = TITLES + TITLE_LINE * max(most - 3, 0)
    height = heading + bands * (above + CELL * len(maps))
    figure = Figure(figsize=(width, height))
    figure.suptitle("\n".join(lines), fontsize=10, y=1 - 0.1 / height, va="top")
    rows = figure.add_gridspec(
        bands,
        1,
        left=METHOD / width,
        right=1 - BAR / width,
        bottom=0,
        top=1 - heading / height,
        hspace=0,
    )
    for band in range(bands):
        models = list(titles)[band * columns : (band + 1) * columns]
        below = rows[band].subgridspec(2, 1, height_ratios=(above, CELL * len(maps)), hspace=0)[1]
        draw_band(figure, below, image, maps, models, titles, columns, ranges)
    return figure


def draw_band(
    figure: Figure,
    place: SubplotSpec,
    image: np.ndarray | None,
    maps: Mapping[str, Mapping[str, np.ndarray]],
    models: Sequence[str],
    titles: Mapping[str, str],
    columns: int,
    ranges: Mapping[str, float | None],
) -> None:
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
                draw_map(axes, stack[model], image, signed=ranges[method] != 1.0)
        box = cells[-1].get_position()
        width = figure.get_figwidth()
        bar = figure.add_axes(
            (box.x1 + 0.06 / width, box.y0 + 0.1 * box.height, 0.09 / width, 0.8 * box.height)
        )
        add_bar(bar, ranges[method] != 1.0, image)


def colours_of_maps(signed: bool, image: np.ndarray | None) -> Colormap:
    """Return the colours of maps; over an image, those near zero are transparent."""
    colours = colormaps["RdBu_r" if signed else "magma"]
    if image is None or not LOOK.over_image:
        return colours
    places = np.linspace(0, 1, 256)
    shades = colours(places)
    shades[:, 3] = np.sqrt(np.abs(2 * places - 1) if signed else places)
    return ListedColormap(shades)


def draw_map(axes: Axes, saliency: np.ndarray, image: np.ndarray | None, *, signed: bool) -> None:
    """Draw a map, zero in the middle of the colours if it is signed."""
    sizes = np.abs(saliency)
    peak = np.percentile(sizes, LOOK.display) or sizes.max() or 1.0
    whole = (0, 1, 1, 0)
    if image is not None and LOOK.over_image:
        axes.imshow(image.mean(axis=2), cmap="gray", vmin=-128, vmax=255, extent=whole)
    axes.imshow(
        saliency,
        cmap=colours_of_maps(signed, image),
        vmin=-peak if signed else 0,
        vmax=peak,
        interpolation="nearest",
        extent=whole,
    )
    axes.spines[:].set_visible(True)


def add_bar(axes: Axes, signed: bool, image: np.ndarray | None) -> None:
    """Draw the bar of the colours of maps, with what they mean."""
    low = -1 if signed else 0
    axes.imshow(
        np.linspace(1, low, 64)[:, None],
        cmap=colours_of_maps(signed, image),
        vmin=low,
        vmax=1,
        extent=(0, 1, low, 1),
        aspect="auto",
    )
    axes.set_xticks([])
    axes.yaxis.tick_right()
    axes.yaxis.set_label_position("right")
    axes.set_yticks([-1, 0, 1] if signed else [0, 1], ["−", "0", "+"] if signed else ["0", "+"])
    axes.tick_params(length=2, labelsize=7, pad=1.5)
    axes.spines[:].set_visible(True)
    end = "largest" if LOOK.display == 100 else f"percentile {LOOK.display:g}"
    of = "|values|" if signed else "values"
    axes.set_ylabel(f"to the {end}\nof a map's {of}", fontsize=6, labelpad=2)


def bare_axes(figure: Figure, place: SubplotSpec) -> Axes:
    """Add axes without ticks and frame."""
    axes = figure.add_subplot(place)
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    return axes
