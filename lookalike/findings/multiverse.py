"""The multiverse: each conclusion under all methods, metrics, subsets of the images and linkages,
as one table.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import pandas as pd

from lookalike.core.types import Row
from lookalike.findings.clades import clades_that_hold, is_tested
from lookalike.findings.dependence import dependence_answers, without_dependence
from lookalike.findings.factors import factor_answers
from lookalike.findings.finding import NO, UNKNOWN, YES, Answer, none_if_nan, verdict_of
from lookalike.findings.models import FEWEST_FOR_A_VERDICT, TOO_FEW
from lookalike.findings.structure import QUESTIONS, structure_answers
from lookalike.findings.tables import braces

COLUMNS = (
    *("conclusion", "subject", "method", "metric", "subset", "linkage", "verdict"),
    *("effect", "value", "low", "high", "p", "n", "reason"),
)
BIASED = "there is no evidence that the maps depend on the image"

# Method, metric, subset; and linkage.
Tree = tuple[str, str, str, str]


def multiverse_answers(
    structure: pd.DataFrame,
    factors: pd.DataFrame,
    trees: Mapping[Tree, pd.DataFrame],
    images: Mapping[tuple[str, str, str], int | None],
    origins: Mapping[str, str],
) -> list[Answer]:
    """Return what every analysis says about every conclusion.

    Parameters
    ----------
    structure, factors : DataFrame
        `inference/structure.csv` and `factors.csv`, for all subsets of the images.
    trees : mapping
        From (method, metric, subset, linkage) to the clades of that tree, `support-LINKAGE.csv`.
    images : mapping
        From (method, metric, subset) to the smallest number of images behind a dissimilarity.
    origins : mapping
        From a model to its original if it is a replicate or a pruned variant, otherwise to itself.

    Returns
    -------
    list of Answer
        With subset, and linkage where a tree is asked. A clade is asked of all trees if one names
        it. Where maps do not depend on the image, nothing else can be told.
    """
    found: list[Answer] = []
    biased: set[tuple[str, str, str]] = set()
    if len(structure):
        for subset, rows in structure.groupby("subset", sort=False):
            biased |= {(*key, str(subset)) for key in without_dependence(rows)}
        found += structure_answers(structure, [*QUESTIONS])
    if len(factors):
        for _, rows in factors.groupby(["subset", "planned", "factor"], sort=False, dropna=False):
            planned = "" if rows["planned"].isna().any() else " (planned)"
            found += factor_answers(f"{rows['factor'].iloc[0]}{planned}", rows)
    groups = {key_of(one): one for one in found if one.question == "groups"}
    groups = {key: blank(one) if key in biased else one for key, one in groups.items()}
    found += clade_answers(groups, trees, images, origins)
    return [
        *(dependence_answers(structure) if len(structure) else ()),
        *(blank(one) if key_of(one) in biased else one for one in found),
    ]


def key_of(answer: Answer) -> tuple[str, str, str]:
    """Return method, metric and subset of an answer."""
    return answer.method, answer.metric, answer.subset


def blank(answer: Answer) -> Answer:
    """Return an answer about a matrix whose maps do not depend on the image."""
    return replace(answer, verdict=UNKNOWN, reason=BIASED, value=None, low=None, high=None, p=None)


def clade_answers(
    groups: Mapping[tuple[str, str, str], Answer],
    trees: Mapping[Tree, pd.DataFrame],
    images: Mapping[tuple[str, str, str], int | None],
    origins: Mapping[str, str],
) -> list[Answer]:
    """Return for every tree, and every clade that one of them names, whether it names it too; those
    first that most of them name.
    """
    # The last of three is the linkage.
    asked = {tree: groups[tree[:3]] for tree in trees if tree[:3] in groups}
    held = {
        tree: (
            clades_that_hold(trees[tree], origins)
            if one.verdict == YES and (images[tree[:3]] or 0) >= FEWEST_FOR_A_VERDICT
            else {}
        )
        for tree, one in asked.items()
    }
    named: dict[tuple[str, ...], int] = {}
    for found in held.values():
        for members in found:
            named[members] = named.get(members, 0) + 1
    rows = {
        tree: {tuple(sorted(row.members.split())): row for row in trees[tree].itertuples()}
        for tree in (asked if named else ())
    }
    answers = []
    for members in sorted(named, key=lambda one: (-named[one], one)):
        for tree, one in asked.items():
            row = rows[tree].get(members)
            reason = why_unknown(one, trees[tree], images[tree[:3]], members)
            answers.append(
                Answer(
                    "clade",
                    verdict_of(members in held[tree], able=not reason),
                    tree[0],
                    tree[1],
                    members,
                    "support",
                    None if row is None else row.support,
                    p=None if row is None else row.si_holm,
                    n=images[tree[:3]],
                    reason=reason,
                    subset=tree[2],
                    linkage=tree[3],
                )
            )
    return answers


def why_unknown(
    groups: Answer, clades: pd.DataFrame, images: int | None, members: Sequence[str]
) -> str:
    """Return why a tree cannot tell whether a clade holds; empty if it can. Where there are no
    groups, there is no clade.
    """
    if groups.verdict == UNKNOWN:
        return groups.reason
    if not set(members) <= set(clades["members"].iloc[-1].split()):
        return "not all of these models are in the matrix"
    if groups.verdict == NO:
        return ""
    if (images or 0) < FEWEST_FOR_A_VERDICT:
        return TOO_FEW
    return "" if is_tested(clades) else "no clade could be tested"


def as_rows(answers: Iterable[Answer]) -> list[Row]:
    """Return answers as the rows of `multiverse.csv`."""
    return [
        {
            "conclusion": one.question,
            "subject": braces(one.subject) if one.question == "clade" else ", ".join(one.subject),
            **{name: getattr(one, name) for name in COLUMNS[2:7]},
            "effect": one.statistic,
            **{name: none_if_nan(getattr(one, name)) for name in COLUMNS[8:]},
        }
        for one in answers
    ]
