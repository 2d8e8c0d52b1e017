"""Cells that are repaired: what becomes of the dissimilarities."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from lookalike.compare.calibration import mean_of_known
from lookalike.compare.pairs import Block, Choices, compare_prepared, prepare
from lookalike.compare.resampling import unit_weights, with_interval
from lookalike.core.cards import Metric
from lookalike.core.types import Row
from lookalike.maps import batches
from lookalike.maps.stacks import Batch
from lookalike.maps.views import repair_cell

COLUMNS = (
    "method",
    "metric",
    "model",
    "cell",
    "other",
    "before",
    "after",
    "change",
    "change_low",
    "change_high",
    "untested",
)
# Of one method: more cells are named, but not repaired.
MOST_REPAIRED = 6


def cells_to_repair(found: Sequence[Row]) -> dict[str, tuple[int, int]]:
    """Return the most frequent of these cells of each model, of a few models."""
    cells: dict[str, tuple[int, int]] = {}
    for row in found:
        cells.setdefault(row["model"], (row["row"], row["column"]))
    return dict(list(cells.items())[:MOST_REPAIRED])


def repaired_maps(
    read: Callable[[str], np.ndarray], card: Row, cell: tuple[int, int], signed: bool
) -> list[np.ndarray]:
    """Return one model's maps in their view, with one more cell repaired, as they are stored.

    Parameters
    ----------
    read : callable
        From an image to its raw map, (h, w).
    card : dict
        Of the batch.
    cell : (int, int)
        Row and column on the native grid.
    signed : bool
        Whether raw maps of the method can be negative.
    """
    raw = [read(image) for image in card["images"]]
    if card["view"].get("repair"):
        raw = [repair_cell(one, *card["view"]["repair"]) for one in raw]
    own = batches.describe(card["images"], raw, card["view"] | {"repair": cell}, signed)
    return [one.astype(np.float32) for one in batches.viewed(raw, own)]


def compare_repaired(
    metrics: Choices, maps: Sequence[Any], repaired: Mapping[int, Block], images: int
) -> tuple[np.ndarray, np.ndarray]:
    """Compare the maps of some models with those of all, as they are and with a cell repaired.

    Parameters
    ----------
    metrics : list of (Metric, dict)
        Each with its options.
    maps : list of array_like, each of shape (images, H, W)
        Of every model.
    repaired : dict
        From the index of a model to its maps with a cell repaired.
    images : int

    Returns
    -------
    before, after : ndarray, shape (metrics, images, repaired, models)
        After it, all those models are repaired. NaN for a model and itself, and where a metric is
        not defined.
    """
    own = list(repaired)
    mended = [repaired.get(index, block) for index, block in enumerate(maps)]
    found = np.empty((2, len(metrics), images, len(own), len(maps)))
    for image in range(images):
        for state, every in enumerate((maps, mended)):
            chosen = [every[index] for index in own]
            found[state, :, image] = compare_prepared(
                metrics, prepare(metrics, chosen, image), prepare(metrics, every, image)
            )
    for place, index in enumerate(own):
        found[..., place, index] = np.nan
    return found[0], found[1]


def repair(
    method: str,
    metrics: Mapping[str, tuple[Metric, Mapping[str, Any]]],
    found: Mapping[str, tuple[Batch, Row]],
    repaired: Mapping[str, Block],
    cells: Mapping[str, tuple[int, int]],
    units: np.ndarray,
    resamples: int,
    seed: int,
) -> list[Row]:
    """Compare the maps of one method before and after repairs.

    Parameters
    ----------
    method : str
    metrics : dict
        By name, each with its options.
    found : dict
        From each model to its maps and their card.
    repaired : dict
        From a model to its maps with a cell repaired, as of `repaired_maps`.
    cells : dict
        From a model to this cell.
    units, resamples, seed
        As for `tabulate_repairs`.

    Returns
    -------
    list of dict
        With `COLUMNS`; one row, `untested`, where no cell is repaired.
    """
    if not repaired:
        nothing = dict.fromkeys(COLUMNS) | {"method": method}
        return [nothing | {"untested": "no cell wins more often than chance allows"}]
    names = list(found)
    limits = {"data_range": found[names[0]][1]["data_range"]}
    before, after = compare_repaired(
        [(metric, {**limits, **options}) for metric, options in metrics.values()],
        [maps for maps, _ in found.values()],
        {names.index(model): block for model, block in repaired.items()},
        len(units),
    )
    rows = []
    for place, model in enumerate(repaired):
        for number, metric in enumerate(metrics):
            about = {"method": method, "metric": metric, "model": model}
            about["cell"] = str(list(cells[model]))
            pair = before[number, :, place], after[number, :, place]
            rows += tabulate_repairs(about, names, *pair, units, resamples, seed)
    return rows


def tabulate_repairs(
    about: Mapping[str, Any],
    names: Sequence[str],
    before: np.ndarray,
    after: np.ndarray,
    units: np.ndarray,
    resamples: int,
    seed: int,
) -> list[Row]:
    """Tabulate what a repair of one model's maps changes.

    Parameters
    ----------
    about : dict
        `method`, `metric`, `model` and `cell`.
    names : list of str
        Of all models.
    before, after : ndarray, shape (n, models)
        Dissimilarities of this model to the others on each image.
    units : ndarray of int, shape (n,)
    resamples : int
        Of the units of images.
    seed : int

    Returns
    -------
    list of dict
        With `COLUMNS`: a row for each other model, and first one for their mean, `other` empty.
        Means over the images that count both before and after, and the 95% interval of the change.
    """
    both = np.isfinite(before) & np.isfinite(after)
    first, second = (np.where(both, table, np.nan) for table in (before, after))
    columns = {"": (mean_of_known(first), mean_of_known(second))}
    columns |= {
        name: (first[:, place], second[:, place])
        for place, name in enumerate(names)
        if name != about["model"]
    }
    numbers = np.unique(units, return_inverse=True)[1]
    weights = np.vstack([np.ones((1, len(units))), unit_weights(numbers, resamples, seed)])
    rows = []
    for other, (old, new) in columns.items():
        used = np.isfinite(old)
        drawn = weights[:, used]
        with np.errstate(invalid="ignore", divide="ignore"):
            changes = drawn @ (new - old)[used] / drawn.sum(axis=1)
            means = [float(values[used].sum() / used.sum()) for values in (old, new)]
        found = with_interval(changes, "change", len(np.unique(numbers[used])))
        row = {**about, "other": other, "before": means[0], "after": means[1], "untested": ""}
        rows.append(row | found)
    return rows


def conclude(rows: Sequence[Row]) -> list[str]:
    """Say how far repaired models moved, and how to repair them.

    Parameters
    ----------
    rows : list of dict
        Of `tabulate_repairs`.
    """
    means = [row for row in rows if not (row["other"] or row["untested"])]
    sentences = []
    for method, model, cell in dict.fromkeys(
        (row["method"], row["model"], row["cell"]) for row in means
    ):
        own = [row for row in means if (row["method"], row["model"]) == (method, model)]
        parts = [
            f"{row['metric']} from {row['before']:.3g} to {row['after']:.3g} (change "
            f"{row['change']:+.3g}, 95% interval {row['change_low']:+.3g} to "
            f"{row['change_high']:+.3g})"
            for row in own
        ]
        sentences.append(
            f"{method}, {model}: with the cell repaired (`repair: {{{model}: {{cell: {cell}}}}}` "
            f"of the method), its mean dissimilarity to the other models goes by "
            f"{', '.join(parts)}."
        )
    return sentences
