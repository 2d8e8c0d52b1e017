"""Matrices of a table of images: means, intervals, chance, calibrated values, replicates."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lookalike.compare.adjusting import adjusted_means
from lookalike.compare.aggregation import summarise, weighted_aggregates
from lookalike.compare.calibration import calibrate
from lookalike.compare.dissimilarities import Dissimilarities
from lookalike.compare.image_table import ImageTable
from lookalike.compare.resampling import (
    SPLITS,
    bootstrap,
    design_effects,
    percentile_interval,
    split_halves,
    unit_weights,
    units_of_pairs,
)
from lookalike.core.cards import Metric
from lookalike.core.condensed import square


@dataclass(frozen=True, eq=False)
class Summary:
    """What the images of a table say of every two models.

    Attributes
    ----------
    dissimilarities : Dissimilarities
        With bootstrap replicates, halves and numbers of images.
    matrices : dict of ndarray, shape (m, m)
        By the names of the files that `aggregate_matrix` writes. `mean` and `std` (ddof 1) of the
        `n` images that count for a pair; `dissimilarity`, with the bounds `low` and `high` of its
        95% bootstrap interval; `chance`, the dissimilarity of maps of different images,
        adjusted like it for the images and partners that pairs lack;
        `calibrated` with its bounds, as `calibrate` returns them; `raw`, the mean of the values
        that go by the metric's name in the field; `design_effect`, how many times as large the
        variance of the mean is by unit as by image. What is about chance and the design effect are
        NaN on the diagonal.
    """

    dissimilarities: Dissimilarities
    matrices: Mapping[str, np.ndarray]


def summarise_images(
    table: ImageTable,
    metric: Metric,
    *,
    aggregate: str,
    resamples: int,
    seed: int,
    originals: Mapping[str, str],
) -> Summary:
    """Summarise the images of every pair into matrices, with bootstrap replicates.

    Parameters
    ----------
    table : ImageTable
    metric : Metric
        The one that made the table, for its raw values.
    aggregate : {"mean", "mean_std"}
    resamples : int
    seed : int
    originals : dict
        From a model to the one that it is a replicate of, or to itself.
    """
    models = len(table.names)
    replicates = bootstrap(table.values, aggregate, resamples, seed, table.units)
    units = units_of_pairs(table.values, table.units)
    found = summarise(table.values, aggregate)
    found["low"], found["high"] = percentile_interval(replicates, units)
    # The widened interval of few units may go on where the metric ends; with the spread added, a
    # dissimilarity has no such end above.
    found["low"] = np.maximum(found["low"], metric.range[0])
    if aggregate == "mean":
        found["high"] = np.minimum(found["high"], metric.range[1])
    found["design_effect"] = design_effects(table.values, table.units)
    weights = unit_weights(table.units, resamples, seed)
    both = table.chance.reshape(-1, table.chance.shape[-1])
    # Each image with each partner has an effect of its own.
    means = None if np.isfinite(table.values).all() else adjusted_means
    found["chance"] = weighted_aggregates(np.ones((1, len(both))), both, aggregate, means)[0]
    found |= calibrate(table, aggregate, weights, originals)
    found["raw"] = summarise(metric.raw(table.values))["mean"]
    dissimilarities = Dissimilarities(
        square(found["dissimilarity"], models),
        table.names,
        table.key,
        replicates,
        split_halves(table.values, aggregate, SPLITS, seed, table.units),
        square(found["n"], models, len(table)),
        square(units, models, int(table.units.max(initial=-1)) + 1),
    )
    diagonals: dict[str, float] = {
        "n": len(table),
        "raw": float(metric.raw(np.zeros(1))[0]),
        "chance": np.nan,
        "calibrated": np.nan,
        "calibrated_low": np.nan,
        "calibrated_high": np.nan,
        "design_effect": np.nan,
    }
    return Summary(
        dissimilarities,
        {name: square(values, models, diagonals.get(name, 0)) for name, values in found.items()},
    )
