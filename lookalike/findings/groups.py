"""Sentences about groups of models: which communities are stable."""

from collections.abc import Collection, Mapping, Sequence

import pandas as pd

from lookalike.findings.finding import Answer, Finding, verdict_of
from lookalike.findings.models import FEWEST_FOR_A_VERDICT
from lookalike.findings.tables import braces, span
from lookalike.groups.partitions import EVERY_RESOLUTION
from lookalike.inference.significance import LEVEL

SECTION = "Groups"
NOT_COMPARED = "a user-supplied matrix is not compared with chance"

# Method and metric of a matrix.
Key = tuple[str, str]


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
