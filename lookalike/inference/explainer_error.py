"""The explanation's own error: how far maps of one model are from those of a second run, next to
how far maps of different models are from each other.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from lookalike.compare.calibration import mean_of_known
from lookalike.compare.dissimilarities import Key
from lookalike.compare.image_table import ImageTable
from lookalike.compare.resampling import FEWEST_UNITS, unit_weights, with_interval
from lookalike.core.cards import Metric
from lookalike.core.types import Row
from lookalike.maps.stacks import Maps
from lookalike.maps.views import view

QUANTITIES = ("error", "between", "ratio")
COLUMNS = (
    *Key._fields,
    "models",
    "n",
    "units",
    *(f"{name}{end}" for name in QUANTITIES for end in ("", "_low", "_high")),
)

Value = TypeVar("Value")


def by_names(
    names: Mapping[str, Sequence[str]], values: Iterable[Value]
) -> dict[str, dict[str, Value]]:
    """Return values by two names, given in the order of the pairs of a name and its others."""
    coming = iter(values)
    return {one: {other: next(coming) for other in others} for one, others in names.items()}


def measure(
    batches: Mapping[str, tuple[Maps, Row]],
    again: Mapping[str, Mapping[str, np.ndarray]],
    table: ImageTable,
    metric: Metric,
    options: Mapping[str, Any],
    resamples: int,
    seed: int,
) -> Row:
    """Measure how far maps are from those of a second run, and from those of other models.

    Parameters
    ----------
    batches : dict
        From each model to its maps, as they are compared, and their card.
    again : dict
        From each model to `images` (k,) and raw `maps` (k, h, w) of its second run.
    table : ImageTable
        Of independent models; those that it lacks do not count.
    metric : Metric
        The one that made the table.
    options : dict
    resamples : int
        Of the units of images.
    seed : int

    Returns
    -------
    dict
        With `COLUMNS`: the table's key, as `compare_runs` returns it, and the number of models.
    """
    models = [name for name in table.names if name in batches]
    own = np.full((len(table), len(models)), np.nan)
    for column, model in enumerate(models):
        maps, card = batches[model]
        given = {"data_range": card["data_range"], **options}
        for image, raw in zip(*(again[model][name] for name in ("images", "maps")), strict=True):
            if image in card["rounding"]:
                continue
            first, second = maps[card["images"].index(image)], view(raw, **card["view"])
            # As the first one is stored.
            value = metric(first[None], second[None].astype(first.dtype), **given)
            own[table.images.index(image), column] = value.item()
    found = compare_runs(own, table.values, table.units, resamples, seed)
    return table.key._asdict() | {"models": len(models)} | found


def compare_runs(
    own: np.ndarray, others: np.ndarray, units: np.ndarray, resamples: int, seed: int
) -> Row:
    """Compare the dissimilarities of two runs with those of different models on the same images.

    Parameters
    ----------
    own : ndarray, shape (n, models)
        Of two runs on an image and a model, NaN where there was one run, or it is not defined.
    others : ndarray, shape (n, pairs)
        Of two models on an image, NaN where the image does not count for a pair.
    units : ndarray of int, shape (n,)
        Which images belong together.
    resamples : int
    seed : int

    Returns
    -------
    dict
        `n` images with a second run, in so many `units`; `error`, the mean over all second runs;
        `between`, the mean over pairs of models on the same images, each as often as it was
        explained again; `ratio` of both; each with its 95% interval over units of images, where
        there are at least `FEWEST_UNITS`. NaN where nothing is known.
    """
    between = mean_of_known(others)
    runs = np.where(np.isfinite(between)[:, None], own, np.nan)
    used = np.isfinite(runs).any(axis=1)
    runs, between = runs[used], between[used]
    numbers = np.unique(units[used], return_inverse=True)[1]
    count = int(numbers.max(initial=-1)) + 1
    about: Row = {"n": int(used.sum()), "units": count}
    if not used.any():
        return about | {
            f"{name}{end}": np.nan for name in QUANTITIES for end in ("", "_low", "_high")
        }
    weights = np.vstack([np.ones((1, len(runs))), unit_weights(numbers, resamples, seed)])
    if count < FEWEST_UNITS:
        weights[1:] = np.nan
    weights *= np.isfinite(runs).sum(axis=1)
    total = weights.sum(axis=1)
    found = {
        "error": weights @ mean_of_known(runs) / total,
        "between": weights @ between / total,
    }
    with np.errstate(invalid="ignore", divide="ignore"):
        found["ratio"] = found["error"] / found["between"]
    for name, values in found.items():
        values[~np.isfinite(values)] = np.nan
        row = with_interval(values, name, count)
        # The widened interval of few units may go on where a dissimilarity ends.
        about |= row | {f"{name}_low": float(np.maximum(row[f"{name}_low"], 0))}
    return about
