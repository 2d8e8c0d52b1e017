"""What is computed once a map, shared by several metrics. Maps are (a, H, W) float64."""

import numpy as np

from lookalike.errors import InputError

# Below this share of the vectors' squares, a distance from the matrix product has lost too many digits.
NEAR = 1e-6


def flat(maps):
    """Return the maps as vectors, shape (a, p)."""
    return maps.reshape(len(maps), -1)


def unit_vectors(maps):
    """Return the maps as vectors of length 1, shape (a, p); NaN for a map that is all zero."""
    vectors = flat(maps)
    # Dividing by the peak first keeps the squares of tiny and of huge values within float64's range.
    peak = np.abs(vectors).max(axis=1, keepdims=True)
    vectors = vectors / np.where(peak == 0, np.nan, peak)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def centred_unit_vectors(maps):
    """Return the maps as vectors of mean 0 and length 1, shape (a, p); NaN for a constant map."""
    vectors = flat(maps)
    constant = np.ptp(vectors, axis=1, keepdims=True) == 0
    centred = vectors - vectors.mean(axis=1, keepdims=True)
    return unit_vectors(np.where(constant, 0.0, centred))


def mean_squared_differences(x, y):
    """Return the mean squared differences, shape (a, b), of flat maps (a, p) and (b, p)."""
    return squared_distances(x, y) / x.shape[1]


def squared_distances(x, y):
    """Return the squared Euclidean distances, shape (a, b), of vectors (a, p) and (b, p).

    One matrix product; pairs so near that the product's rounding would show are computed once more, directly.
    """
    squares = [np.einsum("ip,ip->i", vectors, vectors) for vectors in (x, y)]
    size = squares[0][:, None] + squares[1]
    distances = size - 2 * x @ y.T
    for row, column in np.argwhere(distances < NEAR * size):
        difference = x[row] - y[column]
        distances[row, column] = difference @ difference
    return distances


def mean_absolute_differences(x, y):
    """Return the mean absolute differences, shape (a, b), of vectors (a, p) and (b, p)."""
    return np.stack([np.abs(row - y).mean(axis=1) for row in x])


def average_ranks(vectors):
    """Return ranks from 1 along the last axis, tied values sharing their mean rank, shape (a, p)."""
    order = np.argsort(vectors, axis=1)
    ranks = np.empty(vectors.shape)
    for row, places, values in zip(ranks, order, np.take_along_axis(vectors, order, axis=1), strict=True):
        starts = np.flatnonzero(np.concatenate([[True], values[1:] != values[:-1]]))
        ends = np.append(starts[1:], len(values))
        row[places] = np.repeat((starts + ends + 1) / 2, ends - starts)
    return ranks


def unsigned(maps):
    """Return the maps as vectors, shape (a, p); negative values are refused."""
    if maps.min(initial=0) < 0:
        raise InputError("a map has negative values, which this metric does not take; use a view with sign: absolute or positive")
    return flat(maps)


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
    shared = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    return np.maximum(shared, 0.0) * (cells / extent)
