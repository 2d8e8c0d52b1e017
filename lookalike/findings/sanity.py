"""Sentences about the weights: which methods do not see them, by the study of sanity."""

from collections.abc import Sequence

from lookalike.core.types import Row, StrPath
from lookalike.findings.finding import NO, UNKNOWN, YES, Answer, Finding
from lookalike.findings.headline import SECTION as HEADLINE
from lookalike.findings.lines import listed
from lookalike.findings.tables import read_table
from lookalike.studies.names import named
from lookalike.studies.sanity_verdicts import (
    BLIND,
    SEES,
    blind_methods,
    say_blind,
    say_likeness,
    verdicts,
)

SECTION = "Dependence on the weights"
VERDICTS = {SEES: YES, BLIND: NO}
UNSURE = "its interval holds both chance and half of the likeness, or lies between them"


def read_sanity(path: StrPath) -> list[Row]:
    """Return the rows of the study's table that have a verdict; none where the path is empty."""
    if not path:
        return []
    return [row for row in read_table(path).to_dict("records") if row["verdict"]]


def sanity_findings(rows: Sequence[Row]) -> list[Finding]:
    """Name the methods that do not see the weights, among what is said first; then say it of all.

    Parameters
    ----------
    rows : list of dict
        Of `read_sanity`.
    """
    if not rows:
        return []
    said, blind = verdicts(rows), blind_methods(rows)
    seeing = [method for method, own in said.items() if own[""] == SEES]
    untold = [method for method in said if method not in seeing and method not in blind]
    parts = []
    if seeing:
        own = [row for row in rows if row["method"] in seeing and not row["model"]]
        parts.append(
            f"maps of {len(seeing)} of {len(said)} methods depend on what was learned, "
            f"{listed(seeing)}: by networks with random weights, and at least half of the metrics, "
            "they are not clearly nearer to the trained networks' than maps of different images "
            f"(nearest: {say_likeness(own, nearest=True)})"
        )
    if blind:
        names = (f"{name} on {named(own)}" if own else name for name, own in blind.items())
        parts.append(f"those of {listed(names, between='; ')} do not")
    if untold:
        parts.append(f"cannot tell for {listed(untold)}")
    text = "; ".join(parts)
    found = [
        Finding(
            SECTION,
            "sanity",
            f"{text[:1].upper()}{text[1:]}.",
            tuple(answer_of(row) for row in rows if is_told(row, blind)),
        )
    ]
    return [*(Finding(HEADLINE, "sanity", line) for line in [say_blind(rows)] if line), *found]


def is_told(row: Row, blind: dict[str, list[str]]) -> bool:
    """Return whether a row is of all models, or of one that alone is the exception."""
    return not row["model"] or row["model"] in blind.get(row["method"], [])


def answer_of(row: Row) -> Answer:
    """Return whether maps of a method depend on the weights under a metric."""
    verdict = VERDICTS.get(row["verdict"], UNKNOWN)
    known = not row["untested"]
    return Answer(
        "weights",
        verdict,
        row["method"],
        row["metric"],
        subject=(row["model"],) if row["model"] else (),
        statistic="likeness to the trained network's maps with random weights",
        value=row["likeness"] if known else None,
        low=row["likeness_low"] if known else None,
        high=row["likeness_high"] if known else None,
        n=int(row["n"]),
        reason=row["untested"] or (UNSURE if verdict == UNKNOWN else ""),
    )
