"""The multiverse: each conclusion under all methods, metrics, subsets of the images and linkages,
how many of these analyses agree, and the headline that is made of it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from math import isnan

import pandas as pd

from lookalike.compare.redundancy import Representatives
from lookalike.core.types import Row
from lookalike.findings.clades import clades_that_hold, is_tested
from lookalike.findings.dependence import dependence_answers, without_dependence
from lookalike.findings.factors import factor_answers
from lookalike.findings.finding import NO, UNKNOWN, VERDICTS, YES, Answer, Finding, verdict_of
from lookalike.findings.lines import Key, Split, capitalised, listed, shortest_names, split
from lookalike.findings.models import FEWEST_FOR_A_VERDICT, TOO_FEW
from lookalike.findings.structure import QUESTIONS, structure_answers
from lookalike.findings.tables import braces, span

SECTION = "In short"
COLUMNS = (
    *("conclusion", "subject", "method", "metric", "subset", "linkage", "verdict"),
    *("effect", "value", "low", "high", "p", "n", "reason"),
)
CONCLUSIONS = {
    "dependence": "maps depend on the image",
    "main effects": "models differ in how far they are from all others",
    "structure": "beyond that, some are nearer to one another",
    "groups": "models form groups",
}
PLURALS = {
    "method": "methods",
    "metric": "metrics",
    "subset": "subsets of the images",
    "linkage": "linkages of trees",
}
BIASED = "the maps do not depend on the image"

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
    answers = []
    for members in sorted(named, key=lambda one: (-named[one], one)):
        for tree, one in asked.items():
            rows = {tuple(sorted(row.members.split())): row for row in trees[tree].itertuples()}
            row, reason = (
                rows.get(members),
                why_unknown(one, trees[tree], images[tree[:3]], members),
            )
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
            **{name: known(getattr(one, name)) for name in COLUMNS[8:]},
        }
        for one in answers
    ]


def known(value: object) -> object:
    """Return a value, or None where it is NaN."""
    return None if isinstance(value, float) and isnan(value) else value


def by_conclusion(
    answers: Iterable[Answer], stands: Representatives | None = None
) -> dict[tuple[str, tuple[str, ...]], Split]:
    """Return the answers to every question about every subject, metrics of one ranking once."""
    groups: dict[tuple[str, tuple[str, ...]], list[Answer]] = {}
    for one in answers:
        groups.setdefault((one.question, one.subject), []).append(one)
    return {about: split(own, stands) for about, own in groups.items()}


def summarise(asked: Mapping[tuple[str, tuple[str, ...]], Split]) -> list[Row]:
    """Return one row for every conclusion: how many analyses say yes, no, and cannot tell, and by
    name those that do not say what most of them do.
    """
    rows = []
    for (question, subject), own in asked.items():
        few, word = (own.no, "not") if len(own.yes) >= len(own.no) else (own.yes, "only")
        counts = zip(VERDICTS, (own.yes, own.no, own.unknown), strict=True)
        rows.append(
            {
                "conclusion": capitalised(describe(question, subject)),
                **{verdict: len(some) for verdict, some in counts},
                "exceptions": f"{word} for {name_analyses(few, own.every)}" if few else "",
            }
        )
    return rows


def describe(question: str, subject: Sequence[str]) -> str:
    """Return a conclusion as a clause."""
    if question == "clade":
        return f"{braces(subject)} look alike"
    if question == "factor":
        return f"{', '.join(subject)} explains where models look"
    return CONCLUSIONS[question]


def name_analyses(some: Sequence[Answer], among: Sequence[Answer]) -> str:
    """Return some analyses by name: method and metric where all subsets and linkages of these are
    meant, else with these.
    """
    every, meant = by_matrix(among), by_matrix(some)
    whole = [key for key in meant if len(meant[key]) == len(every[key])]
    names = shortest_names(whole, [*every])
    parts = {
        f"{' '.join(key)} ({', '.join(filter(None, (one.subset, one.linkage)))})": None
        for key, own in meant.items()
        if key not in whole
        for one in own
    }
    return listed([*names, *parts])


def by_matrix(answers: Iterable[Answer]) -> dict[Key, list[Answer]]:
    """Return answers by method and metric."""
    found: dict[Key, list[Answer]] = {}
    for one in answers:
        found.setdefault((one.method, one.metric), []).append(one)
    return found


def headline(asked: Mapping[tuple[str, tuple[str, ...]], Split]) -> list[Finding]:
    """Say in at most five lines what is clearest: whether maps depend on the image, whether models
    form groups and which, and what explains them, each with how many of the analyses say so.
    """
    lines = [
        say_how_often(CONCLUSIONS[question], asked[question, ()])
        for question in ("dependence", "main effects", "groups")
        if (question, ()) in asked
    ]
    clades = {subject: own for (question, subject), own in asked.items() if question == "clade"}
    if clades:
        members, own = next(iter(clades.items()))
        more = f"; {len(clades) - 1} other clades in fewer" if len(clades) > 1 else ""
        if len(own.yes) >= len(own.no):
            claim = f"Of these groups, {braces(members)} is named in"
        else:
            claim = f"Which models these groups hold is less sure: {braces(members)} is named in"
        lines.append(f"{claim} {count(own)}{exceptions(own)}{more}")
    elif (groups := asked.get(("groups", ()))) and groups.yes:
        lines[-1] += "; which models they hold is not sure: no clade is named"
    lines += factor_line(
        {subject[0]: own for (question, subject), own in asked.items() if question == "factor"}
    )
    if lines and (what := what_varies(one for own in asked.values() for one in own.every)):
        lines[0] += f" (analyses: {what})"
    return [Finding(SECTION, "headline", f"{line}.") for line in lines]


def say_how_often(claim: str, own: Split) -> str:
    """Return how many analyses make a claim, and which do not."""
    if not own.able:
        reasons = dict.fromkeys(one.reason for one in own.unknown)
        return f"Cannot tell whether {claim}: {listed(reasons, 1)}"
    if not own.yes:
        return f"NO evidence that {claim}: {count(own)}"
    effects = [one.value for one in own.yes if one.value is not None]
    size = f", by {span(effects, '.0%')} of chance" if own.yes[0].question == "dependence" else ""
    return f"{capitalised(claim)} in {count(own)}{size}{exceptions(own)}"


def count(own: Split) -> str:
    """Return how many analyses say yes, of how many that can tell."""
    found, able = len(own.yes), len(own.able)
    untold = f" ({len(own.unknown)} more cannot tell)" if own.unknown else ""
    return f"{'all ' if found == able else f'{found} of '}{able} analyses{untold}"


def what_varies(answers: Iterable[Answer]) -> str:
    """Return in what analyses differ, with how many there are of each."""
    every = list(answers)
    return " x ".join(
        f"{number} {plural}"
        for name, plural in PLURALS.items()
        if (number := len({getattr(one, name) for one in every} - {""})) > 1
    )


def exceptions(own: Split) -> str:
    """Return which analyses do not say what most of them do."""
    if own.yes and own.no:
        few, word = (own.no, "not") if len(own.yes) >= len(own.no) else (own.yes, "only")
        return f"; {word} for {name_analyses(few, own.every)}"
    return ""


def factor_line(factors: Mapping[str, Split]) -> list[str]:
    """Say which factor most analyses find, or that none is found."""
    found = {name: own for name, own in factors.items() if own.yes}
    if found:
        name, own = max(found.items(), key=lambda item: len(item[1].yes))
        others = [f"{other} in {len(one.yes)}" for other, one in found.items() if other != name]
        more = f"; also {listed(others)}" if others else ""
        return [
            f"{capitalised(name)} explains where models look in {count(own)}{exceptions(own)}{more}"
        ]
    none = [name for name, own in factors.items() if own.able]
    untold = [name for name, own in factors.items() if not own.able]
    parts = [f"NO evidence for {listed(none)}"] if none else []
    parts += [f"cannot tell for {listed(untold)}"] if untold else []
    return [f"No factor is shown to explain where models look: {'; '.join(parts)}"] if parts else []
