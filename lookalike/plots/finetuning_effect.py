"""Figure of what fine-tuning did: accuracies, their way over the epochs, and how far maps moved."""

from collections.abc import Mapping, Sequence
from textwrap import wrap

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lookalike.core.types import Row
from lookalike.plots.panels import MOST_CHARACTERS, choose_models, panel
from lookalike.plots.style import ACCENT, CHANCE, PALETTE, nth_style
from lookalike.studies.finetuning_starts import StudiedMaps

# Of what maps moved by and of each reference: column, marker, colour, name, and how much lower.
POINTS = (
    ("moved", "o", ACCENT, "before to after", 0),
    ("others", "s", PALETTE[2], "other models", 0),
    ("replicates", "D", PALETTE[3], "replicates", 0.25),
    ("chance", "|", CHANCE, "other images (chance)", 0),
)


def effects(
    accuracies: Sequence[Row], epochs: Sequence[Row], rows: Sequence[Row], *, title: str
) -> Figure:
    """Draw accuracies before and after, the curves of the training, and how far maps moved.

    Parameters
    ----------
    accuracies, epochs, rows : list of dict
        As of `studies.finetuning_effect` and `finetuning_maps`; of `rows` the first metric.
    title : str
    """
    models = choose_models([row["model"] for row in accuracies])
    styles = {model: nth_style(place) for place, model in enumerate(models)}
    places = {model: -place for place, model in enumerate(models)}
    first = [row for row in rows if row["metric"] and row["metric"] == rows[0]["metric"]]
    panels = 3 if first else 2
    figure = Figure(figsize=(1.6 + 3.2 * panels, 1.7 + 0.24 * len(models)), layout="constrained")
    figure.set_size_inches(figure.get_figwidth(), max(figure.get_figheight(), 3.4))
    figure.suptitle(title, fontsize=10)
    scores, *more = figure.subplots(1, panels)
    draw_accuracies(scores, accuracies, styles, places)
    curves = more[-1]
    for model in models:
        own = [row for row in epochs if row["model"] == model]
        colour, marker = styles[model]
        curves.plot(
            [row["epoch"] for row in own],
            [row["accuracy"] for row in own],
            marker=marker,
            ms=4,
            lw=1,
            color=colour,
        )
    curves.set(xlabel="epoch", ylabel="accuracy, held-back images", ylim=(-0.03, 1.03))
    curves.set_title("colours and markers of the first panel", fontsize=8)
    curves.xaxis.get_major_locator().set_params(integer=True)
    if first:
        draw_movement(more[0], first, places)
        more[0].set_xlabel(f"dissimilarity of maps ({first[0]['metric']})")
    return figure


def draw_accuracies(
    axes: Axes,
    rows: Sequence[Row],
    styles: Mapping[str, tuple[str, str]],
    places: Mapping[str, int],
) -> None:
    """Draw both accuracies of each model in a line: hollow before, full after."""
    for row in rows:
        if row["model"] not in places:
            continue
        (colour, marker), place = styles[row["model"]], places[row["model"]]
        axes.plot([row["before"], row["after"]], [place] * 2, color="0.8", lw=1, zorder=0)
        for when, face in (("before", "white"), ("after", colour)):
            axes.errorbar(
                row[when],
                place,
                xerr=[[row[when] - row[f"{when}_low"]], [row[f"{when}_high"] - row[when]]],
                fmt=marker,
                ms=5,
                color=colour,
                mfc=face,
                lw=1,
            )
    axes.axvline(rows[0]["chance"], color=CHANCE, lw=1, ls=":", label="chance")
    axes.set_yticks(list(places.values()), list(places), fontsize=8)
    axes.set(xlim=(-0.03, 1.03), ylim=(min(places.values()) - 0.6, 0.6))
    axes.set_xlabel(f"accuracy, {rows[0]['n']} validation images")
    axes.set_title("hollow: before, full: after, dotted: chance", fontsize=8)


def draw_movement(axes: Axes, rows: Sequence[Row], places: Mapping[str, int]) -> None:
    """Draw how far the maps of each model moved, and each reference, in a line."""
    shown = [row for row in rows if row["model"] in places]
    heights = np.array([places[row["model"]] for row in shown])
    for name, marker, colour, text, lower in POINTS:
        values, low, high = (
            np.array([row[name + end] for row in shown], float) for end in ("", "_low", "_high")
        )
        if np.isfinite(values).any():
            axes.errorbar(
                values,
                heights - lower,
                xerr=np.maximum(np.nan_to_num([values - low, high - values]), 0),
                fmt=marker,
                ms=4 if marker != "|" else 9,
                color=colour,
                lw=1,
                label=text,
            )
    axes.set_yticks(list(places.values()), [])
    axes.set(xlim=(min(0, axes.get_xlim()[0]), None), ylim=(min(places.values()) - 0.6, 0.6))
    if shown:
        axes.legend(frameon=False, fontsize=7, ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1))


def before_and_after(
    image: np.ndarray | None, place: int, maps: StudiedMaps, *, title: str
) -> Figure:
    """Draw the maps of one image by each model before and after fine-tuning.

    Parameters
    ----------
    image : ndarray, shape (H, W, 3), uint8, or None
    place : int
        Of the image in the maps.
    maps : StudiedMaps
    title : str
    """
    shown = choose_models(list(maps.before))
    bands = {
        name: {model: found[model][place] for model in shown}
        for name, found in (("before", maps.before), ("after", maps.after))
    }
    titles = {
        model: "\n".join([*wrap(model, MOST_CHARACTERS), f"{maps.heads[model]} head before"])
        for model in shown
    }
    return panel(image, bands, titles, ranges=dict.fromkeys(bands, maps.data_range), title=title)
