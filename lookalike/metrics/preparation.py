"""What several metrics have in common: preparation of maps (a, H, W), and tables over pairs of
vectors.

Maps and vectors come in float32 or float64, and stay so where no digit is lost. All arithmetic is
in float64.
"""

import numpy as np

from lookalike.core.errors import InputError
from lookalike.core.memoising import shared
from lookalike.core.vectors import centred_unit_vectors, unit_vectors

# Below this share of the vectors' squares, a distance from the matrix product has lost too many
# digits.
NEAR = 1e-6
# Below this share of its squares, so has the variance of a map.
FLAT = 0.05
# Of each vector at a time, so that what is done with a block of them stays in the cache: in
# products and in differences.
PIXELS_OF_PRODUCTS, PIXELS_OF_DIFFERENCES = 2048, 8192
# Squares beyond these have lost digits to the ends of float64's range.
SMALLEST, LARGEST = 1e-250, 1e250


@shared
def flat(maps):
    """Return the maps as vectors, shape (a, p), float64."""
    return pixels(maps).astype(np.float64, copy=False)


@shared
def pixels(maps):
    """Return the maps as vectors, shape (a, p), float32 or float64 as they came: for the tables
    below, which know both.
    """
    return maps.reshape(len(maps), -1)


@shared
def sums(vectors):
    """Return the sums of vectors (a, p), shape (a,)."""
    return vectors.sum(axis=1, dtype=np.float64)


@shared
def products_and_sums(x, y):
    """Return the inner products of vectors (a, p) and (b, p), with the sums of the former as the
    last column, shape (a, b + 1).
    """
    found = np.zeros((len(x), len(y) + 1))
    for here, there in pieces_of_both(x, y, PIXELS_OF_PRODUCTS):
        found += here[:-1] @ there.T
    return found


def inner_products(x, y):
    """Return the inner products of vectors (a, p) and (b, p), shape (a, b)."""
    return products_and_sums(x, y)[:, :-1]


def products_and_moments(x, y):
    """Return the inner products of vectors (a, p) and (b, p), shape (a, b), and (squares, sums) of
    each, (a,) and (b,).
    """
    found = products_and_sums(x, y)
    if x is y:
        moments = found.diagonal(), found[:, -1]
        return found[:, :-1], moments, moments
    return found[:, :-1], (squares(x), found[:, -1]), (squares(y), sums(y))


@shared
def squares(vectors):
    """Return the inner products of vectors (a, p) with themselves, shape (a,)."""
    return np.einsum("ip,ip->i", vectors, vectors, dtype=np.float64)


@shared
def cosines(x, y):
    """Return the cosines of the angles between vectors (a, p) and (b, p), shape (a, b); NaN where
    one is all zero.
    """
    products, (squares, _), (other_squares, _) = products_and_moments(x, y)
    if not all(keeps_digits(found).all() for found in (squares, other_squares)):
        return unit_vectors(x) @ unit_vectors(y).T
    return products / np.sqrt(np.outer(squares, other_squares))


@shared
def correlations(x, y):
    """Return Pearson's correlations of vectors (a, p) and (b, p), shape (a, b); NaN where one is
    constant.
    """
    products, *moments = products_and_moments(x, y)
    (variances, sums), (other_variances, other_sums) = (
        (squares - sums**2 / x.shape[1], sums) for squares, sums in moments
    )
    for variance, (squares, _) in zip((variances, other_variances), moments, strict=True):
        # Also where it is zero: a constant map has no correlation.
        if not ((variance > FLAT * squares) & keeps_digits(squares)).all():
            return centred_unit_vectors(x) @ centred_unit_vectors(y).T
    return (products - np.outer(sums, other_sums) / x.shape[1]) / np.sqrt(
        np.outer(variances, other_variances)
    )


def keeps_digits(squares):
    """Tell which squares are far from the ends of float64's range."""
    return (squares > SMALLEST) & (squares < LARGEST)


def mean_squared_differences(x, y):
    """Return the mean squared differences, shape (a, b), of vectors (a, p) and (b, p)."""
    return squared_distances(x, y) / x.shape[1]


@shared
def squared_distances(x, y):
    """Return the squared Euclidean distances, shape (a, b), of vectors (a, p) and (b, p).

    Pairs so near that the rounding of their inner product would show are computed once more,
    directly.
    """
    products, (squares, _), (other_squares, _) = products_and_moments(x, y)
    size = np.add.outer(squares, other_squares)
    distances = size - 2 * products
    for row, column in without_diagonal(distances < NEAR * size, x, y):
        difference = np.subtract(x[row], y[column], dtype=np.float64)
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
    differences = np.empty((len(y), PIXELS_OF_DIFFERENCES))
    for here, there in pieces_of_both(x, y, PIXELS_OF_DIFFERENCES):
        ones = here[-1]
        for row, first in rows_of(x, upper):
            part = differences[first:, : len(ones)]
            np.abs(np.subtract(here[row], there[first:-1], out=part), out=part)
            totals[row, first:] += part @ ones
    return totals / x.shape[1]


def pieces_of_both(x, y, size):
    """Yield the pieces of two blocks of vectors, (a, p) and (b, p), side by side."""
    if x is y:
        yield from ((piece, piece) for piece in pieces(x, size))
    else:
        yield from zip(pieces(x, size), pieces(y, size), strict=True)


def pieces(vectors, size):
    """Yield vectors (a, p) so many pixels at a time, in float64, with ones beneath, shape (a + 1,
    size); the last may be shorter.

    All pieces are one memory: each overwrites the one before.
    """
    buffer = np.ones((len(vectors) + 1, size))
    for start in range(0, vectors.shape[1], size):
        piece = buffer[:, : vectors.shape[1] - start]
        piece[:-1] = vectors[:, start : start + size]
        yield piece


def rows_of(x, upper):
    """Yield every row of a table of pairs, and its first column: 0, or the one after the
    diagonal.
    """
    for row in range(len(x)):
        yield row, row + 1 if upper else 0


def pairs_of(x, y, upper):
    """Yield row and column of every pair of two blocks, or of those above the diagonal."""
    for row, first in rows_of(x, upper):
        for column in range(first, len(y)):
            yield row, column


@shared
def unsigned(maps):
    """Return the maps as vectors, shape (a, p); negative values are refused."""
    if maps.min(initial=0) < 0:
        raise InputError(
            "a map has negative values, which this metric does not take; use a view with "
            "sign: absolute or positive"
        )
    return pixels(maps)


@shared
def distributions(maps):
    """Return unsigned maps as vectors of sum 1, shape (a, p); NaN for a map that is all zero."""
    vectors = unsigned(maps)
    total = sums(vectors)[:, None]
    return vectors / np.where(total > 0, total, np.nan)


def block_means(maps, grid):
    """Average maps over a coarser grid; cells may cut through pixels, which then count by their
    share.

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
