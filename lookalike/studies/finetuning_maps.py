"""How far maps move by fine-tuning, against those of replicates and of other models, and chance."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lookalike.compare.calibration import mean_of_known
from lookalike.compare.pairs import Choices, compare_blocks
from lookalike.compare.resampling import unit_weights, with_interval
from lookalike.core import registry
from lookalike.core.types import Row
from lookalike.studies.finetuning_starts import StudiedMaps
from lookalike.studies.movement import compare_all

# What maps moved by, and what that is compared with.
REFERENCES = ("others", "replicates", "chance")
VALUES = ("moved", *REFERENCES, *(f"moved_to_{name}" for name in REFERENCES))
BOUNDS = ("", "_low", "_high")
MAP_COLUMNS = (
    *("method", "metric", "model", "head", "n", "units"),
    *(name + bound for name in VALUES for bound in BOUNDS),
    "untested",
)
NO_METHOD = "no method explains the classes of a network, with a metric for its maps"
NOT_TRAINED = "nothing was trained"
NOT_DEFINED = "the metric is not defined for these maps"
ONE_UNIT = "one unit of images gives no interval"


def measure_maps(
    metrics: Choices,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    originals: Mapping[str, str],
    seed: int,
) -> dict[str, np.ndarray]:
    """Measure how far the maps of every fine-tuned model moved, on every image.

    Parameters
    ----------
    metrics : list of (Metric, dict)
    before, after : dict
        From a model to its maps (n, H, W); `after` also of replicates and of other models.
    originals : dict
        From a replicate to its original.
    seed : int
        Of the derangement for chance.

    Returns
    -------
    dict of ndarray, shape (metrics, n, models)
        `moved`, from a model's map before to the one after; `others`, the mean from its map after
        to those of other independent models; `replicates`, to those of its replicates; `chance`,
        from its map before to those after of other images. NaN where there is nothing to measure.
    """
    names, stacks = list(after), [*after.values()]
    count = len(stacks[0])
    upper = np.triu_indices(len(names), 1)
    between = np.full((len(metrics), count, len(names), len(names)), np.nan)
    if len(names) > 1:
        between[:, :, *upper] = compare_all(metrics, stacks)
        between[:, :, *upper[::-1]] = between[:, :, *upper]
    found = {name: np.full((len(metrics), count, len(before)), np.nan) for name in VALUES[:4]}
    for place, (model, maps) in enumerate(before.items()):
        values, chance = compare_blocks(metrics, [maps], [after[model]], seed=seed)
        found["moved"][:, :, place] = values[:, :, 0, 0]
        for index, own in enumerate(chance):
            found["chance"][index, :, place] = mean_of_known(own[:, :, 0, 0].T)
        groups = {
            "others": [name for name in names if name not in originals and name != model],
            "replicates": [name for name in names if originals.get(name) == model],
        }
        for group, members in groups.items():
            columns = [names.index(name) for name in members]
            found[group][:, :, place] = mean_of_known(between[:, :, names.index(model), columns])
    return found


def compare_maps(
    method: str,
    metrics: Mapping[str, tuple[str, dict[str, Any]]],
    maps: StudiedMaps,
    originals: Mapping[str, str],
    idle: Sequence[str],
    units: Sequence[int],
    resamples: int,
    seed: int,
) -> list[Row]:
    """Tabulate how far maps moved, of every model and on average over those that were trained.

    Parameters
    ----------
    method : str
    metrics : dict
        By name, each with its options.
    maps : StudiedMaps
    originals : dict
        From a replicate to its original.
    idle : list of str
        Models that were trained for no epoch.
    units : list of int, length n
        Of images.
    resamples : int
        Of the units.
    seed : int

    Returns
    -------
    list of dict
        With `MAP_COLUMNS`: means over the images, and `moved` as a multiple of the others, each
        with its 95% interval. A multiple is of the images and models for which both are known.
    """
    choices = [
        (registry.get("metric", metric), {"data_range": maps.data_range, **options})
        for metric, options in metrics.values()
    ]
    found = measure_maps(choices, maps.before, maps.after, originals, seed)
    return tabulate(
        method,
        list(metrics),
        maps.heads,
        found,
        idle,
        np.unique(units, return_inverse=True)[1],
        resamples,
        seed,
    )


def tabulate(
    method: str,
    metrics: Sequence[str],
    heads: Mapping[str, str],
    found: Mapping[str, np.ndarray],
    idle: Sequence[str],
    units: np.ndarray,
    resamples: int,
    seed: int,
) -> list[Row]:
    """Return the rows of `compare_maps`, of what `measure_maps` found of the models of `heads`."""
    weights = np.vstack([np.ones((1, len(units))), unit_weights(units, resamples, seed)])
    names = list(heads)
    trained = [place for place, model in enumerate(names) if model not in idle]
    parts = {model: [place] for place, model in enumerate(names)}
    if len(trained) > 1:
        parts |= {f"mean of {len(trained)} models": trained}
    rows = []
    for index, metric in enumerate(metrics):
        for model, places in parts.items():
            tables = {name: values[index][:, places] for name, values in found.items()}
            row: Row = {"method": method, "metric": metric, "model": model}
            row["head"] = heads.get(model, "")
            used = np.isfinite(tables["moved"]).any(axis=1)
            row |= {"n": int(used.sum()), "units": len(np.unique(units[used]))}
            for name, values in tables.items():
                row |= with_units(weights, units, name, values)
            for name in REFERENCES:
                row |= with_units(weights, units, f"moved_to_{name}", tables["moved"], tables[name])
            row["untested"] = why_untested(row, model in idle)
            rows.append(row)
    return rows


def why_untested(row: Row, is_idle: bool) -> str:
    """Return why it cannot be told how far maps moved; empty where it can."""
    if is_idle:
        return NOT_TRAINED
    if not row["n"]:
        return NOT_DEFINED
    return ONE_UNIT if row["units"] < 2 else ""


def with_units(
    weights: np.ndarray,
    units: np.ndarray,
    name: str,
    values: np.ndarray,
    divisors: np.ndarray | None = None,
) -> Row:
    """Return the mean of values (n, models) as columns with its 95% interval, as a multiple of
    that of others where these are given.
    """
    used = np.isfinite(values)
    if divisors is not None:
        used &= np.isfinite(divisors)
    divided = used if divisors is None else divisors
    with np.errstate(invalid="ignore", divide="ignore"):
        means = (weights @ np.where(used, values, 0).sum(axis=1)) / (
            weights @ np.where(used, divided, 0).sum(axis=1)
        )
    means[~np.isfinite(means)] = np.nan
    return with_interval(means, name, len(np.unique(units[used.any(axis=1)])))


def missing_maps() -> Row:
    """Return the row of a run without maps by a network."""
    return dict.fromkeys(MAP_COLUMNS) | {"untested": NO_METHOD}


def table_of(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return the first rows as the report shows them."""
    columns = ("metric", "model", "head", "moved", "others", "replicates", "chance")
    shown = [row for row in rows if row["method"]]
    return [
        {
            name: row[name]
            if isinstance(row[name], str)
            else f"{row[name]:.3g}"
            if np.isfinite(row[name])
            else ""
            for name in columns
        }
        for row in shown[:20]
    ]
