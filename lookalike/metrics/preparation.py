"""What is computed once a map, shared by several metrics. Maps are (a, H, W) float64."""

import numpy as np


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
    squares = [np.einsum("ip,ip->i", vectors, vectors) for vectors in (x, y)]
    lengths = squares[0][:, None] + squares[1]
    sums = np.maximum(lengths - 2 * x @ y.T, 0.0)
    # Where two maps are nearly equal the squares cancel; those pairs are taken pixel by pixel.
    for row, column in np.argwhere(sums < 1e-6 * lengths):
        sums[row, column] = np.sum((x[row] - y[column]) ** 2)
    return sums / x.shape[1]


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
