"""Condensed matrices: one value for each pair of models, in the order of `np.triu_indices`."""

import numpy as np

# As metrics promise, equal maps are this near to one another.
ROUNDING = 1e-12


def square(condensed, models, diagonal=0.0):
    """Return the symmetric matrix of a condensed vector in the order of `np.triu_indices`."""
    matrix = np.full((models, models), float(diagonal))
    rows, columns = np.triu_indices(models, 1)
    matrix[rows, columns] = matrix[columns, rows] = condensed
    return matrix


def all_equal(values):
    """Tell whether values are equal but for rounding, which is larger where they are; the ranks of
    others differ.
    """
    return bool(np.ptp(values) <= ROUNDING * max(1, np.abs(values).max()))


def condensed(matrix):
    """Return the part above the diagonal, shape (pairs,)."""
    return matrix[np.triu_indices(len(matrix), 1)]


def models_of(tables):
    """Return how many models condensed matrices (..., pairs) are of."""
    return int((1 + np.sqrt(1 + 8 * tables.shape[-1])) / 2)


def pair_numbers(models):
    """Return the place of every pair among the condensed ones, shape (models, models); -1 on the
    diagonal.
    """
    return square(np.arange(models * (models - 1) // 2), models, -1).astype(int)


def select_pairs(tables, chosen):
    """Return the columns, of condensed matrices (..., pairs), that are the pairs of some models, in
    the order given.
    """
    return tables[..., condensed(pair_numbers(models_of(tables))[np.ix_(chosen, chosen)])]
