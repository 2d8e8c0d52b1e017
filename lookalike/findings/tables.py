"""Tables as data frames, and how sentences write what is in them."""

from collections.abc import Collection, Iterable, Sequence
from io import StringIO
from typing import Any

import numpy as np
import pandas as pd

from lookalike.compare.redundancy import Representatives
from lookalike.core import io
from lookalike.core.errors import InputError
from lookalike.core.types import StrPath

# A row as `DataFrame.itertuples` yields it: a named tuple of the table's columns.
NamedRow = Any
# Columns of text; all others hold numbers.
TEXT = frozenset(
    [
        *("model", "replicate", "pruned_from", "image", "members"),
        *("method", "metric", "other_method", "other_metric", "subset", "untested", "unresolved"),
        *("dependence_untested", "other_model", "question", "subject", "part", "name", "hanging"),
        *("factor", "test", "given", "levels", "resolution", "criterion", "against", "of"),
        *("floor", "way", "first", "last", "verdict"),
    ]
)
# A sentence names at most so many models, or else the first of them.
LONGEST, FIRST = 40, 3


def read_table(path: StrPath) -> pd.DataFrame:
    """Read a CSV table.

    Returns
    -------
    DataFrame
        The columns of `TEXT` as they are written, so that models may be called 007, 1e5, NA or
        None; all others as floats, NaN where a cell is empty.

    Raises
    ------
    InputError
        If another column holds text.
    """
    table = pd.read_csv(StringIO(io.read_text(path), newline=""), dtype=str, keep_default_na=False)
    for column in table.columns.difference(TEXT, sort=False):
        try:
            table[column] = table[column].replace("", "nan").astype(float)
        except ValueError as error:
            raise InputError(f"{path}: column {column} must hold numbers: {error}") from None
    return table


def read_rows(path: StrPath, subset: str) -> pd.DataFrame:
    """Return the rows of a table that are about a subset of the images; none where the path is
    empty.
    """
    if not path:
        return pd.DataFrame()
    table = read_table(path)
    return table[table["subset"] == subset] if "subset" in table else table


def without_matrices(table: pd.DataFrame, left_out: Collection[tuple[str, str]]) -> pd.DataFrame:
    """Return the rows of a table that are about none of these matrices, (method, metric) each."""
    if table.empty:
        return table
    kept = np.ones(len(table), bool)
    for method, metric in (("method", "metric"), ("other_method", "other_metric")):
        if method in table and metric in table:
            keys = zip(table[method], table[metric], strict=True)
            kept &= [key not in left_out for key in keys]
    return table[kept]


def span(numbers: Iterable[float], form: str) -> str:
    """Return the smallest and the largest of some numbers as text, or one where both are written
    alike.
    """
    ordered = sorted(numbers)
    return " to ".join(dict.fromkeys(f"{number:{form}}" for number in (ordered[0], ordered[-1])))


def once(
    rows: pd.DataFrame, verdicts: Sequence[object], stands: Representatives | None
) -> list[bool]:
    """Return which rows count, where metrics of one ranking that have one verdict count once.

    Parameters
    ----------
    rows : DataFrame
        With `method` and `metric`, and what else they are about: `question` and `subject`.
    verdicts : sequence
        Of each row.
    stands : mapping, optional
        As of `read_representatives`.
    """
    about = [name for name in ("question", "subject") if name in rows]
    seen: set[object] = set()
    found = []
    for row, verdict in zip(rows.to_dict("records"), verdicts, strict=True):
        matrix = (row["method"], row["metric"])
        key = ((stands or {}).get(matrix, matrix), *(row[name] for name in about), verdict)
        found.append(key not in seen)
        seen.add(key)
    return found


def count_of(number: float) -> int | None:
    """Return a number of a table as a count; None where it is not known."""
    return int(number) if np.isfinite(number) else None


def usual_reason(rows: pd.DataFrame, column: str = "untested") -> str:
    """Return why most of several tests were not made."""
    reasons = rows[column][rows[column] != ""]
    return str(reasons.groupby(reasons, sort=False).size().idxmax())


def braces(names: Iterable[str]) -> str:
    """Return names as a set."""
    return f"{{{', '.join(names)}}}"


def shorter(names: str) -> str:
    """Return names as `braces` writes them, or with commas between; of very many, the first."""
    every = names.split(", ")
    if len(every) <= LONGEST:
        return names
    end = "}" if names.endswith("}") else ""
    return f"{', '.join(every[:FIRST])} and {len(every) - FIRST} more{end}"
