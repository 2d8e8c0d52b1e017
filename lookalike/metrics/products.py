"""Inner products of maps, and the tables over pairs that follow from them.

The value of a pair does not depend, to the bit, on the pairs next to it: each inner product is
the same sum of the same dot products of short pieces, whatever the size of the block. A matrix
product is faster, but it rounds differently for every shape. What loses digits is computed once
more, pair by pair.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from lookalike.core.memoising import shared
from lookalike.core.vectors import centred_unit_vectors, unit_vectors

# Below this share of the vectors' squares, a distance from inner products has lost too many digits.
NEAR = 1e-6
# Below this share of its squares, so has the variance of a map.
FLAT = 0.05
# Pixels of a piece. A block of pieces stays in the cache, and no BLAS shares a dot product of this
# length between threads.
PIECE = 2048
# Numbers of 8 bytes to a multiple of which pieces are aligned: some BLAS round by alignment.
ALIGNMENT = 8
# Maps whose pieces are multiplied with all others in one call.
ROWS = 4
# Squares beyond these, or the product of two, lose digits at the ends of float64's range.
SMALLEST, LARGEST = 1e-150, 1e150


class Vectors(NamedTuple):
    """Maps as vectors, with what their inner products need.

    Attributes
    ----------
    pixels : ndarray, shape (a, p)
        float32 or float64, as they came.
    pieces : ndarray, shape (a, pieces, length)
        The same in float64, cut, with zeros at the end.
    squares : ndarray, shape (a,)
        Inner products of the vectors with themselves.
    sums : ndarray, shape (a,)
    """

    pixels: np.ndarray
    pieces: np.ndarray
    squares: np.ndarray
    sums: np.ndarray


@shared
def pixels(maps: np.ndarray) -> np.ndarray:
    """Return the maps as vectors, shape (a, p), float32 or float64 as they came."""
    return maps.reshape(len(maps), -1)


@shared
def vectors(maps: np.ndarray) -> Vectors:
    """Return maps (a, H, W) as vectors with their pieces and moments."""
    pieces = in_pieces(pixels(maps))
    return Vectors(pixels(maps), pieces, dots(pieces, pieces), dots(pieces, ones_like(pieces)))


def in_pieces(vectors: np.ndarray) -> np.ndarray:
    """Return vectors (a, p) in float64, cut into pieces, shape (a, pieces, length), zeros at the
    end.

    The length follows from p alone.
    """
    size = vectors.shape[1]
    length = min(PIECE, -(-size // ALIGNMENT) * ALIGNMENT)
    count = -(-size // length)
    padded = aligned(len(vectors), count * length)
    padded[:, :size] = vectors
    padded[:, size:] = 0
    return padded.reshape(len(vectors), count, length)


def aligned(rows: int, length: int) -> np.ndarray:
    """Return an uninitialised array, shape (rows, length), whose rows all begin at a multiple of 64
    bytes where the length is one of 8.
    """
    memory = np.empty(rows * length + ALIGNMENT)
    start = -memory.ctypes.data % (ALIGNMENT * memory.itemsize) // memory.itemsize
    return memory[start : start + rows * length].reshape(rows, length)


def ones_like(pieces: np.ndarray) -> np.ndarray:
    """Return one piece of ones."""
    ones = aligned(1, pieces.shape[-1])[0]
    ones[:] = 1
    return ones


def dots(pieces: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return the inner products of vectors with others, one by one, both in pieces, shape (a,)."""
    with np.errstate(over="ignore", invalid="ignore"):
        return added(np.vecdot(pieces, others).T)


def added(parts: np.ndarray) -> np.ndarray:
    """Return the sum over the first axis, part after part: `np.sum` takes another order for
    another shape.
    """
    return np.add.accumulate(parts, axis=0)[-1]


@shared
def sums(vectors: np.ndarray) -> np.ndarray:
    """Return the sums of vectors (a, p), shape (a,)."""
    pieces = in_pieces(vectors)
    return dots(pieces, ones_like(pieces))


@shared
def inner_products(x: np.ndarray, y: np.ndarray, *, upper: bool = False) -> np.ndarray:
    """Return the inner products of two blocks of vectors in pieces, shape (a, b).

    With `upper`, those below the diagonal have no meaning.
    """
    parts = np.zeros((x.shape[1], len(x), len(y)))
    within = x is y
    with np.errstate(over="ignore", invalid="ignore"):
        for piece, part in enumerate(parts):
            here, there = x[:, piece], y[:, piece]
            for start in range(0, len(x), ROWS):
                rows, columns = (
                    slice(start, start + ROWS),
                    slice(start if within or upper else 0, None),
                )
                np.vecdot(here[rows, None], there[columns], out=part[rows, columns])
        products = added(parts)
    return np.triu(products) + np.triu(products, 1).T if within else products


@shared
def exact_products(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the inner products, shape (a, b), of vectors (a, p) and (b, p) of whole or half
    numbers, exact as long as the floats of their type hold the sums: then a matrix product, too,
    is the same in every block.
    """
    return (x @ y.T).astype(np.float64)


def counted(vectors: np.ndarray) -> np.ndarray:
    """Return vectors (a, p) of -1, 0 and 1 for `exact_products`."""
    return vectors.astype(np.float32 if vectors.shape[1] < 2**24 else np.float64)


@shared
def cosines(x: Vectors, y: Vectors, *, upper: bool) -> np.ndarray:
    """Return the cosines of the angles between vectors, shape (a, b); NaN where one is all zero."""
    products = inner_products(x.pieces, y.pieces, upper=upper)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        found = products / np.sqrt(np.outer(x.squares, y.squares))
    kept, other_kept = keeps_digits(x.squares), keeps_digits(y.squares)
    return where_kept(found, kept, other_kept, x, y, unit_vectors)


@shared
def correlations(x: Vectors, y: Vectors, *, upper: bool) -> np.ndarray:
    """Return Pearson's correlations of vectors, shape (a, b); NaN where one is constant."""
    products, size = inner_products(x.pieces, y.pieces, upper=upper), x.pixels.shape[1]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        variance, other = (maps.squares - maps.sums**2 / size for maps in (x, y))
        covariances = products - np.outer(x.sums, y.sums) / size
        found = covariances / np.sqrt(np.outer(variance, other))
    # Also where the variance is zero: a constant map has no correlation.
    kept, other_kept = (
        (spread > FLAT * maps.squares) & keeps_digits(maps.squares)
        for spread, maps in ((variance, x), (other, y))
    )
    return where_kept(found, kept, other_kept, x, y, centred_unit_vectors)


def where_kept(
    found: np.ndarray,
    kept: np.ndarray,
    other_kept: np.ndarray,
    x: Vectors,
    y: Vectors,
    scaled: Callable[[np.ndarray], np.ndarray],
) -> np.ndarray:
    """Return a table (a, b), with inner products of scaled vectors for pairs where a map has lost
    digits.
    """
    lost = ~np.logical_and.outer(kept, other_kept)
    if lost.any():
        first = in_pieces(scaled(x.pixels.astype(np.float64, copy=False)))
        second = first if x is y else in_pieces(scaled(y.pixels.astype(np.float64, copy=False)))
        found[lost] = inner_products(first, second)[lost]
    return found


def keeps_digits(squares: np.ndarray) -> np.ndarray:
    """Return whether squares are far from the ends of float64's range."""
    return (squares > SMALLEST) & (squares < LARGEST)


@shared
def mean_squared_differences(x: Vectors, y: Vectors, *, upper: bool = False) -> np.ndarray:
    """Return the mean squared differences of vectors, shape (a, b).

    Pairs so near that the rounding of their inner product would show are computed once more,
    directly.
    """
    products = inner_products(x.pieces, y.pieces, upper=upper)
    with np.errstate(over="ignore", invalid="ignore"):
        size = np.add.outer(x.squares, y.squares)
        distances = size - 2 * products
        for row, column in without_diagonal(~(distances >= NEAR * size), x, y):
            difference = x.pieces[row] - y.pieces[column]
            distances[row, column] = dots(difference, difference)
    return distances / x.pixels.shape[1]


def without_diagonal(chosen: np.ndarray, x: object, y: object) -> np.ndarray:
    """Return the pairs chosen by a mask (a, b), shape (pairs, 2), but no vector with itself."""
    if x is y:
        np.fill_diagonal(chosen, False)
    return np.argwhere(chosen)
