"""A finding: one line, and the numbers behind it; findings as JSON and as Markdown.

A module of findings has a function for each kind of question. It returns a list of `Finding`: one
for each question in the whole run, none where it was not asked. The text of each is one line: in
how many of the matrices (`lines.say`), the effect of the clearest with its interval, p and n, and
the exceptions, at most `lines.MOST_NAMED` by name. Its answers hold every number, one `Answer` for
each row of the table that `as_markdown` makes of them: method, metric, subject, effect, verdict
and, where there is none, the reason. "cannot tell" is never worded as "no". `collect` calls the
function.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan

from lookalike.core.types import Row
from lookalike.findings.tables import shorter

HEADING = "# Findings"
TABLES = "## Tables"
# Longer tables end with how many rows more there are.
MOST_ROWS = 120
YES, NO, UNKNOWN = VERDICTS = "yes", "no", "cannot tell"


@dataclass(frozen=True)
class Answer:
    """What one test says about one question: a cell of a table of questions and methods.

    Parameters
    ----------
    question : str
        `dependence`, `main effects`, `structure`, `groups`, `clade`, `communities`, `factor`,
        `agreement`, `redundancy`, `localisation`, `explainer error`, `replicate`, `heads`,
        `pruning`, `variants`, `power`, `audit`, `classes` (does a finding hold in at least
        half of them?), `weights` (do maps depend on them?), `image` (does
        it rest on more than one?) or `seeds` (do they make up most of the variance of a
        dissimilarity?).
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
    subset, linkage : str
        Of the images, and of the tree, in the multiverse; empty in findings, which are about one.
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
    subset: str = ""
    linkage: str = ""


@dataclass(frozen=True)
class Finding:
    """One line under a section's title, and the answers that it sums up."""

    section: str
    kind: str
    text: str
    answers: tuple[Answer, ...] = ()


def verdict_of(found: bool, able: bool = True) -> str:
    """Return the verdict of a test that found something or not, and was able to or not."""
    return (YES if found else NO) if able else UNKNOWN


def as_json(
    findings: Sequence[Finding],
    subset: str,
    multiverse: Sequence[Row] = (),
    lead: Row | None = None,
) -> Row:
    """Return findings about a subset of the images as an object for JSON: NaN becomes None.

    `multiverse` are the rows of `headline.summarise`, `lead` is what the report begins with.
    """
    rows = [dataclasses.asdict(finding) for finding in findings]
    for row in rows:
        row["answers"] = [
            {name: none_if_nan(value) for name, value in answer.items()}
            for answer in row["answers"]
        ]
    return {"subset": subset, "lead": lead, "multiverse": list(multiverse), "findings": rows}


def none_if_nan(value: object) -> object:
    """Return a value, or None for NaN, which JSON does not have."""
    return None if isinstance(value, float) and isnan(value) else value


def by_section(found: Row) -> dict[str, list[str]]:
    """Return the lines of each section, from the object that `as_json` returns."""
    sections: dict[str, list[str]] = {}
    for row in found["findings"]:
        sections.setdefault(row["section"], []).append(row["text"])
    return sections


def as_markdown(found: Row) -> str:
    """Return the lines as Markdown, and below them the tables of the answers, from the object that
    `as_json` returns.
    """
    parts = [
        f"## {title}\n\n" + "\n".join(f"- {line}" for line in lines)
        for title, lines in by_section(found).items()
    ]
    tables = tables_of(found)
    if tables:
        parts.append(TABLES)
    parts += [f"### {title.capitalize()}\n\n{as_table(rows)}" for title, rows in tables.items()]
    return "\n\n".join([HEADING, *parts]) + "\n"


def tables_of(found: Row) -> dict[str, list[Row]]:
    """Return the answers to each question as rows of a table: text, with no column that is empty.

    The first table is that of the multiverse.
    """
    tables: dict[str, list[Row]] = {}
    if found["multiverse"]:
        tables["in how many analyses"] = found["multiverse"]
    for row in found["findings"]:
        for answer in row["answers"]:
            tables.setdefault(answer["question"], []).append(cells_of(answer))
    return {
        title: [
            {name: cell for name, cell in row.items() if any(other[name] != "" for other in rows)}
            for row in rows
        ]
        for title, rows in tables.items()
    }


def cells_of(answer: Row) -> Row:
    """Return an answer, as `as_json` holds it, as a row of a table."""
    low, high = answer["low"], answer["high"]
    return {
        "about": shorter(", ".join(answer["subject"])),
        "method": answer["method"],
        "metric": answer["metric"],
        "effect": answer["statistic"],
        "value": rounded(answer["value"]),
        "95% interval": "" if low is None else f"{rounded(low)} to {rounded(high)}",
        "p": rounded(answer["p"], 2),
        "n": "" if answer["n"] is None else str(answer["n"]),
        "verdict": answer["verdict"],
        "because": answer["reason"],
    }


def rounded(value: float | None, digits: int = 3) -> str:
    """Return a number with a few significant digits; nothing where it is not known."""
    return "" if value is None else f"{value:.{digits}g}"


def as_table(rows: Sequence[Row]) -> str:
    """Return rows as a table in Markdown."""
    names = list(rows[0])
    lines = [
        names,
        ["---"] * len(names),
        *([row[name] for name in names] for row in rows[:MOST_ROWS]),
    ]
    text = "\n".join(
        f"| {' | '.join(str(cell).replace('|', '&#124;') for cell in line)} |" for line in lines
    )
    more = len(rows) - MOST_ROWS
    return f"{text}\n\nAnd {more} more rows in `findings.json`." if more > 0 else text
