"""Sentences about groups of models: which clades and communities are stable."""

from collections.abc import Collection, Mapping, Sequence

import pandas as pd

from lookalike.findings.finding import NO, UNKNOWN, YES, Answer, Finding, verdict_of
from lookalike.findings.models import FEWEST_FOR_A_VERDICT, TOO_FEW
from lookalike.findings.tables import braces, span
from lookalike.groups.partitions import EVERY_RESOLUTION
from lookalike.inference.significance import LEVEL

SECTION = "Groups"
# A clade is stable if this share of the bootstrap trees has it.
STABLE = 0.95
MOST_CLADES = 6
NOT_COMPARED = "a user-supplied matrix is not compared with chance"

# Method and metric of a matrix.
Key = tuple[str, str]


def clade_findings(
    clades: Mapping[Key, pd.DataFrame],
    structure: pd.DataFrame,
    images: Mapping[Key, int | None],
    origins: Mapping[str, str],
) -> list[Finding]:
    """Say which clades the bootstrap trees share, where there are groups.

    Parameters
    ----------
    clades : mapping
        From (method, metric) to the clades of its tree, `support-LINKAGE.csv`.
    structure : DataFrame
        `inference/structure.csv`, for one subset of the images. Where there are no
        groups, no clade is named, however often it appears.
    images : mapping
        From (method, metric) to the smallest number of images behind a dissimilarity.
    origins : mapping
        From a model to its original if it is a replicate or a pruned variant, otherwise to itself.
        That these are alike is no finding.
    """
    if structure.empty:
        return []
    findings = []
    for method, rows in structure[structure["grouping_holm"] <= LEVEL].groupby(
        "method", sort=False
    ):
        n = {metric: images[method, metric] or 0 for metric in rows["metric"]}
        few = [metric for metric in n if n[metric] < FEWEST_FOR_A_VERDICT]
        stable = {
            metric: stable_clades(clades[method, metric], origins)
            for metric in n
            if metric not in few
        }
        if few:
            text = f"{method}: no verdict on clades under {', '.join(few)}: {TOO_FEW}."
            answers = [
                Answer("clade", UNKNOWN, method, metric, n=n[metric], reason=TOO_FEW)
                for metric in few
            ]
            findings.append(Finding(SECTION, "clades", text, tuple(answers)))
        if stable:
            text = f"{method}: {describe_clades(stable)}."
            answers = [
                answer
                for metric, found in stable.items()
                for answer in clade_answers(method, metric, found, n[metric])
            ]
            findings.append(Finding(SECTION, "clades", text, tuple(answers)))
    return findings


def stable_clades(clades: pd.DataFrame, origins: Mapping[str, str]) -> dict[tuple[str, ...], float]:
    """Return the stable clades of more than one original model, and the share of the trees that
    have them.
    """
    found = {}
    # The last clade is the root, which is in all trees.
    for row in clades[:-1].itertuples():
        members = tuple(sorted(row.members.split()))
        if row.support >= STABLE and len({origins[name] for name in members}) > 1:
            found[members] = row.support
    return found


def describe_clades(stable: Mapping[str, Mapping[tuple[str, ...], float]]) -> str:
    """Return the stable clades of one method, by metric: those first that most metrics share."""
    shared: dict[tuple[str, ...], list[tuple[float, str]]] = {}
    for metric, found in stable.items():
        for members, support in found.items():
            shared.setdefault(members, []).append((support, metric))
    if not shared:
        return (
            f"no clade of different models is in {STABLE:.0%} of the bootstrap trees under "
            f"{', '.join(stable)}"
        )
    ordered = sorted(shared.items(), key=lambda item: (-len(item[1]), -max(item[1])[0], item[0]))
    parts = [
        f"{braces(members)} {span_under(own, '.0%')}" for members, own in ordered[:MOST_CLADES]
    ]
    rest = len(ordered) - MOST_CLADES
    more = f"; and {rest} more in the dendrograms" if rest > 0 else ""
    return f"stable clades, by their share of the bootstrap trees: {'; '.join(parts)}{more}"


def clade_answers(
    method: str, metric: str, found: Mapping[tuple[str, ...], float], n: int
) -> list[Answer]:
    """Return which clades are stable under one metric."""
    return [
        Answer("clade", YES, method, metric, members, "support", support, n=n)
        for members, support in found.items()
    ] or [Answer("clade", NO, method, metric, n=n)]


def community_findings(
    communities: Mapping[Key, pd.DataFrame],
    structure: pd.DataFrame,
    images: Mapping[Key, int | None],
    given: Collection[Key] = (),
) -> list[Finding]:
    """Say which communities are the consensus of the partitions of all resolutions, seeds and
    resamples, where groups are clearer than chance, or where that cannot be tested.

    Parameters
    ----------
    communities : mapping
        From (method, metric) to its `communities.csv`.
    structure : DataFrame
        `inference/structure.csv`, for one subset of the images.
    images : mapping
        From (method, metric) to the smallest number of images behind a dissimilarity; None where it
        is not known.
    given : collection of (method, metric)
        User-supplied matrices, for which there is no test of structure.
    """
    clear = [] if structure.empty else structure[structure["grouping_holm"] <= LEVEL].itertuples()
    by_method: dict[tuple[str, bool], list[str]] = {}
    for method, metric in [*((row.method, row.metric) for row in clear), *given]:
        by_method.setdefault((method, (method, metric) in given), []).append(metric)
    findings = []
    for (method, untested), metrics in by_method.items():
        found = {
            metric: consensus_of(communities[method, metric])
            for metric in metrics
            if (n := images[method, metric]) is None or n >= FEWEST_FOR_A_VERDICT
        }
        shared: dict[tuple[str, ...], list[tuple[float, str]]] = {}
        for metric, (partition, stability) in found.items():
            shared.setdefault(partition, []).append((stability, metric))
        parts = [
            f"{' and '.join(partition) or 'no stable communities'} "
            f"(stability {span_under(own, '.2f')})"
            for partition, own in shared.items()
        ]
        if parts:
            over = " over resolutions and seeds alone, not compared with chance" if untested else ""
            text = f"{method}: consensus communities{over}: {'; '.join(parts)}."
            answers = [
                Answer(
                    "communities",
                    verdict_of(bool(partition), able=not untested),
                    method,
                    metric,
                    partition,
                    "stability",
                    stability,
                    n=images[method, metric],
                    reason=NOT_COMPARED if untested else "",
                )
                for metric, (partition, stability) in found.items()
            ]
            findings.append(Finding(SECTION, "communities", text, tuple(answers)))
    return findings


def consensus_of(communities: pd.DataFrame) -> tuple[tuple[str, ...], float]:
    """Return the consensus communities of a matrix, none where all models are in one, and their
    stability.
    """
    consensus = communities[communities["resolution"] == EVERY_RESOLUTION]
    found = tuple(braces(own["model"]) for _, own in consensus.groupby("community"))
    return found if len(found) > 1 else (), consensus["stability"].iloc[0]


def span_under(found: Sequence[tuple[float, str]], form: str) -> str:
    """Return what several metrics give, as pairs of a number and a metric, as text."""
    return (
        f"{span((number for number, _ in found), form)} under "
        f"{', '.join(metric for _, metric in found)}"
    )


def left_out_findings(
    matrices: Mapping[Key, Sequence[str]], communities: Mapping[Key, pd.DataFrame]
) -> list[Finding]:
    """Say which models are in no group because their dissimilarities are unknown.

    Parameters
    ----------
    matrices : mapping
        From (method, metric) to the names of its models.
    communities : mapping
        From (method, metric) to its `communities.csv`.
    """
    findings = []
    for (method, metric), names in matrices.items():
        grouped = set(communities[method, metric]["model"])
        if missing := [name for name in names if name not in grouped]:
            text = (
                f"{method}, {metric}: {', '.join(missing)} cannot be grouped: dissimilarities are "
                "unknown."
            )
            findings.append(Finding(SECTION, "left out", text))
    return findings
