"""User-supplied matrices: checked, and taken as dissimilarities."""

from collections.abc import Sequence

import numpy as np

from lookalike.core import io
from lookalike.core.condensed import condensed, square
from lookalike.core.errors import InputError
from lookalike.core.types import StrPath

# The method under which user-supplied matrices appear.
GIVEN_MATRICES = "imported"


def checked_matrix(
    matrix: np.ndarray, names: Sequence[str], kind: str, path: StrPath
) -> np.ndarray:
    """Return a user-supplied matrix as dissimilarities.

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
        If a name is missing or appears twice, or the matrix is not symmetric or not of its kind.
    """
    if len(names) < 2 or not all(names):
        raise InputError(f"{path}: needs at least two models, each with a name")
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(
            f"{path}: the name {twice!r} appears twice; give every model a name of its own"
        )
    diagonal, tolerance = matrix.diagonal(), io.tolerance_of(matrix)
    matrix = io.checked_symmetry(matrix, names, path)
    others = condensed(matrix)
    if kind == "similarity":
        top = 1.0 if np.isnan(diagonal).all() else np.nanmax(diagonal)
        if (np.abs(diagonal - top) > tolerance).any() or (others > top + tolerance).any():
            raise InputError(
                f"{path}: no matrix of similarities: its diagonal must be one value, and the "
                "largest; scale it so, or give kind: dissimilarity"
            )
        others = np.maximum(top - others, 0)
    elif (np.abs(diagonal) > tolerance).any() or (others < 0).any():
        raise InputError(
            f"{path}: no matrix of dissimilarities: its diagonal must be 0, and no value "
            "negative; are these similarities (kind: similarity)?"
        )
    if not np.isfinite(others).any():
        raise InputError(f"{path}: no value between two models is known")
    return square(others, len(names))
