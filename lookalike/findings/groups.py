"""Groups of models: which communities describe them, and which models are in none."""

from collections.abc import Collection, Mapping, Sequence

import pandas as pd

from lookalike.compare.redundancy import Representatives
from lookalike.findings.finding import Answer, Finding, verdict_of
from lookalike.findings.lines import Key, listed, name_keys, name_matrices, split
from lookalike.findings.models import FEWEST_FOR_A_VERDICT
from lookalike.findings.tables import braces, shorter, span
from lookalike.groups.partitions import EVERY_RESOLUTION
from lookalike.inference.significance import LEVEL

SECTION = "Groups"
NOT_COMPARED = "a user-supplied matrix is not compared with chance"
MOST_PARTITIONS = 3


def community_findings(
    communities: Mapping[Key, pd.DataFrame],
    structure: pd.DataFrame,
    images: Mapping[Key, int | None],
    given: Collection[Key] = (),
    stands: Representatives | None = None,
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
    stands : mapping, optional
        Metrics of one ranking, as of `read_representatives`.
    """
    clear = [] if structure.empty else structure[structure["grouping_holm"] <= LEVEL].itertuples()
    answers = []
    for key in [*((row.method, row.metric) for row in clear), *given]:
        n, untested = images[key], key in given
        if n is None or n >= FEWEST_FOR_A_VERDICT:
            partition, stability = consensus_of(communities[key])
            verdict = verdict_of(bool(partition), able=not untested)
            reason = NOT_COMPARED if untested else ""
            answers.append(
                Answer(
                    "communities",
                    verdict,
                    *key,
                    partition,
                    "stability",
                    stability,
                    n=n,
                    reason=reason,
                )
            )
    asked = split(answers, stands)
    parts = [
        f"{claim}: {describe_partitions(own)}"
        for claim, own in (
            ("Communities describe these groups, and are no test", asked.able),
            (
                "Consensus communities of user-supplied matrices, over resolutions and seeds "
                "alone, not compared with chance",
                asked.unknown,
            ),
        )
        if own
    ]
    return (
        [Finding(SECTION, "communities", f"{'. '.join(parts)}.", tuple(answers))] if parts else []
    )


def describe_partitions(answers: Sequence[Answer]) -> str:
    """Return the partitions of some matrices, those first that most of them share."""
    shared: dict[tuple[str, ...], list[Answer]] = {}
    for one in answers:
        shared.setdefault(one.subject, []).append(one)
    ordered = sorted(shared.items(), key=lambda item: -len(item[1]))
    parts = [
        f"{' and '.join(map(shorter, partition)) or 'no stable communities'} for "
        f"{name_matrices(own, answers)} "
        f"(stability {span((one.value for one in own if one.value is not None), '.2f')})"
        for partition, own in ordered
    ]
    return listed(parts, MOST_PARTITIONS, "; ")


def consensus_of(communities: pd.DataFrame) -> tuple[tuple[str, ...], float]:
    """Return the consensus communities of a matrix, none where all models are in one, and their
    stability.
    """
    consensus = communities[communities["resolution"] == EVERY_RESOLUTION]
    found = tuple(braces(own["model"]) for _, own in consensus.groupby("community"))
    return found if len(found) > 1 else (), consensus["stability"].iloc[0]


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
    lacking: dict[tuple[str, ...], list[Key]] = {}
    for key, names in matrices.items():
        grouped = set(communities[key]["model"])
        if missing := tuple(name for name in names if name not in grouped):
            lacking.setdefault(missing, []).append(key)
    if not lacking:
        return []
    parts = [f"{listed(names)} for {name_keys(own, matrices)}" for names, own in lacking.items()]
    text = f"Not grouped, since dissimilarities are unknown: {listed(parts, between='; ')}."
    return [Finding(SECTION, "left out", text)]
