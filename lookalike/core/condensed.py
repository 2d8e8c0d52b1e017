"""Condensed matrices: one value for each pair of models, in the order of `np.triu_indices`."""

from collections.abc import Iterator, Sequence

import numpy as np

# Metrics promise a dissimilarity of equal maps below this.
ROUNDING = 1e-12
# Above so many models, what is small for few of them is not: their pairs go by the square.
MANY_MODELS = 100
# Numbers that a table of resamples and pairs may have before it is worked on in parts; and so many
# as fit a processor's cache, where most of the time would go into getting memory.
AT_ONCE, CACHED = 2**25, 2**19


def square(condensed: np.ndarray, models: int, diagonal: float = 0.0) -> np.ndarray:
    """Return the symmetric matrix of a condensed vector in the order of `np.triu_indices`."""
    matrix = np.full((models, models), float(diagonal))
    rows, columns = np.triu_indices(models, 1)
    matrix[rows, columns] = matrix[columns, rows] = condensed
    return matrix


def all_equal(values: np.ndarray) -> bool:
    """Return whether values are equal but for rounding, which grows with their size.

    Only values that are not all equal have a ranking.
    """
    return bool(np.ptp(values) <= ROUNDING * max(1, np.abs(values).max()))


def condensed(matrix: np.ndarray) -> np.ndarray:
    """Return the part above the diagonal, shape (pairs,)."""
    return matrix[np.triu_indices(len(matrix), 1)]


def models_of(tables: np.ndarray) -> int:
    """Return the number of models of condensed matrices (..., pairs)."""
    return int((1 + np.sqrt(1 + 8 * tables.shape[-1])) / 2)


def pair_numbers(models: int) -> np.ndarray:
    """Return the index of every pair in a condensed matrix, shape (models, models); -1 on the
    diagonal.
    """
    return square(np.arange(models * (models - 1) // 2), models, -1).astype(int)


def in_slices(number: int, others: int, at_once: int = AT_ONCE) -> Iterator[slice]:
    """Yield slices of so many rows or columns, each of which takes so many numbers: one slice, if
    all are few.
    """
    step = max(1, at_once // max(1, others))
    return (slice(start, start + step) for start in range(0, number, step))


def select_pairs(tables: np.ndarray, chosen: Sequence[int] | np.ndarray) -> np.ndarray:
    """Return the columns of condensed matrices (..., pairs) that belong to pairs of some models.

    `chosen` holds the models' indices; their order is that of the result.
    """
    indices = np.asarray(chosen, dtype=int)
    numbers = pair_numbers(models_of(tables))[np.ix_(indices, indices)]
    return tables[..., condensed(numbers)]
