"""Structure: whether models differ in how far they are from all others, whether there is structure
beyond that, and groups.
"""

from collections.abc import Sequence

import pandas as pd

from lookalike.compare.redundancy import Representatives
from lookalike.findings.finding import Answer, Finding, verdict_of
from lookalike.findings.groups import SECTION
from lookalike.findings.lines import (
    Split,
    cannot_tell,
    capitalised,
    clearest,
    evidence,
    name_matrices,
    p_values,
    say,
    split,
)
from lookalike.findings.tables import count_of, span
from lookalike.inference.significance import LEVEL

# From a question to the test that answers it.
QUESTIONS = {"main effects": "main_effects", "structure": "structure", "groups": "grouping"}
EFFECTS = {
    "main effects": "standard deviation of distances",
    "structure": "standard deviation of what is left",
    "groups": "nearer within than between",
}


def structure_findings(
    structure: pd.DataFrame, stands: Representatives | None = None
) -> list[Finding]:
    """Say whether models differ in how far they are from all others, whether there is structure
    beyond that, and groups: a line for each question.

    Parameters
    ----------
    structure : DataFrame
        `inference/structure.csv`, for one subset of the images.
    stands : mapping, optional
        Metrics of one ranking, as of `read_representatives`.
    """
    if structure.empty:
        return []
    answers = {question: structure_answers(structure, [question]) for question in QUESTIONS}
    asked = {question: split(own, stands) for question, own in answers.items()}
    if not asked["main effects"].able:
        reasons = cannot_tell(asked["main effects"], " whether models differ, or form groups,")
        every = tuple(one for own in answers.values() for one in own)
        return [Finding(SECTION, "structure", f"{capitalised('; '.join(reasons))}.", every)]
    apart = say(
        asked["main effects"],
        "models differ in how far they are from all others",
        lambda yes: f"by a standard deviation of {sized(yes, numbers_of(structure))}",
        numbers=lambda no: f"{p_values(no)}, {numbers_of(structure)}",
    )
    texts = {
        "main effects": f"{apart}. p values: model labels shuffled, Holm-corrected",
        "structure": describe_structure(asked["structure"], asked["groups"]),
        "groups": describe_groups(asked["groups"], structure),
    }
    return [
        Finding(SECTION, "structure", f"{text}.", answers[question])
        for question, text in texts.items()
    ]


def sized(found: Sequence[Answer], n: str = "") -> str:
    """Return the effect of the clearest answer with its numbers."""
    shown = clearest(found)
    return f"{shown.value:.2g} ({evidence(shown, found, n)})"


def describe_structure(asked: Split, groups: Split) -> str:
    """Return where there is structure beyond the distances of single models. Groups are structure
    too, which a test of groups may find where the other does not.
    """
    grouped = {(one.method, one.metric) for one in groups.yes}
    alone = [one for one in asked.no if (one.method, one.metric) in grouped]
    rest = Split(asked.yes, [one for one in asked.no if one not in alone], asked.unknown)
    parts = []
    if rest.every:
        parts.append(
            say(
                rest,
                "beyond that, some models are nearer to one another than others",
                lambda yes: f"what is left has a standard deviation of {sized(yes)}",
                denied="some models are nearer to one another than others beyond that",
            )
        )
    if alone:
        parts.append(
            f"for {name_matrices(alone, asked.every)} structure beyond that shows in groups alone "
            f"({p_values(alone)})"
        )
    return capitalised("; ".join(parts))


def describe_groups(asked: Split, structure: pd.DataFrame) -> str:
    """Return where there are groups, how many, and how clear."""
    counts = {(row.method, row.metric): row.groups for row in structure.itertuples()}

    def effect(yes: Sequence[Answer]) -> str:
        shown = clearest(yes)
        numbers = [counts[one.method, one.metric] for one in yes]
        every = f"; {span(numbers, '.0f')} groups in all" if len(set(numbers)) > 1 else ""
        return (
            f"{counts[shown.method, shown.metric]:.0f} groups, nearer within than between by "
            f"{sized(yes)[:-1]}{every})"
        )

    return say(asked, "models form groups", effect, why=False)


def numbers_of(rows: pd.DataFrame) -> str:
    """Return how many images, and units of these, the tests of several matrices rest on."""
    tested = rows[rows["untested"] == ""]
    n, units = (f"{span(tested[column], '.0f')}" for column in ("n", "units"))
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
                    statistic=EFFECTS[question],
                    value=getattr(row, test),
                    p=getattr(row, f"{test}_holm"),
                    n=count_of(row.n),
                    reason=reason,
                    subset=row.subset,
                )
            )
    return tuple(answers)
