"""What several metrics have in common: preparation of maps (a, H, W) float64, and tables over pairs of vectors."""

import numpy as np

from lookalike.errors import InputError
from lookalike.sharing import shared

# Below this share of the vectors' squares, a distance from the matrix product has lost too many digits.
NEAR = 1e-6
# Below this share of its squares, so has the variance of a map.
FLAT = 0.05
# Of each vector, so that a block of them stays in the cache.
PIXELS_AT_ONCE = 8192
# Squares beyond these have lost digits to the ends of float64's range.
SMALLEST, LARGEST = 1e-250, 1e250


@shared
def flat(maps):
    """Return the maps as vectors, shape (a, p)."""
    return maps.reshape(len(maps), -1)


@shared
def sums(vectors):
    """Return the sums of vectors (a, p), shape (a,)."""
    return vectors @ np.ones(vectors.shape[1])


@shared
def inner_products(x, y):
    """Return the inner products of vectors (a, p) and (b, p), shape (a, b), and of each with itself, (a,) and (b,)."""
    products = x @ y.T
    if x is y:
        return products, products.diagonal(), products.diagonal()
    return products, *(np.einsum("ip,ip->i", vectors, vectors) for vectors in (x, y))


@shared
def cosines(x, y):
    """Return the cosines of the angles between vectors (a, p) and (b, p), shape (a, b); NaN where one is all zero."""
    products, *squares = inner_products(x, y)
    if any(not ((square > SMALLEST) & (square < LARGEST)).all() for square in squares):
        return unit_vectors(x) @ unit_vectors(y).T
    return products / np.sqrt(np.outer(*squares))


@shared
def correlations(x, y):
    """Return Pearson's correlations of vectors (a, p) and (b, p), shape (a, b); NaN where one is constant."""
    products, *squares = inner_products(x, y)
    totals = sums(x), sums(y)
    variances = [square - total**2 / x.shape[1] for square, total in zip(squares, totals, strict=True)]
    for square, variance in zip(squares, variances, strict=True):
        # Also where it is zero: a constant map has no correlation.
        if not ((variance > FLAT * square) & (square > SMALLEST) & (square < LARGEST)).all():
            return centred_unit_vectors(x) @ centred_unit_vectors(y).T
    return (products - np.outer(*totals) / x.shape[1]) / np.sqrt(np.outer(*variances))


def unit_vectors(vectors):
    """Return vectors (a, p) scaled to length 1; NaN for one that is all zero."""
    # Dividing by the peak first keeps the squares of tiny and of huge values within float64's range.
    peak = np.abs(vectors).max(axis=1, keepdims=True)
    vectors = vectors / np.where(peak == 0, np.nan, peak)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def centred_unit_vectors(vectors):
    """Return vectors (a, p) brought to mean 0 and length 1; NaN for one that is constant."""
    constant = np.ptp(vectors, axis=1, keepdims=True) == 0
    centred = vectors - vectors.mean(axis=1, keepdims=True)
    return unit_vectors(np.where(constant, 0.0, centred))


def mean_squared_differences(x, y):
    """Return the mean squared differences, shape (a, b), of vectors (a, p) and (b, p)."""
    return squared_distances(x, y) / x.shape[1]


@shared
def squared_distances(x, y):
    """Return the squared Euclidean distances, shape (a, b), of vectors (a, p) and (b, p).

    Pairs so near that the rounding of their inner product would show are computed once more, directly.
    """
    products, *squares = inner_products(x, y)
    size = np.add.outer(*squares)
    distances = size - 2 * products
    for row, column in without_diagonal(distances < NEAR * size, x, y):
        difference = x[row] - y[column]
        distances[row, column] = difference @ difference
    return distances


def without_diagonal(chosen, x, y):
    """Return the pairs chosen by a mask (a, b), shape (pairs, 2), but no vector with itself."""
    if x is y:
        np.fill_diagonal(chosen, False)
    return np.argwhere(chosen)


@shared
def mean_absolute_differences(x, y, *, upper):
    """Return the mean absolute differences, shape (a, b), of vectors (a, p) and (b, p)."""
    totals = np.zeros((len(x), len(y)))
    differences = np.empty((len(y), PIXELS_AT_ONCE))
    ones = np.ones(PIXELS_AT_ONCE)
    for start in range(0, x.shape[1], PIXELS_AT_ONCE):
        here, there = (vectors[:, start : start + PIXELS_AT_ONCE] for vectors in (x, y))
        for row, first in rows_of(x, upper):
            part = differences[first:, : here.shape[1]]
            np.abs(np.subtract(here[row], there[first:], out=part), out=part)
            totals[row, first:] += part @ ones[: part.shape[1]]
    return totals / x.shape[1]


def rows_of(x, upper):
    """Yield every row of a table of pairs, and its first column: 0, or the one after the diagonal."""
    for row in range(len(x)):
        yield row, row + 1 if upper else 0


def pairs_of(x, y, upper):
    """Yield row and column of every pair of two blocks, or of those above the diagonal."""
    for row, first in rows_of(x, upper):
        for column in range(first, len(y)):
            yield row, column


@shared
def average_ranks(vectors):
    """Return ranks from 1 along the last axis, tied values sharing their mean rank, shape (a, p)."""
    ranks = np.empty(vectors.shape)
    places = np.arange(1.0, vectors.shape[1] + 1)
    for row, values in zip(ranks, vectors, strict=True):
        order = np.argsort(values)
        ordered = values[order]
        row[order] = places
        like_next = np.flatnonzero(ordered[1:] == ordered[:-1])
        if len(like_next):
            # Runs of equal values, each of which gets the mean of its first and its last place.
            ends = np.flatnonzero(np.diff(like_next) > 1)
            firsts, lasts = like_next[np.append(0, ends + 1)], like_next[np.append(ends, -1)] + 1
            tied = np.concatenate([like_next, lasts])
            tied.sort()
            row[order[tied]] = np.repeat((places[firsts] + places[lasts]) / 2, lasts - firsts + 1)
    return ranks


@shared
def unsigned(maps):
    """Return the maps as vectors, shape (a, p); negative values are refused."""
    if maps.min(initial=0) < 0:
        raise InputError("a map has negative values, which this metric does not take; use a view with sign: absolute or positive")
    return flat(maps)


@shared
def distributions(maps):
    """Return unsigned maps as vectors of sum 1, shape (a, p); NaN for a map that is all zero."""
    vectors = unsigned(maps)
    total = vectors.sum(axis=1, keepdims=True)
    return vectors / np.where(total > 0, total, np.nan)


def block_means(maps, grid):
    """Average maps over a coarser grid; cells may cut through pixels, which then count by their share.

    Parameters
    ----------
    maps : ndarray, shape (a, H, W)
    grid : int
        Side of the coarser grid; a map that is no larger keeps its own.

    Returns
    -------
    ndarray, shape (a, min(H, grid), min(W, grid))
    """
    rows, columns = (overlaps(extent, min(extent, grid)) for extent in maps.shape[1:])
    return rows @ maps @ columns.T


def overlaps(extent, cells):
    """Return the weights, shape (cells, extent), with which cells of equal size average pixels."""
    edges = np.arange(cells + 1) * (extent / cells)
    pixels = np.arange(extent)
    overlap = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    return np.maximum(overlap, 0.0) * (cells / extent)
