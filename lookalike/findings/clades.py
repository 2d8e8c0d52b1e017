"""Clades: which hold."""

from collections.abc import Mapping, Sequence

import pandas as pd

from lookalike.compare.redundancy import Representatives
from lookalike.findings.finding import NO, UNKNOWN, YES, Answer, Finding
from lookalike.findings.groups import SECTION
from lookalike.findings.lines import (
    Key,
    cannot_tell,
    capitalised,
    evidence,
    n_of,
    name_matrices,
    split,
)
from lookalike.findings.models import FEWEST_FOR_A_VERDICT, TOO_FEW
from lookalike.findings.tables import NamedRow, braces, shorter
from lookalike.inference.significance import LEVEL

# Clades are named only where this test finds groups.
GATE = "grouping_holm"
MOST_CLADES = 4
UNTESTED = (
    "too few resamples of the images have all dissimilarities, or all models are equally near"
)


def clade_findings(
    clades: Mapping[Key, pd.DataFrame],
    structure: pd.DataFrame,
    images: Mapping[Key, int | None],
    origins: Mapping[str, str],
    stands: Representatives | None = None,
) -> list[Finding]:
    """Say which clades hold, where there are groups.

    Parameters
    ----------
    clades : mapping
        From (method, metric) to the clades of its tree, `support-LINKAGE.csv`.
    structure : DataFrame
        `inference/structure.csv`, for one subset of the images. Where there are no groups, no clade
        is named, whatever its own test says.
    images : mapping
        From (method, metric) to the smallest number of images behind a dissimilarity.
    origins : mapping
        From a model to its original if it is a replicate or a pruned variant, otherwise to itself.
        That these are alike is no finding.
    stands : mapping, optional
        Metrics of one ranking, as of `read_representatives`.
    """
    grouped = [] if structure.empty else structure[structure[GATE] <= LEVEL].itertuples()
    answers = [
        answer
        for key in ((row.method, row.metric) for row in grouped)
        for answer in tree_answers(key, clades[key], images[key], origins)
    ]
    if not answers:
        return []
    asked = split(answers, stands)
    by_clade: dict[tuple[str, ...], list[Answer]] = {}
    for one in asked.yes:
        by_clade.setdefault(one.subject, []).append(one)
    able = len({(one.method, one.metric) for one in asked.able})
    parts = []
    if by_clade:
        parts.append(describe_clades(by_clade, clades, able))
        if asked.no:
            where = name_matrices(asked.no, asked.every)
            parts.append(f"no clade is sure by itself for {where}")
    elif asked.no:
        parts.append(
            "which models form these groups is not sure: no clade of different models is clearer "
            f"than chance by itself in {share(able, able)} with groups ({n_of(asked.no)})"
        )
    parts += cannot_tell(asked, " which clades hold")
    return [Finding(SECTION, "clades", f"{capitalised('; '.join(parts))}.", tuple(answers))]


def tree_answers(
    key: Key, clades: pd.DataFrame, images: int | None, origins: Mapping[str, str]
) -> list[Answer]:
    """Return which clades of a tree hold, of a matrix with groups."""
    n = images or 0
    if n < FEWEST_FOR_A_VERDICT or not is_tested(clades):
        reason = TOO_FEW if n < FEWEST_FOR_A_VERDICT else UNTESTED
        return [Answer("clade", UNKNOWN, *key, n=n, reason=reason)]
    return [
        Answer("clade", YES, *key, members, "support", row.support, p=row.si_holm, n=n)
        for members, row in clades_that_hold(clades, origins).items()
    ] or [Answer("clade", NO, *key, n=n)]


def is_tested(clades: pd.DataFrame) -> bool:
    """Return whether any clade of a tree but the root was tested."""
    inner = clades.iloc[:-1]
    return bool((inner["si_p"].notna() & inner["residual_holm"].notna()).any())


def clades_that_hold(
    clades: pd.DataFrame, origins: Mapping[str, str]
) -> dict[tuple[str, ...], NamedRow]:
    """Return the clades of more than one original model that hold beyond chance and beyond main
    effects, from their sorted members.
    """
    *inner, root = clades.itertuples()
    models = root.members.split()
    found = {}
    for node, row in enumerate(inner, len(models)):
        members = tuple(sorted(row.members.split()))
        within, outside = (
            len({origins[name] for name in names})
            for names in (members, set(models).difference(members))
        )
        # Where the tree parts one model or two from all others, those others are no clade: what is
        # known is that the one is far, or that the two are near.
        others = node in (root.left, root.right) and outside <= 2 and within >= 2 * outside
        if row.si_holm <= LEVEL and within > 1 and not others:
            found[members] = row
    return found


def describe_clades(
    found: Mapping[tuple[str, ...], Sequence[Answer]],
    clades: Mapping[Key, pd.DataFrame],
    able: int,
) -> str:
    """Return the clades that hold: those first that most matrices share, the first with its
    numbers.
    """
    (first, answers), *others = sorted(
        found.items(), key=lambda item: (-len(item[1]), min(one.p or 0 for one in item[1]), item[0])
    )
    shown = min(answers, key=lambda one: one.p or 0)
    table = clades[shown.method, shown.metric]
    (row,) = (row for row in table.itertuples() if tuple(sorted(row.members.split())) == first)
    text = (
        f"{shorter(braces(first))} look alike in {share(len(answers), able)} with groups: "
        f"mean {shown.metric} {row.within:.2g} within, {row.between:.2g} to the others, in "
        f"{shown.value:.0%} of the bootstrap trees (selective inference corrected for the clades "
        f"beyond main effects: {evidence(shown, answers)})"
    )
    if others:
        named = ", ".join(
            f"{shorter(braces(members))} in {len(own)}"
            for members, own in others[: MOST_CLADES - 1]
        )
        more = len(others) - MOST_CLADES + 1
        text += f"; so do {named}" + (f", and {more} more clades" if more > 0 else "")
    return text


def share(some: int, able: int) -> str:
    """Return how many of some matrices as text."""
    if able == 1:
        return "the one matrix"
    return f"all {able} matrices" if some == able else f"{some} of the {able} matrices"
