"""Files and their formats, but for those of maps/formats.py, maps/stacks.py and models/weights.py:
written atomically, checked when read.
"""

import csv
import hashlib
import json
from collections.abc import Iterable, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np

from lookalike.core.errors import InputError
from lookalike.core.replacing import replacing
from lookalike.core.types import Row, StrPath

# Share of the largest value by which equal values of a user-supplied matrix may differ, as they do
# in single precision.
ROUNDING = 1e-4


def read_text(path: StrPath) -> str:
    """Return the text of a file, line ends unchanged, without a byte order mark."""
    try:
        return Path(path).read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({error})") from None


def hash_file(path: StrPath) -> str:
    """Return the SHA-256 of a file's content, in hex digits."""
    try:
        with Path(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error})") from None


def write_text(path: StrPath, text: str) -> None:
    """Write a text file."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def read_json(path: StrPath) -> Any:
    """Return the content of a JSON file."""
    try:
        return json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise InputError(f"{path}: not valid JSON ({error})") from None
    except RecursionError:
        raise InputError(f"{path}: has too many levels of lists and objects; mend it") from None


def write_json(path: StrPath, content: Any) -> None:
    """Write a JSON file, indented; NaN is refused, since JSON has none."""
    write_text(path, json.dumps(content, indent=1, allow_nan=False) + "\n")


def read_table(path: StrPath) -> list[Row]:
    """Return a CSV table as a list of dicts of strings."""
    try:
        return list(csv.DictReader(StringIO(read_text(path), newline="")))
    except csv.Error as error:
        raise InputError(f"{path}: not a readable CSV table ({error}); mend it") from None


def write_table(path: StrPath, rows: Sequence[Row], columns: Sequence[str] | None = None) -> None:
    """Write a list of dicts as a CSV table; floats in full precision, None as empty."""
    columns = columns or list(rows[0])
    with replacing(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: plain(row[name]) for name in columns} for row in rows)


def plain(value: Any) -> Any:
    """Return NumPy scalars as Python's, so that their text is the shortest exact one."""
    return value.item() if isinstance(value, np.generic) else value


def read_matrix(path: StrPath) -> tuple[np.ndarray, list[str]]:
    """Read a square CSV matrix with names in the first row and column.

    Returns
    -------
    matrix : ndarray, shape (m, m), float64
        NaN where a cell is empty.
    names : list of str
    """
    try:
        rows = [row for row in csv.reader(StringIO(read_text(path), newline="")) if row]
    except csv.Error as error:
        raise InputError(f"{path}: not a readable CSV table ({error}); mend it") from None
    if not rows or len(rows[0]) < 2:
        raise InputError(
            f"{path}: holds no matrix: the first row must hold the names, with commas between them"
        )
    names = rows[0][1:]
    if len(rows) != len(names) + 1 or any(len(row) != len(rows[0]) for row in rows):
        raise InputError(
            f"{path}: not square: {len(rows) - 1} rows below {len(names)} names of columns; "
            "the first row and column must hold the names"
        )
    if [row[0] for row in rows[1:]] != names:
        raise InputError(
            f"{path}: the names of the rows are not the names of the columns; the first row "
            "and column must hold the same names in the same order"
        )
    try:
        numbers = [cell or "nan" for row in rows[1:] for cell in row[1:]]
        return np.array([*map(float, numbers)]).reshape(len(names), len(names)), names
    except ValueError as error:
        raise InputError(f"{path}: not a matrix of numbers ({error})") from None


def checked_symmetry(matrix: np.ndarray, names: Sequence[str], path: StrPath) -> np.ndarray:
    """Return a user-supplied matrix as the mean of its halves, which may differ by rounding alone;
    infinity is refused.
    """
    if np.isinf(matrix).any():
        raise InputError(f"{path}: holds infinity; leave the cell empty if its value is not known")
    differs = np.abs(matrix - matrix.T) > tolerance_of(matrix)
    differs |= np.isnan(matrix) != np.isnan(matrix.T)
    if differs.any():
        row, column = np.argwhere(differs)[0]
        pair = (
            f"{names[row]} and {names[column]} have {matrix[row, column]:g}, {names[column]} and "
            f"{names[row]} {matrix[column, row]:g}"
        )
        raise InputError(f"{path}: not symmetric: {pair}; give the mean of both")
    return (matrix + matrix.T) / 2


def tolerance_of(matrix: np.ndarray) -> float:
    """Return by how much equal values of a matrix may differ because of rounding; its diagonal,
    which may hold anything, does not count.
    """
    others = np.abs(matrix[~np.eye(len(matrix), dtype=bool)])
    return ROUNDING * np.nanmax(others, initial=0)


def write_matrix(path: StrPath, matrix: np.ndarray, names: Sequence[str]) -> None:
    """Write a square matrix as CSV with names in the first row and column; NaN is an empty cell."""
    if matrix.shape != (len(names), len(names)):
        raise ValueError(f"{path}: {len(names)} names for a matrix of {matrix.shape}")
    with replacing(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["", *names])
        for name, row in zip(names, matrix, strict=True):
            cells: list[float | str] = row.tolist()
            for unknown in np.flatnonzero(np.isnan(row)).tolist():
                cells[unknown] = ""
            writer.writerow([name, *cells])


def read_arrays(path: StrPath) -> dict[str, np.ndarray]:
    """Return the arrays of an .npz file as a dict; objects are refused, never unpickled."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except Exception as error:
        raise InputError(f"{path}: not a readable .npz file ({error})") from None


def read_each(paths: Iterable[StrPath]) -> dict[str, dict[str, np.ndarray]]:
    """Return the arrays of several .npz files, by path."""
    return {str(path): read_arrays(path) for path in paths}


def write_arrays(path: StrPath, **arrays: Any) -> None:
    """Write arrays to an .npz file, uncompressed."""
    converted: dict[str, Any] = {name: np.asarray(array) for name, array in arrays.items()}
    with replacing(path) as temporary:
        np.savez(temporary, **converted)


def read_map(path: StrPath) -> np.ndarray:
    """Return one saliency map, shape (h, w), float32.

    Raises
    ------
    InputError
        If the file is not a two-dimensional array of real numbers, or holds a value that is not
        finite.
    """
    try:
        with Path(path).open("rb") as file:
            saliency = np.lib.format.read_array(file, allow_pickle=False)
    except Exception as error:
        raise InputError(f"{path}: not a readable .npy array ({error})") from None
    return checked_map(saliency, path)


def checked_map(saliency: np.ndarray, source: StrPath) -> np.ndarray:
    """Return a map as float32; refuse what is no 2-D array of finite real numbers, naming its
    source.
    """
    if saliency.ndim != 2 or saliency.dtype.kind not in "fiub":
        stack = (
            "; name a file of many maps batch_maps.npy, or give its path"
            if saliency.ndim == 3
            else ""
        )
        raise InputError(
            f"{source}: a map must be a 2-D array of real numbers, not {saliency.dtype} of "
            f"shape {saliency.shape}{stack}"
        )
    if not saliency.size:
        raise InputError(f"{source}: holds no value; repair the map or leave its image out")
    exact = saliency
    with np.errstate(over="ignore", under="ignore"):
        saliency = exact.astype(np.float32)
    if exact.any() and not saliency.any():
        raise InputError(
            f"{source}: all values are too small for float32; multiply the map by a large number"
        )
    bad = np.argwhere(~np.isfinite(saliency))
    if len(bad):
        row, column = bad[0]
        raise InputError(
            f"{source}: {len(bad)} values are not finite, the first at row {row}, column "
            f"{column}; repair the map or leave its image out"
        )
    return saliency


def write_map(path: StrPath, saliency: np.ndarray) -> None:
    """Write one map as .npy, float32, into a folder of many."""
    with replacing(path, synced=False) as temporary:
        np.save(temporary, np.asarray(saliency, dtype=np.float32))


def same_images(
    first: Sequence[str], second: Sequence[str], first_path: StrPath, second_path: StrPath
) -> None:
    """Refuse two lists of image ids that differ, naming the first difference."""
    for index, (one, other) in enumerate(zip(first, second, strict=False)):
        if one != other:
            raise InputError(
                f"{first_path} and {second_path} hold different images: number {index} is "
                f"{one!r} in one, {other!r} in the other"
            )
    if len(first) != len(second):
        raise InputError(
            f"{first_path} and {second_path} hold different images: {len(first)} in one, "
            f"{len(second)} in the other"
        )


def write_image(path: StrPath, pixels: np.ndarray) -> None:
    """Write pixels (uint8 RGB, or bool for a mask) as PNG, into a folder of many."""
    from PIL import Image

    with replacing(path, synced=False) as temporary:
        Image.fromarray(pixels).save(temporary, format="png")
