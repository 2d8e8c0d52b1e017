"""User-supplied matrices: checked, and taken as dissimilarities."""

from collections.abc import Sequence

import numpy as np

from lookalike.core import io
from lookalike.core.condensed import condensed, square
from lookalike.core.errors import InputError
from lookalike.core.matrix_files import read_named_matrix
from lookalike.core.types import StrPath

# The method of user-supplied matrices where the config names none.
GIVEN_MATRICES = "imported"


def read_given_matrix(
    path: StrPath, kind: str, names: Sequence[str] | None = None
) -> tuple[np.ndarray, list[str], list[str]]:
    """Read a user-supplied matrix as dissimilarities.

    Parameters
    ----------
    path : path
    kind : {"dissimilarity", "similarity"}
    names : sequence of str, optional
        For a file that holds none.

    Returns
    -------
    matrix : ndarray, shape (m, m)
    names : list of str
    notes : list of str
        What of the file was not taken as it is.
    """
    cells, found = read_named_matrix(path, names)
    matrix, notes = checked_matrix(cells, found, kind, path)
    return matrix, found, notes


def checked_matrix(
    matrix: np.ndarray, names: Sequence[str], kind: str, path: StrPath
) -> tuple[np.ndarray, list[str]]:
    """Return a user-supplied matrix as dissimilarities, with notes on its diagonal.

    The diagonal says what a model has with itself: 0, or the largest similarity. Where that differs
    between models, as it does where maps are zero, the diagonal is ignored.

    Parameters
    ----------
    matrix : ndarray, shape (m, m)
        NaN where a value is not known; the diagonal may be left out.
    names : list of str
    kind : {"dissimilarity", "similarity"}
    path : path
        Of its file, for the errors.

    Returns
    -------
    matrix : ndarray, shape (m, m)
        Symmetric, zero on the diagonal.
    notes : list of str

    Raises
    ------
    InputError
        If the matrix is not symmetric or not of its kind, or no value is known.
    """
    own = matrix.diagonal()[np.isfinite(matrix.diagonal())]
    # Self-similarities may be larger than all others, one that stands for unknown much larger.
    usual = np.median(np.abs(own)) if len(own) else 0
    tolerance = max(io.tolerance_of(matrix), io.ROUNDING * usual)
    matrix = io.checked_symmetry(matrix, names, path)
    others = condensed(matrix)
    others = others[np.isfinite(others)]
    if not len(others):
        raise InputError(f"{path}: no value between two models is known")
    check_kind(own, others, kind, tolerance, path)
    if kind == "similarity":
        top = largest_similarity(own, others, tolerance, path)
        found, limit = top - matrix, f"more than a model with itself, which has {top:g}"
    else:
        top, found, limit = 0.0, matrix, "and no dissimilarity is negative"
    wrong = np.argwhere(np.triu(found < -tolerance, 1))
    if len(wrong):
        one, other = wrong[0]
        value = matrix[one, other]
        raise InputError(f"{path}: {names[one]} and {names[other]} have {value:g}, {limit}")
    return square(np.maximum(condensed(found), 0), len(names)), notes_on(own, top, kind, tolerance)


def notes_on(own: np.ndarray, top: float, kind: str, tolerance: float) -> list[str]:
    """Return notes on a diagonal where some values are not those of equal maps."""
    strange = own[np.abs(own - top) > tolerance]
    if not len(strange):
        return []
    ends = dict.fromkeys(f"{value:.3g}" for value in (strange.min(), strange.max()))
    return [
        f"the {kind} of {len(strange)} of {len(own)} models to themselves is not {top:g} "
        f"({' to '.join(ends)}): the diagonal is ignored"
    ]


def check_kind(
    own: np.ndarray, others: np.ndarray, kind: str, tolerance: float, path: StrPath
) -> None:
    """Refuse a matrix whose diagonal is that of the other kind: no matrix is refused as both."""
    if not len(own):
        return
    usual = np.median(own)
    as_expected = (np.abs(own) <= tolerance).all() and others.min() >= -tolerance
    if kind == "dissimilarity" and not as_expected and usual >= others.max():
        other, size = "similarity", "larger"
    elif kind == "similarity" and usual <= others.min() and usual < others.max():
        other, size = "dissimilarity", "smaller"
    else:
        return
    raise InputError(
        f"{path}: its diagonal, {usual:g}, is {size} than the other values; set kind: {other}, or "
        f"leave the diagonal empty if these are {kind[:-1]}ies"
    )


def largest_similarity(
    own: np.ndarray, others: np.ndarray, tolerance: float, path: StrPath
) -> float:
    """Return the similarity of equal maps: that of every model with itself, or else 1."""
    largest = others.max()
    itself = "are not given"
    if len(own):
        low, high = own.min(), own.max()
        is_usual = largest <= high + tolerance or largest > 1 + tolerance
        if high - low <= tolerance and is_usual:
            # Rounding must not move 1.
            return 1.0 if abs(high - 1) <= tolerance else float(high)
        itself = f"go from {low:g} to {high:g}"
    if max(largest, own.max(initial=1)) > 1 + tolerance:
        raise InputError(
            f"{path}: the similarities of models to themselves {itself}, and others are up to "
            f"{largest:g}; scale all so that every model has 1 with itself"
        )
    return 1.0
