"""Sentences about clades: which hold."""

from collections.abc import Mapping, Sequence

import pandas as pd

from lookalike.findings.finding import NO, UNKNOWN, YES, Answer, Finding
from lookalike.findings.groups import SECTION, Key
from lookalike.findings.models import FEWEST_FOR_A_VERDICT, TOO_FEW
from lookalike.findings.tables import NamedRow, braces, span
from lookalike.inference.significance import LEVEL

# Clades are named only where this test finds groups.
GATE = "grouping_holm"
# In so many of the resamples a clade must be more than the main effects of its models.
SURE = 0.95
MOST_CLADES = 6
UNTESTED = "no resample of the images has all dissimilarities, or all models are equally near"


def clade_findings(
    clades: Mapping[Key, pd.DataFrame],
    structure: pd.DataFrame,
    images: Mapping[Key, int | None],
    origins: Mapping[str, str],
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
    """
    if structure.empty:
        return []
    findings = []
    for method, rows in structure[structure[GATE] <= LEVEL].groupby("method", sort=False):
        n = {metric: images[method, metric] or 0 for metric in rows["metric"]}
        few = [metric for metric in n if n[metric] < FEWEST_FOR_A_VERDICT]
        untested = [
            metric for metric in n if metric not in few and not is_tested(clades[method, metric])
        ]
        held = {
            metric: clades_that_hold(clades[method, metric], origins)
            for metric in n
            if metric not in (*few, *untested)
        }
        for metrics, reason in ((few, TOO_FEW), (untested, UNTESTED)):
            if metrics:
                text = f"{method}: no verdict on clades under {', '.join(metrics)}: {reason}."
                answers = [
                    Answer("clade", UNKNOWN, method, metric, n=n[metric], reason=reason)
                    for metric in metrics
                ]
                findings.append(Finding(SECTION, "clades", text, tuple(answers)))
        if held:
            numbers = span((n[metric] for metric in held), "d")
            text = f"{method}: {describe_clades(held)} (n = {numbers})."
            answers = [
                answer
                for metric, found in held.items()
                for answer in clade_answers(method, metric, found, n[metric])
            ]
            findings.append(Finding(SECTION, "clades", text, tuple(answers)))
    return findings


def is_tested(clades: pd.DataFrame) -> bool:
    """Return whether any clade of a tree but the root was tested."""
    inner = clades.iloc[:-1]
    return bool((inner["si_holm"].notna() & inner["residual_support"].notna()).any())


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
        if row.si_holm <= LEVEL and row.residual_support >= SURE and within > 1 and not others:
            found[members] = row
    return found


def describe_clades(held: Mapping[str, Mapping[tuple[str, ...], NamedRow]]) -> str:
    """Return the clades of one method, by metric: those first that most metrics share."""
    shared: dict[tuple[str, ...], dict[str, NamedRow]] = {}
    for metric, found in held.items():
        for members, row in found.items():
            shared.setdefault(members, {})[metric] = row
    if not shared:
        return f"no clade of different models is clearer than chance under {', '.join(held)}"
    ordered = sorted(
        shared.items(),
        key=lambda item: (-len(item[1]), min(row.si_holm for row in item[1].values()), item[0]),
    )
    parts = [describe_clade(members, rows) for members, rows in ordered[:MOST_CLADES]]
    rest = len(ordered) - MOST_CLADES
    more = f"; and {rest} more in the tables of the trees" if rest > 0 else ""
    return f"{'; '.join(parts)}{more}"


def describe_clade(members: Sequence[str], rows: Mapping[str, NamedRow]) -> str:
    """Return how near the models of a clade are, by the first metric that has it, and how sure it
    is by all.
    """
    metric, first = next(iter(rows.items()))
    support, p = (
        span((getattr(row, name) for row in rows.values()), form)
        for name, form in (("support", ".0%"), ("si_holm", ".2g"))
    )
    return (
        f"{braces(members)} look alike: mean {metric} {first.within:.2g} within, "
        f"{first.between:.2g} to the others; in {support} of the bootstrap trees, selective "
        f"inference p = {p} (corrected for the clades of a tree) under {', '.join(rows)}"
    )


def clade_answers(
    method: str, metric: str, found: Mapping[tuple[str, ...], NamedRow], n: int
) -> list[Answer]:
    """Return which clades hold under one metric."""
    return [
        Answer("clade", YES, method, metric, members, "support", row.support, p=row.si_holm, n=n)
        for members, row in found.items()
    ] or [Answer("clade", NO, method, metric, n=n)]
