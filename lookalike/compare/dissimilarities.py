"""From the values of all pairs on all images to dissimilarity matrices."""

import numpy as np

from lookalike.core import io
from lookalike.core.condensed import condensed, square
from lookalike.core.errors import InputError

# The method under which somebody's matrices appear.
GIVEN_MATRICES = "imported"


def checked_matrix(matrix, names, kind, path):
    """Return somebody's matrix as dissimilarities.

    Parameters
    ----------
    matrix : ndarray, shape (m, m)
        NaN where a value is not known; the diagonal may be left out.
    names : list of str
    kind : {"dissimilarity", "similarity"}
        A similarity's diagonal must be its largest value, from which the others are subtracted.
    path : path
        Of its file, for the errors.

    Returns
    -------
    ndarray, shape (m, m)
        Symmetric, zero on the diagonal.

    Raises
    ------
    InputError
        If names are missing or stand there twice, or the matrix is not symmetric, or is no matrix of its kind.
    """
    if len(names) < 2 or not all(names):
        raise InputError(f"{path}: wants two named models or more")
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(f"{path}: the name {twice!r} stands there twice; every model wants a name of its own")
    diagonal, tolerance = matrix.diagonal(), io.tolerance_of(matrix)
    matrix = io.checked_symmetry(matrix, names, path)
    others = condensed(matrix)
    if kind == "similarity":
        top = 1.0 if np.isnan(diagonal).all() else np.nanmax(diagonal)
        if (np.abs(diagonal - top) > tolerance).any() or (others > top + tolerance).any():
            raise InputError(f"{path}: no matrix of similarities: its diagonal must be one value, and the largest; scale it so, or give kind: dissimilarity")
        others = np.maximum(top - others, 0)
    elif (np.abs(diagonal) > tolerance).any() or (others < 0).any():
        raise InputError(f"{path}: no matrix of dissimilarities: its diagonal must be 0, and no value negative; are these similarities (kind: similarity)?")
    if not np.isfinite(others).any():
        raise InputError(f"{path}: no value between two models is known")
    return square(others, len(names))


def without_unknown(matrix, names):
    """Leave out models until every dissimilarity is known, each time the one with most unknown ones.

    Returns
    -------
    matrix : ndarray, shape (k, k)
    names : list of str
    kept : list of int
        Places of the k models that are left.
    """
    kept = list(range(len(matrix)))
    while (unknown := np.isnan(matrix[np.ix_(kept, kept)]).sum(axis=1)).any():
        left_out = kept.pop(int(unknown.argmax()))
        print(f"{names[left_out]} is left out: {unknown.max()} of its dissimilarities are not known")
    return matrix[np.ix_(kept, kept)], [names[place] for place in kept], kept
