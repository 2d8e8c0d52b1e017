"""What other images might have given: bootstrap replicates, intervals, halves."""

from collections.abc import Mapping

import numpy as np

from lookalike.compare.aggregation import dissimilarities_of, weighted_dissimilarities
from lookalike.core.condensed import in_slices
from lookalike.core.seeding import rng_of
from lookalike.core.types import Row

INTERVAL = (2.5, 97.5)
# How often the images are split into halves, where matrices are compared with one another.
SPLITS = 10
# Of fewer units, hardly any resample holds two different ones, which chance needs, and there are
# few ways to shuffle labels.
FEWEST_UNITS = 3


def unit_weights(
    units: np.ndarray, resamples: int, seed: int, drawn: int | None = None
) -> np.ndarray:
    """Draw units of images with replacement, each with all its images.

    Parameters
    ----------
    units : ndarray of int, shape (n,)
        Numbered from 0.
    resamples : int
    seed : int
        Resamples depend only on it and on the units: they are the same for all metrics.
    drawn : int, optional
        How many units are drawn; by default as many as there are.

    Returns
    -------
    ndarray, shape (resamples, n)
        How often each image counts.
    """
    number = int(units.max()) + 1
    scale = () if drawn is None else (drawn,)
    counts = rng_of(seed, "bootstrap", number, *scale).multinomial(
        number if drawn is None else drawn, np.full(number, 1 / number), size=resamples
    )
    return counts[:, units].astype(float)


def bootstrap(
    values: np.ndarray,
    aggregate: str,
    resamples: int,
    seed: int,
    units: np.ndarray | None = None,
    drawn: int | None = None,
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
    drawn : int, optional
        How many units are drawn; by default as many as there are.

    Returns
    -------
    ndarray, shape (resamples, pairs)
        Replicates of the dissimilarity; NaN where a resample holds no image of a pair, or a pair
        has images of fewer than two units.
    """
    units = np.arange(len(values)) if units is None else units
    weights = unit_weights(units, resamples, seed, drawn)
    replicates = weighted_dissimilarities(weights, values, aggregate)
    # One unit resampled is always itself, which would look like certainty.
    replicates[:, units_of_pairs(values, units) < 2] = np.nan
    return replicates


def units_of_pairs(values: np.ndarray, units: np.ndarray) -> np.ndarray:
    """Return the number of units that have a value of each pair, shape (pairs,)."""
    if not len(units):
        return np.zeros(values.shape[1], int)
    order = np.argsort(units, kind="stable")
    first = np.flatnonzero(np.diff(units[order], prepend=-1))
    return np.logical_or.reduceat(np.isfinite(values)[order], first, axis=0).sum(axis=0)


def percentile_interval(replicates: np.ndarray, units: np.ndarray | None = None) -> np.ndarray:
    """Return the bounds of the central 95% of the replicates, shape (2, pairs).

    Parameters
    ----------
    replicates : ndarray, shape (B, pairs)
    units : ndarray of int, shape (pairs,), optional
        How many units of images were drawn for each pair: then the bounds are widened about the
        mean of the replicates, as `widening` says.
    """
    if len(parts := [*in_slices(replicates.shape[1], len(replicates))]) > 1:
        own = [None if units is None else units[part] for part in parts]
        return np.concatenate(
            [
                percentile_interval(replicates[:, part], drawn)
                for part, drawn in zip(parts, own, strict=True)
            ],
            axis=1,
        )
    with np.errstate(invalid="ignore"):
        known = np.isfinite(replicates).any(axis=0)
        bounds = np.full((2, replicates.shape[1]), np.nan)
        # NumPy takes what may hold NaN column by column, which is slow.
        complete = np.isfinite(replicates).all(axis=0)
        for chosen, percentile in (
            (complete, np.percentile),
            (known & ~complete, np.nanpercentile),
        ):
            if chosen.any():
                bounds[:, chosen] = percentile(replicates[:, chosen], INTERVAL, axis=0)
        if units is not None:
            centre = np.full(len(known), np.nan)
            centre[known] = np.nanmean(replicates[:, known], axis=0)
            bounds = centre + widening(units) * (bounds - centre)
    return bounds


def widening(units: np.ndarray | float) -> np.ndarray:
    """Return by how much percentile intervals are too narrow, for a number of units of images.

    The spread of n drawn units is too small by sqrt((n - 1) / n), and a mean of few units spreads
    as Student's t: 1.01 for 128 units, 1.06 for 30, 1.29 for 8. NaN for fewer than two.
    """
    from scipy.special import ndtri, stdtrit

    units, upper = np.asarray(units, float), INTERVAL[1] / 100
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(
            units >= 2,
            np.sqrt(units / (units - 1)) * stdtrit(units - 1, upper) / ndtri(upper),
            np.nan,
        )


def with_interval(replicates: np.ndarray, name: str, units: float | None = None) -> Row:
    """Return a value (of the images themselves, first) with the bounds of the central 95% of its
    resamples (all others), as columns of a table; widened, where the number of units is given.

    Where most resamples have no value, there is no interval.
    """
    own, others = replicates[0], replicates[1:]
    low, high = np.nan, np.nan
    if 2 * np.isfinite(others).sum() > len(others):
        counts = None if units is None else np.array([units])
        (low,), (high,) = percentile_interval(others[:, None], counts)
    return {name: float(own), f"{name}_low": float(low), f"{name}_high": float(high)}


def with_intervals(found: Mapping[str, np.ndarray], units: float | None = None) -> Row:
    """Return several values with their intervals as columns of a table, as `with_interval`."""
    return {
        column: value
        for name, replicates in found.items()
        for column, value in with_interval(replicates, name, units).items()
    }


def design_effects(values: np.ndarray, units: np.ndarray) -> np.ndarray:
    """Return how many times as large the variance of a mean is by unit as by image.

    Parameters
    ----------
    values : ndarray, shape (n, pairs)
    units : ndarray of int, shape (n,)

    Returns
    -------
    ndarray, shape (pairs,)
        1 where images of a unit are no more alike than others, and where each image is a unit; up
        to the size of the units where they are all alike. NaN where values do not vary, or are of
        fewer than two units.
    """
    used = np.isfinite(values)
    count, number = used.sum(axis=0), units_of_pairs(values, units)
    with np.errstate(divide="ignore", invalid="ignore"):
        deviations = np.where(used, values - np.where(used, values, 0).sum(axis=0) / count, 0)
        sums = np.zeros((int(units.max(initial=-1)) + 1, values.shape[1]))
        np.add.at(sums, units, deviations)
        by_unit = (sums**2).sum(axis=0) * number / (number - 1)
        effects = by_unit / ((deviations**2).sum(axis=0) * count / (count - 1))
    return np.where(np.isfinite(effects), effects, np.nan)


def split_halves(
    values: np.ndarray,
    aggregate: str,
    splits: int,
    seed: int,
    units: np.ndarray | None = None,
) -> np.ndarray:
    """Return the dissimilarities of random halves of the images.

    Parameters
    ----------
    values : ndarray, shape (n, pairs)
    aggregate : {"mean", "mean_std"}
    splits : int
    seed : int
        Halves depend only on it and on the units: they hold the same images for all metrics and
        methods.
    units : ndarray of int, shape (n,), optional
        Each is in one half, whole; by default each image is a unit of its own.

    Returns
    -------
    ndarray, shape (splits, 2, pairs)
        NaN where a half holds no image of a pair.
    """
    units = np.arange(len(values)) if units is None else units
    members = members_of(units)
    rng, middle = rng_of(seed, "halves", len(members)), len(members) // 2
    halves = []
    for _ in range(splits):
        order = rng.permutation(len(members))
        chosen = (order[:middle], order[middle:])
        halves.append(
            [np.concatenate([units[:0], *(members[unit] for unit in part)]) for part in chosen]
        )
    if not np.isfinite(values).all():
        # All at once, since adjusting takes several rounds.
        weights = np.zeros((splits, 2, len(values)))
        for split, parts in enumerate(halves):
            for half, images in enumerate(parts):
                weights[split, half, images] = 1
        found = weighted_dissimilarities(weights.reshape(-1, len(values)), values, aggregate)
        return found.reshape(splits, 2, -1)
    return np.array(
        [[dissimilarities_of(values[images], aggregate) for images in parts] for parts in halves]
    )


def members_of(units: np.ndarray) -> list[np.ndarray]:
    """Return the images of every unit."""
    order = np.argsort(units, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(units[order])) + 1) if len(units) else []
