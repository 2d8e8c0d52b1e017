"""Which layer does GradCAM explain, on which grid? And what is lost on the common grid."""

from collections.abc import Mapping, Sequence

import numpy as np

from lookalike.compare.resampling import unit_weights, with_interval
from lookalike.core.cards import Metric
from lookalike.core.types import Row
from lookalike.maps.grids import (
    coarsest_of,
    lost_by_resizing,
    lost_share,
    own_and_coarse,
    usual_grid,
)
from lookalike.studies.names import named

COLUMNS = (
    "method",
    "model",
    "layer",
    "native_grid",
    "n",
    "enlarged",
    "lost",
    "lost_low",
    "lost_high",
    "finer",
    "finer_low",
    "finer_high",
)
FLOOR_COLUMNS = (
    "method",
    "metric",
    "model",
    "native_grid",
    "coarsest",
    "floor",
    "floor_low",
    "floor_high",
    "mean",
    "untested",
)
ONE_GRID = "all models have one grid"
NOT_OF_THIS_METRIC = "the metric is not defined for these maps"


def layer_of(layer: str, options: Mapping[str, object]) -> str:
    """Return the layer that a run of GradCAM explains, or how it was chosen.

    Parameters
    ----------
    layer : str
        The target layer at full depth; empty where it is not known.
    options : dict
        Of the run.
    """
    if options.get("layer"):
        return str(options["layer"])
    depth = options.get("depth", 1)
    return layer if depth == 1 else f"at depth {depth}"


def means_of(
    values: np.ndarray, names: Sequence[str], models: Sequence[str], metric: str
) -> dict[tuple[str, str], float]:
    """Return by metric and model the mean dissimilarity, of values (m, m), to the other models."""
    places = [names.index(model) for model in models if model in names]
    among = values[np.ix_(places, places)].copy()
    np.fill_diagonal(among, np.nan)
    return {
        (metric, names[place]): float(np.nanmean(row)) if np.isfinite(row).any() else np.nan
        for place, row in zip(places, among, strict=True)
    }


def measure_grids(
    method: str,
    raw: Mapping[str, Sequence[np.ndarray]],
    layers: Mapping[str, str],
    size: int,
    units: np.ndarray,
    resamples: int,
    seed: int,
) -> list[Row]:
    """Tabulate layer and grid of every model, and what is lost on the common grid.

    Parameters
    ----------
    method : str
    raw : dict
        From each model to its raw maps, (h, w) each.
    layers : dict
        From a model to the name of its target layer; empty where it is not known.
    size : int
        Side of the common grid.
    units : ndarray of int, shape (n,)
    resamples : int
        Of the units of images.
    seed : int

    Returns
    -------
    list of dict
        With `COLUMNS`: `n` maps that vary; `enlarged`, how many cells of the common grid lie side
        by side in one of the model's; `lost`, the share of a map's variance that does not come back
        from there; `finer`, the share that is finer than the coarsest grid of all models; each with
        its 95% interval.
    """
    grids = {model: usual_grid(maps) for model, maps in raw.items()}
    coarsest, numbers = coarsest_of(grids), np.unique(units, return_inverse=True)[1]
    weights = np.vstack([np.ones((1, len(units))), unit_weights(numbers, resamples, seed)])
    rows = []
    for model, maps in raw.items():
        shares = {
            "lost": np.array([lost_by_resizing(one, size) for one in maps]),
            "finer": np.array([lost_share(one, coarsest) for one in maps]),
        }
        row: Row = {"method": method, "model": model, "layer": layers.get(model, "")}
        row["native_grid"] = grid_text(grids[model])
        row["n"] = int(np.isfinite(shares["lost"]).sum())
        row["enlarged"] = size / grids[model][0]
        for name, values in shares.items():
            row |= mean_share(values, numbers, weights, name)
        rows.append(row)
    return rows


def mean_share(values: np.ndarray, units: np.ndarray, weights: np.ndarray, name: str) -> Row:
    """Return the mean of those values (n,) that are known, with its 95% interval, never below 0."""
    used = np.isfinite(values)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = weights[:, used] @ values[used] / weights[:, used].sum(axis=1)
    found = with_interval(means, name, len(np.unique(units[used])))
    return found | {f"{name}_low": float(np.maximum(found[f"{name}_low"], 0))}


def grid_text(grid: tuple[int, int]) -> str:
    """Return rows and columns as text."""
    return f"{grid[0]}x{grid[1]}"


def measure_floors(
    method: str,
    metrics: Mapping[str, tuple[Metric, Mapping[str, object]]],
    raw: Mapping[str, Sequence[np.ndarray]],
    cards: Mapping[str, Row],
    means: Mapping[tuple[str, str], float],
    units: np.ndarray,
    resamples: int,
    seed: int,
) -> list[Row]:
    """Measure how far each model's maps are from themselves on the coarsest grid of all models.

    So far apart are two models that look at the same places, only because of their grids.

    Parameters
    ----------
    method : str
    metrics : dict
        By name, each with its options.
    raw : dict
        From each model to its raw maps, (h, w) each.
    cards : dict
        From each model to the card of its batch.
    means : dict
        By metric and model, the mean dissimilarity to the other models.
    units, resamples, seed
        As for `measure_grids`.

    Returns
    -------
    list of dict
        With `FLOOR_COLUMNS`, for each model with a finer grid than the coarsest: the mean `floor`
        with its 95% interval, and `mean` as given. Without such a model one row, `untested`.
    """
    grids = {model: usual_grid(maps) for model, maps in raw.items()}
    coarsest, numbers = coarsest_of(grids), np.unique(units, return_inverse=True)[1]
    weights = np.vstack([np.ones((1, len(units))), unit_weights(numbers, resamples, seed)])
    rows = []
    for model, maps in raw.items():
        if grids[model] == coarsest:
            continue
        pairs = list(own_and_coarse(maps, cards[model], coarsest))
        for name, (metric, options) in metrics.items():
            given = {"data_range": cards[model]["data_range"], **options}
            values = np.array(
                [
                    np.nan if pair is None else metric(pair[0][None], pair[1][None], **given).item()
                    for pair in pairs
                ]
            )
            known = bool(np.isfinite(values).any())
            rows.append(
                {
                    "method": method,
                    "metric": name,
                    "model": model,
                    "native_grid": grid_text(grids[model]),
                    "coarsest": grid_text(coarsest),
                    **mean_share(values, numbers, weights, "floor"),
                    "mean": means.get((name, model), np.nan),
                    "untested": "" if known else NOT_OF_THIS_METRIC,
                }
            )
    if not rows:
        nothing = dict.fromkeys(FLOOR_COLUMNS) | {"method": method}
        return [nothing | {"coarsest": grid_text(coarsest), "untested": ONE_GRID}]
    return rows


def conclude(rows: Sequence[Row], floors: Sequence[Row], size: int) -> list[str]:
    """Say on which grids the maps of one method lie, and what of their dissimilarity comes from it.

    Parameters
    ----------
    rows : list of dict
        Of `measure_grids`.
    floors : list of dict
        Of `measure_floors`.
    size : int
        Side of the common grid.
    """
    method = rows[0]["method"]
    by_grid: dict[str, list[str]] = {}
    for row in rows:
        by_grid.setdefault(row["native_grid"], []).append(row["model"])
    parts = [f"{grid} for {named(models)}" for grid, models in by_grid.items()]
    worst = max(rows, key=lambda row: np.nan_to_num(row["lost"]))
    sentences = [
        f"{method}: native grids are {'; '.join(parts)}.",
        f"{method}: on the common grid, {size} x {size}, at most {worst['lost']:.1%} of a map's "
        f"variance is lost (95% interval {worst['lost_low']:.1%} to {worst['lost_high']:.1%}; "
        f"{worst['model']}, {worst['n']} maps).",
    ]
    if len(by_grid) == 1:
        return [
            *sentences,
            f"{method}: {ONE_GRID}, so that no dissimilarity comes from the grids.",
        ]
    finest = max(rows, key=lambda row: np.nan_to_num(row["finer"]))
    sentences.append(
        f"{method}: {finest['model']} has most detail that the coarsest grid cannot show: "
        f"{finest['finer']:.0%} of the variance of its maps (95% interval "
        f"{finest['finer_low']:.0%} to {finest['finer_high']:.0%})."
    )
    for metric in dict.fromkeys(row["metric"] for row in floors):
        own = [row for row in floors if row["metric"] == metric]
        known = [row for row in own if not row["untested"]]
        if not known:
            sentences.append(f"{method}, {metric}: cannot tell: {own[0]['untested']}.")
            continue
        most = max(known, key=lambda row: row["floor"])
        beside = f", of its mean dissimilarity of {most['mean']:.3g}" if most["mean"] > 0 else ""
        sentences.append(
            f"{method}, {metric}: the grids alone can make a dissimilarity of up to "
            f"{most['floor']:.3g} (95% interval {most['floor_low']:.3g} to "
            f"{most['floor_high']:.3g}; {most['model']}, {most['native_grid']} against "
            f"{most['coarsest']}){beside}."
        )
    return sentences
