"""From the values of single images to one dissimilarity for each pair."""

from collections.abc import Callable

import numpy as np

from lookalike.compare.adjusting import adjusted_means
from lookalike.core.condensed import CACHED, in_slices

AGGREGATES = ("mean", "mean_std")


def summarise(values: np.ndarray, aggregate: str = "mean") -> dict[str, np.ndarray]:
    """Summarise the images of every pair.

    Parameters
    ----------
    values : ndarray, shape (n, pairs)
        NaN where an image does not count for a pair.
    aggregate : {"mean", "mean_std"}
        `mean_std` is sqrt(mean^2 + std^2).

    Returns
    -------
    dict of ndarray, shape (pairs,)
        `mean`, `std` (ddof 1), `n` (images used) and `dissimilarity`, as `weighted_dissimilarities`
        returns it. NaN where no image counts; a single image has no standard deviation, and then no
        `mean_std`.
    """
    once = np.ones((1, len(values)))
    mean, std, n = weighted_moments(once, values)
    return {
        "mean": mean[0],
        "std": std[0],
        "n": n[0],
        "dissimilarity": weighted_dissimilarities(once, values, aggregate)[0],
    }


def weighted_dissimilarities(weights: np.ndarray, values: np.ndarray, aggregate: str) -> np.ndarray:
    """Return the dissimilarities of all pairs, shape (B, pairs), under each row of weights (B, n).

    Where any value is missing, pairs rest on different images, and their means are adjusted for
    that.
    """
    means = weighted_means if np.isfinite(values).all() else adjusted_means
    return weighted_aggregates(weights, values, aggregate, means)


def dissimilarities_of(values: np.ndarray, aggregate: str) -> np.ndarray:
    """Return the dissimilarities of all pairs, shape (pairs,), of values (n, pairs).

    The mean of complete values, which is needed most often, is computed without weights.
    """
    if aggregate == "mean" and len(values) and np.isfinite(values).all():
        return values.mean(axis=0)
    return summarise(values, aggregate)["dissimilarity"]


def weighted_aggregates(
    weights: np.ndarray,
    values: np.ndarray,
    aggregate: str,
    means: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None,
) -> np.ndarray:
    """Return the aggregate of values (n, pairs) under each row of weights (B, n), shape (B, pairs),
    with `weighted_means`, or other means of the two.
    """
    mean = (means or weighted_means)(weights, values)
    if aggregate == "mean":
        return mean
    return np.sqrt(mean**2 + weighted_moments(weights, values)[1] ** 2)


def weighted_means(weights: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the means of `weighted_moments` alone, shape (B, pairs)."""
    found = np.empty((len(weights), values.shape[1]))
    for part in in_slices(values.shape[1], max(weights.shape), CACHED):
        centre, _, shift, _ = shifts_of(weights, values[:, part])
        found[:, part] = centre + shift
    return found


def weighted_moments(
    weights: np.ndarray, values: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return mean, standard deviation (ddof 1) and count of values under each row of weights.

    Parameters
    ----------
    weights : ndarray, shape (B, n)
        How often each image counts.
    values : ndarray, shape (n, pairs)
        NaN where an image does not count for a pair.

    Returns
    -------
    mean, std, count : ndarray, shape (B, pairs)
    """
    mean, std, count = np.empty((3, len(weights), values.shape[1]))
    for part in in_slices(values.shape[1], max(weights.shape), CACHED):
        centre, deviations, shift, counts = shifts_of(weights, values[:, part])
        with np.errstate(invalid="ignore", divide="ignore"):
            variance = (weights @ deviations**2 - counts * shift**2) / (counts - 1)
        mean[:, part], count[:, part] = centre + shift, counts
        std[:, part] = np.sqrt(np.where(counts < 2, np.nan, np.maximum(variance, 0)))
    return mean, std, count


def shifts_of(
    weights: np.ndarray, values: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return a value near the mean of each pair (pairs,), so that the squares of deviations from it
    (n, pairs) do not cancel; these deviations, 0 where a value is missing; their means under each
    row of weights (B, pairs); and how many images count, which can be broadcast to that.
    """
    used = np.isfinite(values)
    centre = np.where(used, values, 0).sum(axis=0) / np.maximum(used.sum(axis=0), 1)
    deviations = np.where(used, values - centre, 0)
    # How often images count is a whole number, whose sums are exact in any order.
    count = weights.sum(axis=1)[:, None] if used.all() else weights @ used.astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        return centre, deviations, (weights @ deviations) / count, count
