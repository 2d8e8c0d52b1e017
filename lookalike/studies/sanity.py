"""Does a method see the weights? Its maps by networks with random weights (Adebayo et al. 2018)."""

from collections.abc import Mapping, Sequence

import numpy as np

from lookalike.compare.aggregation import weighted_aggregates
from lookalike.compare.pairs import image_partners
from lookalike.compare.resampling import FEWEST_UNITS, unit_weights, with_interval
from lookalike.core.condensed import ROUNDING
from lookalike.core.types import Row
from lookalike.studies.sanity_maps import CASCADE, Likeness
from lookalike.studies.sanity_verdicts import verdict_of

COLUMNS = (
    *("method", "metric", "model", "way", "part", "first", "last", "share", "n", "units"),
    *("dissimilarity", "chance", "likeness", "likeness_low", "likeness_high"),
    *("zero_maps", "verdict", "untested"),
)
ZERO = "maps are all zero"
FEW = f"needs at least {FEWEST_UNITS} images, or units of these"


def likeness_of(values: np.ndarray, chance: np.ndarray, weights: np.ndarray, seed: int) -> Row:
    """Return dissimilarity, chance and likeness of each step under weights of the images.

    Parameters
    ----------
    values : ndarray, shape (n, steps)
    chance : ndarray, shape (derangements, n, steps)
    weights : ndarray, shape (B, n)
    seed : int
        Of the derangements.

    Returns
    -------
    dict of ndarray, shape (B, steps)
        `dissimilarity`, `chance`, and `likeness`: 1, the same maps, to 0, as far as maps of
        different images. Where maps of all images are equal, it is 1 or not known.
    """
    partners = image_partners(len(values), seed, len(chance))
    counts = np.isfinite(values)
    # Images are drawn, and both maps are theirs.
    joint = (weights[:, None] * weights[:, partners]).reshape(len(weights), partners.size)
    others = np.where(counts & counts[partners], chance, np.nan)
    own = weighted_aggregates(weights, values, "mean")
    other = weighted_aggregates(joint, others.reshape(partners.size, values.shape[1]), "mean")
    with np.errstate(invalid="ignore", divide="ignore"):
        likeness = np.where(other > ROUNDING, 1 - own / other, np.nan)
    likeness[(other <= ROUNDING) & (own <= ROUNDING)] = 1
    return {"dissimilarity": own, "chance": other, "likeness": likeness}


def measure_steps(
    method: str,
    metrics: Sequence[str],
    found: Mapping[str, Likeness],
    units: np.ndarray,
    resamples: int,
    seed: int,
) -> list[Row]:
    """Measure how alike the maps of every step are to those of the trained network.

    Parameters
    ----------
    method : str
    metrics : list of str
    found : dict
        From each model to its likeness, as of `compare_steps`.
    units : ndarray of int, shape (n,)
        Of images, numbered from 0.
    resamples : int
        Of the units.
    seed : int

    Returns
    -------
    list of dict
        With `COLUMNS`: for each metric and step one row for each model, and one without a model,
        the mean over those that have maps. Intervals are over other images, of the same networks
        and random weights. There is a verdict where all weights are random.
    """
    if not found:
        return []
    weights = np.vstack([np.ones((1, len(units))), unit_weights(units, resamples, seed)])
    rows: list[Row] = []
    for index, metric in enumerate(metrics):
        start = dict.fromkeys(COLUMNS, "") | {"method": method, "metric": metric}
        replicates = {
            model: likeness_of(own.values[index], own.chance[index], weights, seed)
            for model, own in found.items()
        }
        for place, step in enumerate(next(iter(found.values())).steps):
            of_models = [
                with_values(
                    start | {"model": model, "way": step.way} | describe(own, index, place, units),
                    {name: table[:, place] for name, table in replicates[model].items()},
                )
                for model, own in found.items()
            ]
            rows += [
                *of_models,
                mean_over_models(start | {"way": step.way}, of_models, replicates, place),
            ]
    last = max(row["part"] for row in rows)
    return [
        row | {"verdict": verdict_of(row)} if row["way"] == CASCADE and row["part"] == last else row
        for row in rows
    ]


def describe(own: Likeness, index: int, place: int, units: np.ndarray) -> Row:
    """Return which weights of one model are random, and on how many images its maps are known."""
    step, known = own.steps[place], np.isfinite(own.values[index][:, place])
    number = len(np.unique(units[known]))
    why = own.untested[place]
    if not why and number < FEWEST_UNITS:
        why = ZERO if len(units) - own.zero_maps[place] < FEWEST_UNITS <= len(units) else FEW
    return {
        "part": step.part,
        "first": step.first,
        "last": step.last,
        "share": step.share,
        "n": int(known.sum()),
        "units": number,
        "zero_maps": own.zero_maps[place],
        "untested": why,
    }


def with_values(row: Row, replicates: Mapping[str, np.ndarray]) -> Row:
    """Return a row with what was measured, and the interval of the likeness, where it is tested."""
    if row["untested"]:
        return row | dict.fromkeys(
            ("dissimilarity", "chance", "likeness", "likeness_low", "likeness_high"), np.nan
        )
    values = {name: float(replicates[name][0]) for name in ("dissimilarity", "chance")}
    return row | values | with_interval(replicates["likeness"], "likeness", row["units"])


def mean_over_models(
    start: Row,
    rows: Sequence[Row],
    replicates: Mapping[str, Mapping[str, np.ndarray]],
    place: int,
) -> Row:
    """Return the row of all models of one step: the mean over those that are tested."""
    tested = [row for row in rows if not row["untested"]]
    row = start | {"part": rows[0]["part"], "share": float(np.mean([one["share"] for one in rows]))}
    row |= {name: min((one[name] for one in tested), default=0) for name in ("n", "units")}
    row["zero_maps"] = sum(one["zero_maps"] for one in rows)
    row["untested"] = "" if tested else rows[0]["untested"]
    means = {
        name: np.mean([replicates[one["model"]][name][:, place] for one in tested], axis=0)
        for name in ("dissimilarity", "chance", "likeness")
        if tested
    }
    return with_values(row, means)
