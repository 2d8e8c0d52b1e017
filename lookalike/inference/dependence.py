"""Do maps depend on the image at all? Dissimilarities compared with those of different images."""

import numpy as np

from lookalike.compare.aggregation import weighted_means
from lookalike.compare.calibration import chance_pairs
from lookalike.compare.image_table import ImageTable
from lookalike.compare.resampling import (
    percentile_interval,
    unit_weights,
    units_of_pairs,
    with_interval,
)
from lookalike.core.condensed import ROUNDING, in_slices
from lookalike.core.types import Row
from lookalike.inference.significance import too_few_models, why_too_few

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
    if reason := why_untested(table):
        return unknown | {"dependence_untested": reason}
    whole = np.ones((1, len(table)))
    weights = np.vstack([whole, unit_weights(table.units, resamples, seed)])
    value = weighted_means(weights, table.values)
    chance = weighted_means(*chance_pairs(weights, table))
    known = np.isfinite(value[0]) & np.isfinite(chance[0])
    if not known.any() or chance[0, known].mean() <= ROUNDING:
        reason = "no dissimilarity of different images is known, or all are 0"
        return unknown | {"dependence_untested": reason}
    errors = [effect(value[:1], weighted_means(whole, one))[0] for one in table.chance]
    counts = units_of_pairs(table.values, table.units)
    with np.errstate(invalid="ignore"):
        low = percentile_interval(chance[1:] - value[1:], counts)[0]
    found = with_interval(effect(value, chance), "dependence", counts.max())
    if np.isnan(found["dependence_low"]):
        return unknown | {"dependence_untested": "too few resamples hold images to compare"}
    return {
        **found,
        "dependence_error": (
            float(np.std(errors, ddof=1) / np.sqrt(len(errors))) if len(errors) > 1 else np.nan
        ),
        "dependent_pairs": float((low[known] > 0).mean()),
        "dependence_untested": "",
    }


def why_untested(table: ImageTable) -> str:
    """Say why dependence on the image cannot be tested; empty if it can."""
    if len(table.names) < 2:
        return too_few_models(len(table.names), fewest=2)
    return why_too_few(table.values, table.units)


def effect(value: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """Return mean (chance - value) / mean chance, shape (B,), of both for all pairs (B, pairs)."""
    if len(parts := [*in_slices(len(value), value.shape[1])]) > 1:
        return np.concatenate([effect(value[part], chance[part]) for part in parts])
    known = np.isfinite(value) & np.isfinite(chance)
    sums = [np.where(known, one, 0).sum(axis=1) for one in (chance - value, chance)]
    with np.errstate(invalid="ignore", divide="ignore"):
        return sums[0] / sums[1]


def dependence_under(table: ImageTable, weights: np.ndarray) -> np.ndarray:
    """Return the effect of `image_dependence` under each row of weights of the images (B, n)."""
    return effect(
        weighted_means(weights, table.values), weighted_means(*chance_pairs(weights, table))
    )


def dependence_within(table: ImageTable, weights: np.ndarray) -> np.ndarray:
    """Return the effect under weights that keep few images, each of which is compared with all
    others for chance.
    """
    joint = (weights[:, None] + weights[:, table.partners]).reshape(len(weights), -1)
    chance = table.chance.reshape(joint.shape[1], -1)
    return effect(weighted_means(weights, table.values), weighted_means(joint, chance))
