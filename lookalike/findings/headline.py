"""The headline: how many analyses of the multiverse agree on each conclusion, and which do not."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from lookalike.compare.redundancy import Representatives
from lookalike.core.types import Row
from lookalike.findings.finding import VERDICTS, Answer, Finding
from lookalike.findings.lines import Key, Split, capitalised, listed, shortest_names, split
from lookalike.findings.tables import braces, shorter, span

SECTION = "In short"
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

# A question, and what it is about.
Conclusion = tuple[str, tuple[str, ...]]


def by_conclusion(
    answers: Iterable[Answer], stands: Representatives | None = None
) -> dict[Conclusion, Split]:
    """Return the answers to every question about every subject, metrics of one ranking once."""
    groups: dict[Conclusion, list[Answer]] = {}
    for one in answers:
        groups.setdefault((one.question, one.subject), []).append(one)
    return {about: split(own, stands) for about, own in groups.items()}


def without_nulls(answers: Sequence[Answer], blind: Collection[str]) -> list[Answer]:
    """Return the answers about methods whose maps depend on the model; all, where there are no
    such. What null methods say is no evidence about models.
    """
    return [one for one in answers if one.method not in blind] or [*answers]


def summarise(asked: Mapping[Conclusion, Split]) -> list[Row]:
    """Return one row for every conclusion: how many analyses say yes, no, and cannot tell, and by
    name those that do not say what most of them do.
    """
    rows = []
    for (question, subject), own in asked.items():
        counts = zip(VERDICTS, (own.yes, own.no, own.unknown), strict=True)
        rows.append(
            {
                "conclusion": capitalised(describe(question, subject)),
                **{verdict: len(some) for verdict, some in counts},
                "exceptions": exceptions(own).removeprefix("; "),
            }
        )
    return rows


def describe(question: str, subject: Sequence[str]) -> str:
    """Return a conclusion as a clause."""
    if question == "clade":
        return f"{shorter(braces(subject))} look alike"
    if question == "factor":
        return f"the factor {', '.join(subject)} explains where models look"
    return CONCLUSIONS[question]


def name_analyses(some: Sequence[Answer], among: Sequence[Answer]) -> str:
    """Return some analyses by name: method and metric where all subsets and linkages of these are
    meant, else with these.
    """
    every, meant = by_matrix(among), by_matrix(some)
    whole = [key for key in meant if len(meant[key]) == len(every[key])]
    names = shortest_names(whole, [*every])
    parts = {
        f"{' '.join(key)} ({', '.join(filter(None, which_of(one, own, every[key])))})": None
        for key, own in meant.items()
        if key not in whole
        for one in own
    }
    return listed([*names, *parts])


def which_of(one: Answer, some: Sequence[Answer], among: Sequence[Answer]) -> tuple[str, str]:
    """Return the subset of an analysis of a matrix, and the linkage where not all are meant."""
    meant, every = (
        [other for other in answers if other.subset == one.subset] for answers in (some, among)
    )
    return one.subset, "" if len(meant) == len(every) else one.linkage


def by_matrix(answers: Iterable[Answer]) -> dict[Key, list[Answer]]:
    """Return answers by method and metric."""
    found: dict[Key, list[Answer]] = {}
    for one in answers:
        found.setdefault((one.method, one.metric), []).append(one)
    return found


def headline_findings(asked: Mapping[Conclusion, Split]) -> list[Finding]:
    """Say in at most five lines what is clearest: whether maps depend on the image, whether models
    form groups and which, and what explains them, each with how many of the analyses say so.
    """
    first = [one for one in ("dependence", "main effects", "groups") if (one, ()) in asked]
    lines = [say_how_often(CONCLUSIONS[question], asked[question, ()]) for question in first]
    clades = {subject: own for (question, subject), own in asked.items() if question == "clade"}
    if clades:
        members, own = next(iter(clades.items()))
        others = f"{len(clades) - 1} other clade{'s are' if len(clades) > 2 else ' is'}"
        more = f"; {others} named too" if len(clades) > 1 else ""
        if len(own.yes) >= len(own.no):
            claim = f"Of these groups, {shorter(braces(members))} is named in"
        else:
            claim = (
                f"Which models these groups hold is less sure: {shorter(braces(members))} is "
                "named in"
            )
        linkages = len({one.linkage for one in own.every})
        by = f", by {linkages} linkages of trees" if linkages > 1 else ""
        lines.append(f"{claim} {count(own)}{by}{exceptions(own)}{more}")
    elif (groups := asked.get(("groups", ()))) and groups.yes:
        lines[-1] += "; which models they hold is not sure: no clade is named"
    lines += factor_line(
        {subject[0]: own for (question, subject), own in asked.items() if question == "factor"}
    )
    if first and (what := what_varies(asked[first[0], ()].every)):
        lines[0] += f"; analyses are by {what}"
    return [Finding(SECTION, "headline", f"{line}.") for line in lines]


def say_how_often(claim: str, own: Split) -> str:
    """Return how many analyses make a claim, and which do not."""
    if not own.able:
        reason, *others = dict.fromkeys(one.reason for one in own.unknown)
        more = f", and {len(others)} other reason{'s' * (len(others) > 1)}" if others else ""
        return f"Cannot tell whether {claim}: {reason}{more}"
    if not own.yes:
        return f"NO evidence that {claim} in {count(own)}"
    effects = [one.value for one in own.yes if one.value is not None]
    size = f", by {span(effects, '.0%')} of chance" if own.yes[0].question == "dependence" else ""
    return f"{capitalised(claim)} in {count(own)}{size}{exceptions(own)}"


def count(own: Split) -> str:
    """Return in how many analyses, of those that can tell, something is found or was looked for."""
    found, able = len(own.yes), len(own.able)
    if able == 1:
        of = f" of {len(own.every)} that can tell" if own.unknown else ""
        return f"the only analysis{of}"
    untold = f" ({len(own.unknown)} more cannot tell)" if own.unknown else ""
    share = "all" if found == able else f"{found or 'any'} of"
    return f"{share} {able} analyses{untold}"


def what_varies(answers: Iterable[Answer]) -> str:
    """Return in what analyses differ, with how many there are of each."""
    every = list(answers)
    return ", ".join(
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
            f"The factor {name} explains where models look in {count(own)}{exceptions(own)}{more}"
        ]
    none = [name for name, own in factors.items() if own.able]
    untold = [name for name, own in factors.items() if not own.able]
    parts = [f"NO evidence for {listed(none)}"] if none else []
    parts += [f"cannot tell for {listed(untold)}"] if untold else []
    return [f"No factor is shown to explain where models look: {'; '.join(parts)}"] if parts else []
