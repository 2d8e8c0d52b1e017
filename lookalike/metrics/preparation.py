"""What several metrics have in common: preparation of maps (a, H, W), and differences of pairs.

Maps and vectors come in float32 or float64, and stay so where no digit is lost. All arithmetic is
in float64.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Literal

import numpy as np

from lookalike.core.errors import InputError
from lookalike.core.memoising import shared
from lookalike.metrics.products import aligned, pixels, sums

# Pixels of each vector at a time, so that the differences of a block stay in the cache. No BLAS
# shares a dot product of this length between threads.
CHUNK = 8192
Sign = Literal["absolute", "positive"]
SIGNS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "absolute": np.abs,
    "positive": lambda maps: np.maximum(maps, 0),
}


@shared
def flat(maps: np.ndarray) -> np.ndarray:
    """Return the maps as vectors, shape (a, p), float64."""
    return pixels(maps).astype(np.float64, copy=False)


@shared
def mean_absolute_differences(x: np.ndarray, y: np.ndarray, *, upper: bool) -> np.ndarray:
    """Return the mean absolute differences, shape (a, b), of vectors (a, p) and (b, p)."""
    both: Iterable[tuple[np.ndarray, np.ndarray]]
    if x is y:
        both = ((chunk, chunk) for chunk in chunks(x))
    else:
        both = zip(chunks(x), chunks(y), strict=True)
    size = x.shape[1]
    return absolute_differences(both, np.ones(size), (len(x), len(y)), upper) / size


def absolute_differences(
    both: Iterable[tuple[np.ndarray, np.ndarray]],
    weights: np.ndarray,
    shape: tuple[int, int],
    upper: bool,
) -> np.ndarray:
    """Return the weighted sums of absolute differences of two blocks of vectors, shape (a, b).

    Parameters
    ----------
    both : iterable of two ndarray, shapes (a, CHUNK) and (b, CHUNK)
        Chunks of the vectors of both blocks; the last may be shorter.
    weights : ndarray, shape (p,)
    shape : (a, b)
    upper : bool
        Whether only the pairs above the diagonal are needed.
    """
    totals = np.zeros(shape)
    differences = aligned(shape[1], CHUNK)
    line = aligned(1, len(weights))[0]
    line[:] = weights
    for start, (here, there) in zip(range(0, len(line), CHUNK), both, strict=True):
        of_chunk = line[start : start + CHUNK]
        for row, first in rows_of(here, upper):
            part = differences[first:, : len(of_chunk)]
            np.abs(np.subtract(here[row], there[first:], out=part), out=part)
            # Not a matrix product, which would round by the number of rows.
            totals[row, first:] += np.vecdot(part, of_chunk)
    return totals


def chunks(vectors: np.ndarray) -> Iterator[np.ndarray]:
    """Yield vectors (a, p) so many pixels at a time, in float64; the last may be shorter.

    All chunks are one memory: each overwrites the one before.
    """
    buffer = np.empty((len(vectors), CHUNK))
    for start in range(0, vectors.shape[1], CHUNK):
        chunk = buffer[:, : vectors.shape[1] - start]
        chunk[...] = vectors[:, start : start + CHUNK]
        yield chunk


def rows_of(x: np.ndarray, upper: bool) -> Iterator[tuple[int, int]]:
    """Yield every row of a table of pairs, and its first column: 0, or the one after the
    diagonal.
    """
    for row in range(len(x)):
        yield row, row + 1 if upper else 0


def pairs_of(x: np.ndarray, y: np.ndarray, upper: bool) -> Iterator[tuple[int, int]]:
    """Yield row and column of every pair of two blocks, or of those above the diagonal."""
    for row, first in rows_of(x, upper):
        for column in range(first, len(y)):
            yield row, column


@shared
def unsigned(maps: np.ndarray) -> np.ndarray:
    """Return the maps as vectors, shape (a, p); negative values are refused."""
    if maps.min(initial=0) < 0:
        raise InputError(
            "a map has negative values, which this metric does not take; use a view with "
            "sign: absolute or positive"
        )
    return pixels(maps)


@shared
def distributions(maps: np.ndarray) -> np.ndarray:
    """Return unsigned maps as vectors of sum 1, shape (a, p); NaN for a map that is all zero."""
    return with_sum_1(unsigned(maps))


def with_sum_1(vectors: np.ndarray) -> np.ndarray:
    """Return vectors (a, p) over their sum, float64; NaN for one without any."""
    total = sums(vectors)[:, None]
    return vectors / np.where(total > 0, total, np.nan)


def without_sign(maps: np.ndarray, sign: Sign) -> np.ndarray:
    """Return the absolute or the positive part of maps.

    Raises
    ------
    InputError
        If `sign` is neither "absolute" nor "positive".
    """
    if sign not in SIGNS:
        raise InputError(f"sign must be absolute or positive, not {sign!r}")
    return SIGNS[sign](maps)


def block_means(maps: np.ndarray, grid: int) -> np.ndarray:
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
    # Every map is a product of its own, of one shape, so that it does not depend on the others.
    return np.stack([rows @ saliency.astype(np.float64) @ columns.T for saliency in maps])


def overlaps(extent: int, cells: int) -> np.ndarray:
    """Return the weights, shape (cells, extent), with which cells of equal size average pixels."""
    edges = np.arange(cells + 1) * (extent / cells)
    pixels = np.arange(extent)
    overlap = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    return np.maximum(overlap, 0.0) * (cells / extent)
