"""User-supplied matrices: files of any common layout, and what is true of every matrix in them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lookalike.core.cells import Rows, number, split_cells, used
from lookalike.core.condensed import models_of, square
from lookalike.core.errors import InputError, near_names
from lookalike.core.types import StrPath

NO_TEXT = {
    **dict.fromkeys((".xlsx", ".xls", ".xlsm", ".ods", ".numbers"), "a spreadsheet"),
    **dict.fromkeys((".npz", ".zip", ".pkl", ".mat", ".h5", ".pt"), "no single table"),
}


def read_named_matrix(
    path: StrPath, names: Sequence[str] | None = None
) -> tuple[np.ndarray, list[str]]:
    """Read a user-supplied matrix.

    Parameters
    ----------
    path : path
        A text table: names in the first row, the first column or both; commas, semicolons, tabs or
        blanks between cells; or one row for every pair, with two names and a value. Or an .npy
        array, square or condensed.
    names : sequence of str, optional
        For a file that holds none.

    Returns
    -------
    matrix : ndarray, shape (m, m), float64
        NaN where a value is not known. One empty half is filled from the other, in the order of
        the rows; apart from that, nothing is checked of the values.
    names : list of str
    """
    suffix = Path(path).suffix.lower()
    if suffix in NO_TEXT:
        raise InputError(f"{path}: is {NO_TEXT[suffix]}; save the matrix as CSV")
    if suffix == ".npy":
        matrix, own = read_array(path), None
    else:
        matrix, own = read_layout(path)
    found = choose_names(own, names, len(matrix), path)
    return fill_half(matrix), found


def read_array(path: StrPath) -> np.ndarray:
    """Return the matrix of an .npy file; of a condensed one, the diagonal is not known."""
    try:
        with Path(path).open("rb") as file:
            array = np.lib.format.read_array(file, allow_pickle=False)
    except Exception as error:
        raise InputError(f"{path}: not a readable .npy array ({error})") from None
    if array.dtype.kind in "fiub" and array.ndim == 1 and len(array):
        models = models_of(array)
        if models * (models - 1) == 2 * len(array):
            return square(array, models, np.nan)
    if array.dtype.kind not in "fiub" or array.ndim != 2 or len(set(array.shape)) > 1:
        raise InputError(
            f"{path}: a matrix must be a square array of real numbers, not {array.dtype} of shape "
            f"{array.shape}"
        )
    return array.astype(float)


def choose_names(
    own: Sequence[str] | None, given: Sequence[str] | None, models: int, path: StrPath
) -> list[str]:
    """Return the names of the models: those of the file, or those that are given for it."""
    if own is not None and not counts(own):
        if given:
            raise InputError(f"{path}: holds names of its own; leave out `names`")
        names = list(own)
    elif given is None:
        what = "no names of the models" if own is None else "numbers in place of the models' names"
        raise InputError(
            f"{path}: holds {what}; write them into the first row and column, or give "
            "`names: [...]` next to its path"
        )
    else:
        names = list(given)
        if len(names) != models:
            raise InputError(f"{path}: holds {models} models, and `names` {len(names)}")
    if models < 2 or not all(names):
        raise InputError(f"{path}: needs at least two models, each with a name")
    check_once(names, path)
    return names


def check_once(names: Sequence[str], path: StrPath) -> None:
    """Refuse a name that appears twice."""
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(
            f"{path}: the name {twice!r} appears twice; give every model a name of its own"
        )


def counts(names: Sequence[str]) -> bool:
    """Return whether names are mere numbers of rows: 0, 1, 2, ... or 1, 2, 3, ..."""
    return list(names) in ([str(place + start) for place in range(len(names))] for start in (0, 1))


def read_layout(path: StrPath) -> tuple[np.ndarray, list[str] | None]:
    """Return the matrix of a text table, and its names if it holds any."""
    rows = split_cells(path)
    # The first line of a PHYLIP file is the number of its rows.
    if len(rows) > 1 and rows[0] == [str(len(rows) - 1)]:
        rows = rows[1:]
    if is_list_of_pairs(rows):
        return read_pairs(rows, path)
    columns, index, body = find_names(rows)
    models = len(columns or index or body)
    if len(body) != models:
        raise InputError(
            f"{path}: not square: {len(body)} rows of values for {models} columns; the first row "
            "and column must hold the names of the models"
        )
    matrix = to_numbers(body, index or columns, path)
    if columns is None or index is None:
        return matrix, columns or index
    if counts(index) or counts(columns):
        return matrix, columns if counts(index) else index
    return matrix[:, order_of(columns, index, path)], index


def find_names(rows: Rows) -> tuple[list[str] | None, list[str] | None, Rows]:
    """Return the names in the first row, those in the first column, and the cells of values; None
    where there are no names.
    """
    top, side = rows[0][: used(rows[0])], [row[0] for row in rows]
    above = any(number(cell) is None for cell in top[1:])
    beside = any(number(cell) is None for cell in side[1:])
    # R's tables have no cell above the names of the rows.
    if above and len(top) == len(rows) - 1 and max(map(used, rows[1:])) > len(top):
        top = ["", *top]
    if len(top) == len(rows):
        if above or are_names(top, side, rows):
            beside = True
        above |= beside and (counts(top[1:]) or are_names(top, side, rows))
    columns = top[beside:] if above else None
    index = side[above:] if beside else None
    return columns, index, [row[beside:] for row in rows[above:]]


def are_names(top: Sequence[str], side: Sequence[str], rows: Rows) -> bool:
    """Return whether the numbers in the first row and column are names, and not distances: whole,
    the same, and with a diagonal below them that is known, unlike the corner.
    """
    diagonal = [number(row[place]) for place, row in enumerate(rows[1:], 1) if place < len(row)]
    return (
        (number(side[0]) is None or not side[0])
        and all(map(str.isdigit, [*top[1:], *side[1:]]))
        and sorted(top[1:]) == sorted(side[1:])
        and all(value is not None and np.isfinite(value) for value in diagonal)
    )


def to_numbers(body: Rows, names: Sequence[str] | None, path: StrPath) -> np.ndarray:
    """Return cells as a square matrix; rows may end at the diagonal, or before it."""
    models, widths = len(body), [len(row) for row in body]
    is_lower = widths in (list(range(models)), list(range(1, models + 1)))
    is_lower |= set(widths) == {models - 1} and not any(body[0])
    matrix = np.full((models, models), np.nan)
    for place, row in enumerate(body):
        name = repr(names[place]) if names else f"number {place + 1}"
        if used(row) > models or (len(row) < models and not is_lower):
            raise InputError(
                f"{path}: not square: the row {name} has {len(row)} of {models} values; the "
                "first row and column must hold the names of the models"
            )
        for column, cell in enumerate(row[:models]):
            value = number(cell)
            if value is None:
                raise InputError(f"{path}: the row {name} holds {cell!r}, which is no number")
            matrix[place, column] = value
    return matrix


def order_of(columns: Sequence[str], index: Sequence[str], path: StrPath) -> list[int]:
    """Return the places of the columns in the order of the rows, which have the same names."""
    for names in (index, columns):
        check_once(names, path)
    for missing, others, kind, other in (
        (set(index) - set(columns), columns, "row", "column"),
        (set(columns) - set(index), index, "column", "row"),
    ):
        if missing:
            name = min(missing)
            raise InputError(
                f"{path}: the names of the rows are not the names of the columns: {name!r} is a "
                f"{kind}, but no {other}{near_names(name, others)}"
            )
    return [list(columns).index(name) for name in index]


def is_list_of_pairs(rows: Rows) -> bool:
    """Return whether a table has one row for every pair: two names and a value."""
    return len(rows) > 1 and all(
        used(row) == 3
        and number(row[0]) is None
        and number(row[1]) is None
        and (place == 0 or number(row[2]) is not None)
        for place, row in enumerate(rows)
    )


def read_pairs(rows: Rows, path: StrPath) -> tuple[np.ndarray, list[str]]:
    """Return the matrix of a table with one row for every pair, and the names in their order."""
    rows = rows if number(rows[0][2]) is not None else rows[1:]
    names = list(dict.fromkeys(name for row in rows for name in row[:2]))
    matrix = np.full((len(names), len(names)), np.nan)
    for one, other, cell, *_ in rows:
        place = names.index(one), names.index(other)
        value = number(cell)
        if not np.isnan(matrix[place]) and matrix[place] != value:
            raise InputError(
                f"{path}: {one!r} and {other!r} have two values, {matrix[place]:g} and {cell}"
            )
        matrix[place] = np.nan if value is None else value
    return np.where(np.isnan(matrix), matrix.T, matrix), names


def fill_half(matrix: np.ndarray) -> np.ndarray:
    """Return a matrix with both halves, of which one may be empty: unknown, or zero.

    A diagonal of zeros next to a half of zeros was cut off with it, and is not known either.
    """
    upper = np.triu(np.ones(matrix.shape, bool), 1)
    empty = np.isnan(matrix) | (matrix == 0)
    for half in (upper, upper.T):
        if empty[half].all() and not empty[half.T].all():
            filled = np.where(half, matrix.T, matrix)
            if (matrix[half] == 0).any() and (matrix.diagonal() == 0).all():
                np.fill_diagonal(filled, np.nan)
            return filled
    return matrix
