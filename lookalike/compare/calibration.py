"""Dissimilarities next to chance, and put between a ceiling and chance."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from lookalike.compare.aggregation import weighted_aggregates
from lookalike.compare.image_table import ImageTable
from lookalike.compare.resampling import (
    FEWEST_UNITS,
    percentile_interval,
    units_of_pairs,
)
from lookalike.core.condensed import ROUNDING, in_slices


def chance_pairs(
    weights: np.ndarray, table: ImageTable, chance: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return weights of all chance values, shape (B, k), under weights of the images, and the
    values, shape (k, pairs).

    A chance value counts as often as its image and its partner together, w_i w_p(i): images are
    drawn, and both maps are theirs.

    Parameters
    ----------
    weights : ndarray, shape (B, n)
    table : ImageTable
    chance : ndarray, shape (derangements, n, pairs), optional
        In place of the table's.
    """
    values = table.chance if chance is None else chance
    joint = weights[:, None] * weights[:, table.partners]
    return (
        joint.reshape(len(weights), table.partners.size),
        values.reshape(table.partners.size, values.shape[-1]),
    )


def mean_of_derangements(chance: np.ndarray) -> np.ndarray:
    """Return the mean dissimilarity of the maps of each image to those of others, (n, pairs)."""
    several = chance.reshape(-1, *chance.shape[-2:])
    known = np.isfinite(several)
    total = np.where(known, several, 0).sum(axis=0)
    return np.where(known.any(axis=0), total / np.maximum(known.sum(axis=0), 1), np.nan)


def calibrate(
    table: ImageTable, aggregate: str, weights: np.ndarray, originals: Mapping[str, str]
) -> dict[str, np.ndarray]:
    """Put dissimilarities on a scale from a replicate to chance.

    Dissimilarity, ceiling and chance are of the same images of a pair, in each resample too.

    Parameters
    ----------
    table : ImageTable
    aggregate : {"mean", "mean_std"}
    weights : ndarray, shape (B, n)
        Resamples of the images.
    originals : dict
        From a model to the one that it is a replicate of, or to itself.

    Returns
    -------
    dict of ndarray, shape (pairs,)
        `calibrated`: 0, as alike as a model and its own replicate; 1, no more alike than maps of
        different images. NaN where the interval of the gap between ceiling and chance reaches 0.
        And its 95% interval, `calibrated_low` and `calibrated_high`.
    """
    ceilings = image_ceilings(table, originals)
    parts = [
        calibrate_pairs(
            replace(table, values=table.values[:, part], chance=table.chance[..., part]),
            aggregate,
            weights,
            ceilings[:, part],
        )
        for part in in_slices(ceilings.shape[1], max(weights.shape[0], table.partners.size))
    ]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def calibrate_pairs(
    table: ImageTable, aggregate: str, weights: np.ndarray, ceilings: np.ndarray
) -> dict[str, np.ndarray]:
    """Put the dissimilarities of some pairs on the scale of `calibrate`, given their ceilings
    (n, pairs).
    """
    counts = np.isfinite(table.values) & np.isfinite(ceilings)
    weights = np.vstack([np.ones(len(table)), weights])
    value, ceiling = (
        weighted_aggregates(weights, np.where(counts, one, np.nan), aggregate)
        # Without replicates, all ceilings are 0.
        if one.any()
        else np.zeros((1, 1))
        for one in (table.values, ceilings)
    )
    chance = np.where(counts & counts[table.partners], table.chance, np.nan)
    gap = weighted_aggregates(*chance_pairs(weights, table, chance), aggregate) - ceiling
    units = units_of_pairs(np.where(counts, table.values, np.nan), table.units)
    clear = percentile_interval(gap[1:], units)[0] > ROUNDING
    clear &= units >= FEWEST_UNITS
    with np.errstate(divide="ignore", invalid="ignore"):
        found = (value - ceiling) / gap
    found[:, ~clear] = np.nan
    low, high = percentile_interval(found[1:], units)
    return {"calibrated": found[0], "calibrated_low": low, "calibrated_high": high}


def image_ceilings(table: ImageTable, originals: Mapping[str, str]) -> np.ndarray:
    """Return the ceiling of every pair on every image, shape (n, pairs).

    It is the dissimilarity of its two models' replicates; where they have none, the mean of all
    replicates; where there are none at all, 0, the dissimilarity of a map to itself.
    """
    rows, columns = np.triu_indices(len(table.names), 1)
    origin = np.array([originals[name] for name in table.names])
    replicated = np.flatnonzero(origin[rows] == origin[columns])
    of_pairs = origin[rows[replicated]]
    own = {
        name: mean_of_known(table.values[:, replicated[of_pairs == name]])
        for name in dict.fromkeys(of_pairs.tolist())
    }
    known = {name: values for name, values in own.items() if np.isfinite(values).any()}
    if not known:
        return np.zeros_like(table.values)
    usual = mean_of_known(np.column_stack([*known.values()]))
    return np.column_stack(
        [
            mean_of_known(np.column_stack(both))
            if (both := [known[name] for name in {origin[row], origin[column]} if name in known])
            else usual
            for row, column in zip(rows, columns, strict=True)
        ]
    )


def mean_of_known(values: np.ndarray) -> np.ndarray:
    """Return the mean over the last axis of values (..., k), shape (...), NaN where none is
    known.
    """
    known = np.isfinite(values)
    with np.errstate(invalid="ignore"):
        return np.where(known, values, 0).sum(axis=-1) / known.sum(axis=-1)
