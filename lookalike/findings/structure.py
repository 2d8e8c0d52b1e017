"""Sentences about structure: whether models differ in how far they are from all others, whether
there is structure beyond that, and groups.
"""

from collections.abc import Sequence

import pandas as pd

from lookalike.findings.finding import Answer, Finding, verdict_of
from lookalike.findings.groups import SECTION
from lookalike.findings.tables import metrics_of, p_of, span, usual_reason
from lookalike.inference.significance import LEVEL

# From a question to the test that answers it.
QUESTIONS = {"main effects": "main_effects", "structure": "structure", "groups": "grouping"}


def structure_findings(structure: pd.DataFrame) -> list[Finding]:
    """Say for each method whether models differ in how far they are from all others, whether there
    is structure beyond that, and groups: a sentence for each question.

    Parameters
    ----------
    structure : DataFrame
        `inference/structure.csv`, for one subset of the images.
    """
    findings = []
    for method, rows in structure.groupby("method", sort=False) if len(structure) else ():
        tested = rows[rows["untested"] == ""]
        if tested.empty:
            texts = [
                f"whether models differ, or form groups, cannot be tested: {usual_reason(rows)}"
            ]
            questions = [list(QUESTIONS)]
        else:
            texts = [describe(tested, rows) for describe in (differing, structured, grouped)]
            questions = [[question] for question in QUESTIONS]
        findings += [
            Finding(SECTION, "structure", f"{method}: {text}.", structure_answers(rows, asked))
            for text, asked in zip(texts, questions, strict=True)
        ]
    return findings


def differing(tested: pd.DataFrame, rows: pd.DataFrame) -> str:
    """Return under which metrics models differ in how far they are from all others."""
    yes, no = split(tested, "main_effects")
    parts = []
    if len(yes):
        effects = under(yes, [f"{value:.2g}" for value in yes["main_effects"]])
        parts.append(
            "models differ in how far they are from all others: these distances have a standard "
            f"deviation of {effects} ({p_of(yes, 'main_effects')})"
        )
    if len(no):
        parts.append(
            "NO evidence that models differ in how far they are from all others, under "
            f"{metrics_of(no)} ({p_of(no, 'main_effects')})"
        )
    parts += [
        f"not tested under {row.metric}: {row.untested}"
        for row in rows[rows["untested"] != ""].itertuples()
    ]
    return f"{'; '.join(parts)} ({numbers_of(tested)}, model labels shuffled, Holm-corrected)"


def structured(tested: pd.DataFrame, rows: pd.DataFrame) -> str:
    """Return under which metrics there is structure beyond the distances of single models."""
    resolved = tested[tested["unresolved"] == ""]
    yes, no = split(resolved, "structure")
    alone = no["grouping_holm"] <= LEVEL
    parts = []
    if len(yes):
        effects = under(yes, [f"{value:.2g}" for value in yes["structure"]])
        parts.append(
            "beyond that, some models are nearer to one another than others: what is left has a "
            f"standard deviation of {effects} ({p_of(yes, 'structure')})"
        )
    if len(left := no[~alone]):
        parts.append(
            f"NO evidence of structure beyond that under {metrics_of(left)} "
            f"({p_of(left, 'structure')})"
        )
    if len(left := no[alone]):
        parts.append(
            f"under {metrics_of(left)} structure beyond that shows in groups alone "
            f"({p_of(left, 'structure')})"
        )
    parts += [
        f"cannot tell under {metrics_of(own)} whether there is more: {reason}"
        for reason, own in tested[tested["unresolved"] != ""].groupby("unresolved", sort=False)
    ]
    return "; ".join(parts)


def grouped(tested: pd.DataFrame, rows: pd.DataFrame) -> str:
    """Return under which metrics there are groups, how many, and how clear."""
    resolved = tested[tested["unresolved"] == ""]
    yes, no = split(resolved, "grouping")
    parts = []
    if len(yes):
        counts = under(
            yes,
            [
                f"{count:.0f} (nearer within than between by {difference:.2g})"
                for count, difference in zip(yes["groups"], yes["grouping"], strict=True)
            ],
        )
        parts.append(f"there are groups: {counts} ({p_of(yes, 'grouping')})")
    if len(no):
        parts.append(f"NO evidence of groups under {metrics_of(no)} ({p_of(no, 'grouping')})")
    if len(unresolved := tested[tested["unresolved"] != ""]):
        parts.append(f"cannot tell under {metrics_of(unresolved)} whether there are groups")
    return "; ".join(parts)


def split(rows: pd.DataFrame, test: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows in which a test found something, and those in which it did not."""
    found = rows[f"{test}_holm"] <= LEVEL
    return rows[found], rows[~found]


def under(rows: pd.DataFrame, values: Sequence[str]) -> str:
    """Return what each metric gives as text, metrics that give the same together."""
    by_value: dict[str, list[str]] = {}
    for value, metric in zip(values, rows["metric"], strict=True):
        by_value.setdefault(value, []).append(metric)
    return ", ".join(f"{value} under {' and '.join(own)}" for value, own in by_value.items())


def numbers_of(rows: pd.DataFrame) -> str:
    """Return how many images, and units of these, the tests of several matrices rest on."""
    n, units = (f"{span(rows[column], '.0f')}" for column in ("n", "units"))
    return f"n = {n} images" + ("" if units == n else f" in {units} units")


def structure_answers(rows: pd.DataFrame, questions: Sequence[str]) -> tuple[Answer, ...]:
    """Return what the tests of some questions say about every matrix."""
    answers = []
    for row in rows.itertuples():
        for question in questions:
            test = QUESTIONS[question]
            reason = row.untested if test == "main_effects" else row.unresolved
            answers.append(
                Answer(
                    question,
                    verdict_of(getattr(row, f"{test}_holm") <= LEVEL, able=not reason),
                    row.method,
                    row.metric,
                    statistic=test,
                    value=getattr(row, test),
                    p=getattr(row, f"{test}_holm"),
                    n=int(row.n),
                    reason=reason,
                )
            )
    return tuple(answers)
