"""The lead: what a run says in one sentence, and the analysis that shows it best."""

from collections.abc import Mapping, Sequence
from math import inf

import numpy as np

from lookalike.core.types import Row
from lookalike.findings.finding import YES, Answer
from lookalike.findings.headline import Conclusion
from lookalike.findings.lines import Split

# A sentence that is read at a glance; of a long reason, and of many models, its beginning is shown.
MOST_WORDS, MOST_OF_REASON, MOST_MODELS = 30, 16, 5

# Method, metric, subset.
Matrix = tuple[str, str, str]


def lead(
    asked: Mapping[Conclusion, Split],
    matrices: Mapping[Matrix, tuple[np.ndarray, Sequence[str]]],
    origins: Mapping[str, str],
) -> Row:
    """Return what the report begins with.

    Parameters
    ----------
    asked : mapping
        Answers by question and subject, of `headline.by_conclusion`.
    matrices : mapping
        From the (method, metric, subset) of each matrix to its values (m, m) and its names; those
        that the findings use.
    origins : mapping
        From a model to its original if it is a replicate or a pruned variant, otherwise to itself.

    Returns
    -------
    dict
        `sentence`, of at most 30 words; `matrix`, the (method, metric, subset) in which it is
        clearest, or None; and `members`, the models that it names as a group.
    """
    clades = {subject: own for (question, subject), own in asked.items() if question == "clade"}
    groups = asked.get(("groups", ()))
    depends = asked.get(("dependence", ()))
    members, clade = next(iter(clades.items()), ((), None))
    named = members if clade and is_found(clade) and groups and groups.yes else ()
    found = clade.yes if clade and named else ()
    shown = clearest(found, matrices) or clearest(groups.yes if groups else (), matrices)
    shown = (
        shown or clearest(depends.yes if depends else (), matrices) or next(iter(matrices), None)
    )
    if not shown:
        return {"sentence": "No models are compared here.", "matrix": None, "members": []}
    if depends and depends.able and not depends.yes:
        text = unknown("nothing shows that the maps depend on the image")
    elif groups is None:
        near = nearest(*matrices[shown], origins)
        text = f"Whether groups are real cannot be told from a matrix alone{near}."
    elif not groups.able:
        text = unknown(min((one.reason for one in groups.unknown), key=len))
    elif not groups.yes:
        text = f"There are no groups of models that look alike, in {all_of(len(groups.no))}."
    else:
        text = f"{about_groups(groups, members, clade, count_others(clades))}."
    return {"sentence": text, "matrix": list(shown), "members": list(named)}


def clearest(answers: Sequence[Answer], matrices: Mapping[Matrix, object]) -> Matrix | None:
    """Return the matrix of the answer that says yes most clearly: clades before groups, by p; else
    by the size of the effect.
    """
    able = [one for one in answers if one.verdict == YES and matrix_of(one) in matrices]
    ordered = sorted(
        able,
        key=lambda one: (
            one.question != "clade",
            inf if one.p is None else one.p,
            -(one.value or 0),
        ),
    )
    return matrix_of(ordered[0]) if ordered else None


def matrix_of(answer: Answer) -> Matrix:
    """Return method, metric and subset of an answer."""
    return answer.method, answer.metric, answer.subset


def unknown(reason: str) -> str:
    """Return that nothing can be told, and why."""
    words = reason.split()
    short = " ".join(words[:MOST_OF_REASON]) + ("…" if len(words) > MOST_OF_REASON else "")
    return f"Which models look alike cannot be told: {short}."


def count_others(clades: Mapping[tuple[str, ...], Split]) -> int:
    """Return how many clades but the first are found by at least half of the analyses."""
    return sum(is_found(own) for own in [*clades.values()][1:])


def is_found(clade: Split) -> bool:
    """Return whether at least half of the analyses that can tell find a clade."""
    return bool(clade.yes) and 2 * len(clade.yes) >= len(clade.able)


def about_groups(groups: Split, members: Sequence[str], clade: Split | None, others: int) -> str:
    """Return how many analyses find groups, and which; and how many other clades they find."""
    share = of_analyses(len(groups.yes), len(groups.able))
    if not clade or not clade.yes:
        return f"Models form groups in {share}, but which models they hold is not sure"
    if is_found(clade):
        share = of_analyses(len(clade.yes), len(clade.able))
        more = {0: "", 1: "; so does 1 other group"}.get(others, f"; so do {others} other groups")
        return f"{listed(members)} look alike, more than by chance, in {share}{more}"
    return (
        f"Models form groups in {share}, but which models they hold is not sure: no group is found "
        f"in more than {len(clade.yes)} of {len(clade.able)}"
    )


def of_analyses(some: int, every: int) -> str:
    """Return how many analyses, of those that can tell."""
    return all_of(every) if some == every else f"{some} of {every} analyses"


def all_of(every: int) -> str:
    """Return all analyses, with their number."""
    return "the only analysis" if every == 1 else f"all {every} analyses"


def listed(names: Sequence[str]) -> str:
    """Return names as a list; of many, the first."""
    if len(names) > MOST_MODELS:
        return f"{', '.join(names[: MOST_MODELS - 1])} and {len(names) - MOST_MODELS + 1} more"
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def nearest(values: np.ndarray, names: Sequence[str], origins: Mapping[str, str]) -> str:
    """Return which two independent models are nearest, as the end of a sentence; nothing where that
    is not known.
    """
    rows, columns = np.triu_indices(len(names), 1)
    pairs = [
        (values[row, column], names[row], names[column])
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True)
        if origins.get(names[row], names[row]) != origins.get(names[column], names[column])
        and np.isfinite(values[row, column])
    ]
    if len(pairs) < 2:
        return ""
    _, one, other = min(pairs)
    return f"; nearest are {one} and {other}"
