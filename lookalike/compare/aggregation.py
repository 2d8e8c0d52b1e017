"""From the values of single images to one dissimilarity for each pair."""

from collections.abc import Callable

import numpy as np

from lookalike.compare.adjusting import adjusted_means
from lookalike.core.condensed import in_slices

AGGREGATES: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "mean": lambda mean, std: mean,
    "mean_std": lambda mean, std: np.sqrt(mean**2 + std**2),
}


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
    mean, std, _ = weighted_moments(weights, values)
    if not np.isfinite(values).all():
        mean = adjusted_means(weights, values)
    return AGGREGATES[aggregate](mean, std)


def dissimilarities_of(values: np.ndarray, aggregate: str) -> np.ndarray:
    """Return the dissimilarities of all pairs, shape (pairs,), of values (n, pairs).

    The mean of complete values, which is needed most often, is computed without weights.
    """
    if aggregate == "mean" and len(values) and np.isfinite(values).all():
        return values.mean(axis=0)
    return summarise(values, aggregate)["dissimilarity"]


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
    pairs = values.shape[1]
    parts = [*in_slices(pairs, max(weights.shape))]
    if len(parts) > 1:
        found = np.empty((3, len(weights), pairs))
        for part in parts:
            found[:, :, part] = weighted_moments(weights, values[:, part])
        mean, std, count = found
        return mean, std, count
    used = np.isfinite(values)
    # Deviations from a value near the mean, so that the squares do not cancel.
    centre = np.where(used, values, 0).sum(axis=0) / np.maximum(used.sum(axis=0), 1)
    deviations = np.where(used, values - centre, 0)
    # How often images count is a whole number, whose sums are exact in any order.
    count = (
        np.broadcast_to(weights.sum(axis=1)[:, None], (len(weights), pairs))
        if used.all()
        else weights @ used.astype(float)
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        shift = (weights @ deviations) / count
        variance = (weights @ deviations**2 - count * shift**2) / (count - 1)
    variance[count < 2] = np.nan
    return centre + shift, np.sqrt(np.maximum(variance, 0)), count
