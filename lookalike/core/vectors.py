"""Ranks and unit vectors, which metrics, pruning and tests compute with."""

import numpy as np

from lookalike.core.memoising import shared


def unit_vectors(vectors: np.ndarray) -> np.ndarray:
    """Return vectors (a, p) scaled to length 1; NaN for one that is all zero."""
    vectors = vectors.astype(np.float64, copy=False)
    # Dividing by the peak first keeps the squares of tiny and of huge values within float64's
    # range.
    peak = np.abs(vectors).max(axis=1, keepdims=True)
    vectors = vectors / np.where(peak == 0, np.nan, peak)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def centred_unit_vectors(vectors: np.ndarray) -> np.ndarray:
    """Return vectors (a, p) brought to mean 0 and length 1; NaN for one that is constant."""
    constant = np.ptp(vectors, axis=1, keepdims=True) == 0
    centred = vectors - vectors.mean(axis=1, keepdims=True, dtype=np.float64)
    return unit_vectors(np.where(constant, 0.0, centred))


@shared
def average_ranks(vectors: np.ndarray) -> np.ndarray:
    """Return ranks from 1 along the last axis, tied values sharing their mean rank, shape (a,
    p).
    """
    # Half numbers up to there are exact in float32, which saves time in memory.
    ranks = np.empty(vectors.shape, np.float32 if vectors.shape[1] < 2**22 else np.float64)
    positions = np.arange(1, vectors.shape[1] + 1, dtype=ranks.dtype)
    for row, order, ordered in zip(ranks, *in_order(vectors), strict=True):
        row[order] = positions
        like_next = np.flatnonzero(ordered[1:] == ordered[:-1])
        if len(like_next):
            # Runs of equal values, each with the mean of its first and its last position.
            ends = np.flatnonzero(np.diff(like_next) > 1)
            firsts, lasts = like_next[np.append(0, ends + 1)], like_next[np.append(ends, -1)] + 1
            tied = np.concatenate([like_next, lasts])
            tied.sort()
            row[order[tied]] = np.repeat(
                (positions[firsts] + positions[lasts]) / 2, lasts - firsts + 1
            )
    return ranks


@shared
def in_order(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the indices of each vector's values (a, p) in ascending order, shape (a, p), and
    numbers in that order, equal where the values are.
    """
    if vectors.dtype != np.float32:
        order = np.argsort(vectors, axis=1)
        return order, np.take_along_axis(vectors, order, axis=1)
    order, ordered = np.empty(vectors.shape, np.intp), np.empty(vectors.shape, np.uint32)
    # One after the other, which stay in the cache.
    for values, places, numbers in zip(vectors, order, ordered, strict=True):
        # Read as integers, the bits of positive floats are in their order, those of negative ones
        # in reverse. Adding zero makes one of the two zeros.
        bits = (values + np.float32(0)).view(np.int32)
        keys = (bits ^ (bits >> 31 | np.int32(-(2**31)))).view(np.uint32)
        # By the lower half, then by the upper: NumPy has a radix sort for 16 bits, and its other
        # sorts take several times as long on some processors.
        first = np.argsort(keys.astype(np.uint16), kind="stable")
        upper = (keys >> np.uint32(16)).astype(np.uint16)
        then = np.argsort(upper.take(first), kind="stable")
        np.take(first, then, out=places, mode="clip")
        np.take(keys, places, out=numbers, mode="clip")
    return order, ordered
