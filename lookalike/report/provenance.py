"""How results were made: by which rule, in which environment, how long."""

import csv
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from lookalike.core.types import Row


def provenance(rules: Mapping[str, Row]) -> list[Row]:
    """Return a row for each rule of a run.

    Parameters
    ----------
    rules : mapping
        By name: `outputs` and `benchmark`, paths with wildcards; and `environment`, the file with
        its packages.

    Returns
    -------
    list of dict
        `rule`, `makes` (the first output), `environment`, and of the jobs whose benchmark files are
        there `jobs`, `minutes` and `cpu_minutes` in all, and the largest `memory` in MB; 0 jobs
        where there are none.
    """
    return [
        {
            "rule": name,
            "makes": (rule["outputs"] or [""])[0],
            "environment": rule["environment"],
        }
        | measured(rule["benchmark"])
        for name, rule in rules.items()
    ]


def measured(pattern: str) -> Row:
    """Return number, time and memory of the jobs whose benchmark files fit a path with
    wildcards.
    """
    rows = [row for path in files_of(pattern) for row in read_benchmark(path)]
    return {
        "jobs": len(rows),
        "minutes": sum(number(row, "s") for row in rows) / 60,
        "cpu_minutes": sum(number(row, "cpu_time") for row in rows) / 60,
        "memory": max((number(row, "max_rss") for row in rows), default=0.0),
    }


def files_of(pattern: str) -> Sequence[Path]:
    """Return the files that fit a path in which {wildcards} stand for parts of names."""
    anything = re.sub(r"{[^}]*}", "*", pattern)
    return sorted(Path().glob(anything)) if pattern else []


def read_benchmark(path: Path) -> list[Row]:
    """Return the rows of a benchmark file."""
    with path.open(encoding="utf-8", newline="") as file:
        return [*csv.DictReader(file, delimiter="\t")]


def number(row: Row, name: str) -> float:
    """Return a cell as a number; 0 where it was not measured."""
    try:
        return float(row[name])
    except (KeyError, TypeError, ValueError):
        return 0.0
