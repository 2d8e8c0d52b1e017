"""A finding: one sentence, and the numbers behind it; findings as JSON and as Markdown."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan

from lookalike.core.types import Row

HEADING = "# Findings"
YES, NO, UNKNOWN = "yes", "no", "cannot tell"


@dataclass(frozen=True)
class Answer:
    """What one test says about one question: a cell of a table of questions and methods.

    Parameters
    ----------
    question : str
        `dependence`, `main effects`, `structure`, `groups`, `clade`, `communities`, `factor`,
        `agreement`, `redundancy`, `localisation`, `replicate`, `pruning`, `variants` or `power`.
    verdict : {"yes", "no", "cannot tell"}
        "no" means that a test which could have found something found no evidence.
    method, metric : str
        Of the matrix; empty where the question is not about one.
    subject : tuple of str
        What the question is about besides: a factor, a model, a replicate and its original, the
        members of a clade, the communities, the method and metric of the other matrix.
    statistic : str
        Name of the effect.
    value, low, high : float, optional
        The effect, and its 95% interval.
    p : float, optional
        Corrected for multiple tests: of factors by step-down maxT, of others by Holm.
    n : int, optional
        Number of images, or of models for permutation tests of models.
    reason : str
        Why there is no verdict.
    """

    question: str
    verdict: str
    method: str = ""
    metric: str = ""
    subject: tuple[str, ...] = ()
    statistic: str = ""
    value: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    n: int | None = None
    reason: str = ""


@dataclass(frozen=True)
class Finding:
    """One sentence under a section's title, and the answers that it sums up."""

    section: str
    kind: str
    text: str
    answers: tuple[Answer, ...] = ()


def verdict_of(found: bool, able: bool = True) -> str:
    """Return the verdict of a test that found something or not, and was able to or not."""
    return (YES if found else NO) if able else UNKNOWN


def as_json(findings: Sequence[Finding], subset: str) -> Row:
    """Return findings about a subset of the images as an object for JSON: NaN becomes None."""
    rows = [dataclasses.asdict(finding) for finding in findings]
    for row in rows:
        row["answers"] = [
            {name: none_if_nan(value) for name, value in answer.items()}
            for answer in row["answers"]
        ]
    return {"subset": subset, "findings": rows}


def none_if_nan(value: object) -> object:
    """Return a value, or None for NaN, which JSON does not have."""
    return None if isinstance(value, float) and isnan(value) else value


def by_section(found: Row) -> dict[str, list[str]]:
    """Return the sentences of each section, from the object that `as_json` returns."""
    sections: dict[str, list[str]] = {}
    for row in found["findings"]:
        sections.setdefault(row["section"], []).append(row["text"])
    return sections


def as_markdown(found: Row) -> str:
    """Return the sentences as Markdown, from the object that `as_json` returns."""
    parts = [
        f"## {title}\n\n" + "\n".join(f"- {sentence}" for sentence in sentences)
        for title, sentences in by_section(found).items()
    ]
    return "\n\n".join([HEADING, *parts]) + "\n"
