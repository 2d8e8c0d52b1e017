"""The verdict table: what each method says about each question."""

from collections.abc import Iterable, Sequence

from lookalike.core.types import Row
from lookalike.findings.finding import NO, UNKNOWN, YES, rounded

# Question of an answer, how a row asks it, and the section of the page with its numbers.
OF_ANALYSES = {
    "dependence": ("Do the maps depend on the image?", "structure"),
    "main effects": ("Do models differ in how far they are from all others?", "structure"),
    "groups": ("Do models form groups?", "structure"),
    "clade": ("Do {subject} look alike?", "multiverse"),
    "factor": ("Does the factor {subject} explain where models look?", "factors"),
}
OF_FINDINGS = {
    "weights": ("Do the maps depend on the weights?", "studies"),
    "replicate": ("Are replicates nearer than other pairs?", "replicates"),
    "localisation": ("Do maps lie on the object?", "localisation"),
    "explainer error": ("Is the error of the explanation itself small?", "error"),
}
MOST_CLADES = 6
# The verdict of a cell whose analyses differ.
MIXED = "mixed"
SHORT = {YES: YES, NO: NO, UNKNOWN: "?"}
# Asked the other way round: an error that is found to be large is a no.
INVERTED = {"explainer error": {YES: NO, NO: YES}}


def verdict_table(
    analyses: Sequence[Row], findings: Iterable[Row], warned: Iterable[str], methods: Sequence[str]
) -> list[Row]:
    """Return the rows of the table.

    Parameters
    ----------
    analyses : list of dict
        `inference/multiverse.csv`, as it is read.
    findings : iterable of dict
        Those of `findings.json`, with their `answers`.
    warned : iterable of str
        Methods whose maps the audit warns of.
    methods : list of str
        The columns.

    Returns
    -------
    list of dict
        `question`, `section`, and `cells`: for each method None where it was not asked, else the
        `verdict`, a `text` with how many analyses say so, and `details`, a line for each.
    """
    answers = [from_analysis(row) for row in analyses]
    others = [answer for finding in findings for answer in finding["answers"]]
    rows = [
        *rows_of(answers, OF_ANALYSES, methods),
        *rows_of(
            [as_asked(one) for one in others if one["question"] in OF_FINDINGS],
            OF_FINDINGS,
            methods,
        ),
    ]
    found = set(warned)
    audited = {one["method"] for one in answers if one["question"] == "dependence"}
    if audited:
        cells = [
            cell_of([{"verdict": NO if name in found else YES, "about": "audit"}])
            if name in audited
            else None
            for name in methods
        ]
        question = "Are the maps free of what an audit warns of?"
        rows.append({"question": question, "section": "audit", "cells": cells})
    return rows


def from_analysis(row: Row) -> Row:
    """Return a row of the multiverse as an answer."""
    numbers = {
        name: float(row[name]) if row[name] else None for name in ("value", "low", "high", "p", "n")
    }
    where = " ".join(filter(None, (row["metric"], f"{row['subset']} images", row["linkage"])))
    return row | numbers | {"question": row["conclusion"], "about": where}


def as_asked(answer: Row) -> Row:
    """Return an answer of the findings to the question of its row, which has all subjects."""
    verdict = INVERTED.get(answer["question"], {}).get(answer["verdict"], answer["verdict"])
    subject = " ".join(filter(None, (answer["metric"], *answer["subject"])))
    return answer | {"verdict": verdict, "subject": "", "about": subject}


def rows_of(
    answers: Sequence[Row], questions: dict[str, tuple[str, str]], methods: Sequence[str]
) -> list[Row]:
    """Return a row for each question and subject that is asked."""
    rows = []
    for name, (question, section) in questions.items():
        own = [one for one in answers if one["question"] == name]
        subjects = list(dict.fromkeys(one["subject"] for one in own))
        for subject in subjects[:MOST_CLADES] if name == "clade" else subjects:
            asked = [one for one in own if one["subject"] == subject]
            cells = [[one for one in asked if one["method"] == method] for method in methods]
            rows.append(
                {
                    "question": question.format(subject=subject.replace("_", " ")),
                    "section": section,
                    "cells": [cell_of(cell) if cell else None for cell in cells],
                }
            )
    return rows


def cell_of(answers: Sequence[Row]) -> Row:
    """Return the cell of one question and one method."""
    counts = {
        verdict: sum(one["verdict"] == verdict for one in answers) for verdict in (YES, NO, UNKNOWN)
    }
    found = {verdict: count for verdict, count in counts.items() if count}
    if len(found) == 1:
        (verdict,) = (text,) = found
    else:
        verdict = MIXED
        text = ", ".join(f"{SHORT[one]} {count}" for one, count in found.items())
    return {"verdict": verdict, "text": text, "details": [line_of(one) for one in answers]}


def line_of(answer: Row) -> str:
    """Return one answer as a line: verdict, effect with its interval, p, n, reason."""
    parts = [answer["verdict"]]
    if answer.get("value") is not None:
        effect = answer.get("statistic") or answer.get("effect") or ""
        interval = (
            f" ({rounded(answer['low'])} to {rounded(answer['high'])})"
            if answer.get("low") is not None
            else ""
        )
        parts.append(f"{effect} {rounded(answer['value'])}{interval}".strip())
    if answer.get("p") is not None:
        parts.append(f"p {rounded(answer['p'], 2)}")
    if answer.get("n"):
        parts.append(f"n {answer['n']:.0f}")
    if answer.get("reason"):
        parts.append(answer["reason"])
    return f"{answer['about']}: {', '.join(parts)}"
