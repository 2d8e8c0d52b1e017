"""Do maps depend on the image at all? Dissimilarities compared with those of different images."""

import numpy as np

from lookalike.compare.aggregation import weighted_moments
from lookalike.compare.calibration import chance_moments
from lookalike.compare.image_table import ImageTable
from lookalike.compare.resampling import (
    percentile_interval,
    unit_weights,
    units_of_pairs,
    with_interval,
)
from lookalike.core.condensed import ROUNDING
from lookalike.core.types import Row
from lookalike.inference.significance import too_few_images

COLUMNS = (
    "dependence",
    "dependence_low",
    "dependence_high",
    "dependence_error",
    "dependent_pairs",
    "dependence_untested",
)


def image_dependence(table: ImageTable, resamples: int, seed: int) -> Row:
    """Compare maps of one image with maps of different images.

    What two models share on all images, for example that their maps favour the centre, makes maps
    of different images as alike as maps of one.

    Parameters
    ----------
    table : ImageTable
        Of independent models.
    resamples : int
        Of the units of images.
    seed : int

    Returns
    -------
    dict
        With `COLUMNS`. `dependence` is the share of chance by which maps of one image are nearer to
        each other, mean (chance - value) / mean chance over all pairs, with its 95% interval over
        units of images; 0 or less, where maps do not depend on the image. `dependence_error` is its
        standard error from the choice of the other images, NaN where there was one choice.
        `dependent_pairs`, the share of pairs whose own interval lies above 0.
        `dependence_untested`: why there is none, or empty.
    """
    unknown: Row = dict.fromkeys(COLUMNS, np.nan)
    units = len(set(table.units[np.isfinite(table.values).any(axis=1)].tolist()))
    if units < 2:
        return unknown | {"dependence_untested": too_few_images(units)}
    weights = np.vstack([np.ones(len(table)), unit_weights(table.units, resamples, seed)])
    value, chance = weighted_moments(weights, table.values)[0], chance_moments(weights, table)[0]
    known = np.isfinite(value[0]) & np.isfinite(chance[0])
    if not known.any() or chance[0, known].mean() <= ROUNDING:
        reason = "no dissimilarity of different images is known, or all are 0"
        return unknown | {"dependence_untested": reason}
    by_choice = [
        chance_moments(np.ones((1, len(table))), table, only(table.chance, one))[0][0]
        for one in range(len(table.chance))
    ]
    errors = [effect(value[:1], one[None])[0] for one in by_choice]
    with np.errstate(invalid="ignore"):
        counts = units_of_pairs(table.values, table.units)
        low = percentile_interval(chance[1:] - value[1:], counts)[0]
    return {
        **with_interval(effect(value, chance), "dependence", units),
        "dependence_error": (
            float(np.std(errors, ddof=1) / np.sqrt(len(errors))) if len(errors) > 1 else np.nan
        ),
        "dependent_pairs": float((low[known] > 0).mean()),
        "dependence_untested": "",
    }


def effect(value: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """Return mean (chance - value) / mean chance, shape (B,), of both for all pairs (B, pairs)."""
    known = np.isfinite(value) & np.isfinite(chance)
    sums = [np.where(known, one, 0).sum(axis=1) for one in (chance - value, chance)]
    with np.errstate(invalid="ignore", divide="ignore"):
        return sums[0] / sums[1]


def only(chance: np.ndarray, derangement: int) -> np.ndarray:
    """Return chance values of one derangement alone, NaN elsewhere."""
    part = np.full_like(chance, np.nan)
    part[derangement] = chance[derangement]
    return part
