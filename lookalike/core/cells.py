"""Tables of text: their cells, whatever stands between these, and the numbers in them."""

import csv
from collections.abc import Iterable, Sequence
from io import StringIO

import numpy as np

from lookalike.core.errors import InputError
from lookalike.core.io import read_text
from lookalike.core.types import StrPath

# The first is taken where several split a line into as many numbers.
DELIMITERS = ("\t", ";", ",")
# What cells hold whose value is not known.
UNKNOWN = frozenset(["", "nan", "na", "n/a", "#n/a", "null", "none", "-", "."])

Rows = list[list[str]]


def number(cell: str) -> float | None:
    """Return the number in a cell, NaN where it is not known; None for text."""
    if cell.lower() in UNKNOWN:
        return np.nan
    try:
        return None if "_" in cell else float(cell)
    except ValueError:
        return None


def split_cells(path: StrPath) -> Rows:
    """Return the cells of a text table, with points as decimal marks; blank lines are left out."""
    text = read_text(path)
    lines = [line for line in text.splitlines() if line.strip()] or [""]
    try:
        last = {mark: split(lines[-1:], mark)[0] for mark in DELIMITERS}
        # By the numbers: a comma may be a decimal mark, or part of a name.
        mark = max(DELIMITERS, key=lambda mark: (numbers_in(last[mark]), len(last[mark])))
        if len(last[mark]) > 1:
            table = split(StringIO(text, newline=""), mark)
        else:
            mark = " "
            table = split(map(str.strip, lines), mark)
    except csv.Error as error:
        raise InputError(f"{path}: holds no matrix ({error})") from None
    if mark != ",":
        table = [[with_point(cell) for cell in row] for row in table]
    table = [row for row in table if row and row != [""]]
    if not any(map(used, table)):
        raise InputError(f"{path}: holds no matrix: it is empty")
    while len(table) > max(map(used, table)) and not any(table[-1]):
        table.pop()
    return table


def split(lines: Iterable[str], mark: str) -> Rows:
    """Return the cells of lines, without blanks around them."""
    rows = csv.reader(lines, delimiter=mark, skipinitialspace=True)
    return [[cell.strip() for cell in row] for row in rows]


def with_point(cell: str) -> str:
    """Return a cell with a point for a decimal comma; text stays as it is."""
    pointed = cell.replace(",", ".")
    return cell if number(pointed) is None else pointed


def numbers_in(row: Sequence[str]) -> int:
    """Return how many cells hold a number, be it with a decimal comma, or one that is not known."""
    return sum(number(with_point(cell)) is not None for cell in row)


def used(row: Sequence[str]) -> int:
    """Return the number of cells up to the last that is not empty."""
    return max((place for place, cell in enumerate(row, 1) if cell), default=0)
