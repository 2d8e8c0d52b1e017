"""Sentences about findings that hang on few classes, or rest on a single image."""

import pandas as pd

from lookalike.compare.redundancy import Representatives
from lookalike.findings.finding import Answer, Finding, verdict_of
from lookalike.findings.lines import listed
from lookalike.findings.tables import NamedRow, once
from lookalike.inference.influence import UNIT
from lookalike.inference.significance import LEVEL

SECTION = "Single classes and images"
UNMEASURED = "too few units of images to leave one out"


def influence_findings(
    influence: pd.DataFrame, stands: Representatives | None = None
) -> list[Finding]:
    """Name the findings that hang on less than half of the classes, and those of which one unit of
    images makes up most of the uncertainty; nothing is said where there is none.

    Parameters
    ----------
    influence : DataFrame
        `inference/influence.csv`, for one subset of the images.
    stands : mapping, optional
        Metrics of one ranking, as of `read_representatives`; they count once.
    """
    rows = influence[influence["found"] == 1] if len(influence) else influence
    if rows.empty:
        return []
    carried = carried_by(influence)
    verdicts = [(hangs_on_few(row), key_of(row) in carried) for row in rows.itertuples()]
    every, rows, found = rows, rows[once(rows, verdicts, stands)], []
    hanging = [row for row in rows.itertuples() if hangs_on_few(row)]
    if hanging:
        names = [f"{name_of(row)} ({row.hanging} of {row.classes:.0f})" for row in hanging]
        largest = max(row.class_holm for row in hanging)
        verb = "hangs" if len(hanging) == 1 else "hang"
        found.append(
            Finding(
                SECTION,
                "classes",
                f"{len(hanging)} of {len(rows)} findings {verb} on less than half of the classes, "
                f"without which less than half of the effect is left, and that not clearly: "
                f"{listed(names)} (effects differ between classes: p at most {largest:.2g}, "
                "classes shuffled, Holm-corrected).",
                tuple(class_answer(row) for row in every.itertuples()),
            )
        )
    if carried:
        measured = {key_of(row) for row in influence.itertuples() if row.part == UNIT}
        names = [f"{name_of(row)} ({carried[key_of(row)]})" for row in of_keys(rows, carried)]
        if names:
            verb = "rests" if len(names) == 1 else "rest"
            found.append(
                Finding(
                    SECTION,
                    "image",
                    f"{len(names)} of {len(rows)} findings {verb} on one image, or on near-copies, "
                    "from which more than half of the uncertainty comes (jackknife): "
                    f"{listed(names)}.",
                    tuple(
                        Answer(
                            "image",
                            verdict_of(key_of(row) not in carried, key_of(row) in measured),
                            row.method,
                            row.metric,
                            subject_of(row),
                            "units",
                            n=int(row.units),
                            reason="" if key_of(row) in measured else UNMEASURED,
                        )
                        for row in every.itertuples()
                    ),
                )
            )
    return found


def hangs_on_few(row: NamedRow) -> bool:
    """Return whether a finding hangs on less than half of the classes, and differs between them."""
    return bool(row.class_holm <= LEVEL and row.hangs < row.classes / 2)


def class_answer(row: NamedRow) -> Answer:
    """Return whether a finding holds in at least half of the classes."""
    able = row.hangs == row.hangs and row.class_holm == row.class_holm
    return Answer(
        "classes",
        verdict_of(not hangs_on_few(row), able=able),
        row.method,
        row.metric,
        subject_of(row),
        "classes on which it hangs",
        row.hangs,
        p=row.class_holm,
        n=int(row.classes),
        reason="" if able else "too few classes, or images of each",
    )


def carried_by(influence: pd.DataFrame) -> dict[tuple[str, ...], str]:
    """Return the unit of images that carries a finding, by what the finding is about."""
    return {key_of(row): row.name for row in influence.itertuples(index=False) if row.carries == 1}


def of_keys(rows: pd.DataFrame, keys: dict[tuple[str, ...], str]) -> list[NamedRow]:
    """Return the rows of findings that some keys are about."""
    return [row for row in rows.itertuples() if key_of(row) in keys]


def key_of(row: NamedRow) -> tuple[str, ...]:
    """Return what a row is about."""
    return (row.method, row.metric, row.question, row.subject)


def subject_of(row: NamedRow) -> tuple[str, ...]:
    """Return what a finding is about besides its matrix."""
    return (row.question, *filter(None, [row.subject]))


def name_of(row: NamedRow) -> str:
    """Return what a finding is about as text."""
    return f"{row.subject or row.question} for {row.method} {row.metric}"
