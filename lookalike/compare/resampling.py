"""What other images might have given: bootstrap replicates, intervals, halves."""

from collections.abc import Mapping

import numpy as np

from lookalike.compare.aggregation import dissimilarities_of, weighted_dissimilarities
from lookalike.core.seeding import rng_of
from lookalike.core.types import Row

INTERVAL = (2.5, 97.5)
# How often the images are split into halves, where matrices are compared with one another.
SPLITS = 10


def unit_weights(units: np.ndarray, resamples: int, seed: int) -> np.ndarray:
    """Draw units of images with replacement, each with all its images.

    Parameters
    ----------
    units : ndarray of int, shape (n,)
        Numbered from 0.
    resamples : int
    seed : int
        Resamples depend only on it and on the units: they are the same for all metrics.

    Returns
    -------
    ndarray, shape (resamples, n)
        How often each image counts.
    """
    number = int(units.max()) + 1
    drawn = rng_of(seed, "bootstrap", number).multinomial(
        number, np.full(number, 1 / number), size=resamples
    )
    return drawn[:, units].astype(float)


def bootstrap(
    values: np.ndarray,
    aggregate: str,
    resamples: int,
    seed: int,
    units: np.ndarray | None = None,
) -> np.ndarray:
    """Resample the images by units, the same resample for all pairs.

    Parameters
    ----------
    values : ndarray, shape (n, pairs)
    aggregate : {"mean", "mean_std"}
    resamples : int
    seed : int
    units : ndarray of int, shape (n,), optional
        By default each image is a unit of its own.

    Returns
    -------
    ndarray, shape (resamples, pairs)
        Replicates of the dissimilarity; NaN where a resample holds no image of a pair, or a pair
        has images of fewer than two units.
    """
    units = np.arange(len(values)) if units is None else units
    replicates = weighted_dissimilarities(unit_weights(units, resamples, seed), values, aggregate)
    # One unit resampled is always itself, which would look like certainty.
    replicates[:, units_of_pairs(values, units) < 2] = np.nan
    return replicates


def units_of_pairs(values: np.ndarray, units: np.ndarray) -> np.ndarray:
    """Return the number of units that have a value of each pair, shape (pairs,)."""
    counted = np.zeros((int(units.max(initial=-1)) + 1, values.shape[1]), bool)
    np.logical_or.at(counted, units, np.isfinite(values))
    return counted.sum(axis=0)


def percentile_interval(replicates: np.ndarray) -> np.ndarray:
    """Return the bounds of the central 95% of the replicates, shape (2, pairs)."""
    with np.errstate(invalid="ignore"):
        known = np.isfinite(replicates).any(axis=0)
        bounds = np.full((2, replicates.shape[1]), np.nan)
        bounds[:, known] = np.nanpercentile(replicates[:, known], INTERVAL, axis=0)
    return bounds


def with_interval(replicates: np.ndarray, name: str) -> Row:
    """Return a value (of the images themselves, first) with the bounds of the central 95% of its
    resamples (all others), as columns of a table.

    Where most resamples have no value, there is no interval.
    """
    own, others = replicates[0], replicates[1:]
    known = others[np.isfinite(others)]
    low, high = np.percentile(known, INTERVAL) if 2 * len(known) > len(others) else (np.nan, np.nan)
    return {name: float(own), f"{name}_low": float(low), f"{name}_high": float(high)}


def with_intervals(found: Mapping[str, np.ndarray]) -> Row:
    """Return several values with their intervals as columns of a table."""
    return {
        column: value
        for name, replicates in found.items()
        for column, value in with_interval(replicates, name).items()
    }


def split_halves(values: np.ndarray, aggregate: str, splits: int, seed: int) -> np.ndarray:
    """Return the dissimilarities of random halves of the images.

    Parameters
    ----------
    values : ndarray, shape (n, pairs)
    aggregate : {"mean", "mean_std"}
    splits : int
    seed : int
        Halves depend only on it and on n: they hold the same images for all metrics and methods.

    Returns
    -------
    ndarray, shape (splits, 2, pairs)
        NaN where a half holds no image of a pair.
    """
    n, rng = len(values), rng_of(seed, "halves", len(values))
    orders = [rng.permutation(n) for _ in range(splits)]
    if not np.isfinite(values).all():
        # All at once, since adjusting takes several rounds.
        first = np.zeros((splits, n))
        np.put_along_axis(first, np.array(orders).reshape(splits, n)[:, : n // 2], 1, axis=1)
        halves = np.stack([first, 1 - first], axis=1)
        found = weighted_dissimilarities(halves.reshape(-1, n), values, aggregate)
        return found.reshape(splits, 2, -1)
    return np.array(
        [
            [
                dissimilarities_of(values[part], aggregate)
                for part in (order[: n // 2], order[n // 2 :])
            ]
            for order in orders
        ]
    )
