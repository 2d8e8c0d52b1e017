"""Partitions of models: their agreement, and how communities are numbered."""

from collections.abc import Iterator, Sequence

import numpy as np

from lookalike.core.types import Row

# The resolution under which the consensus of all resolutions appears in tables.
EVERY_RESOLUTION = "all"
# Partitions at a time at most, so that those of a hundred models fit into memory.
AT_ONCE = 1000
MOST_CELLS = 5_000_000


def pairs_together(partitions: np.ndarray) -> Iterator[np.ndarray]:
    """Yield which pairs of models are in one community, for some of the partitions (R, m) at a
    time: bool, (r, pairs).
    """
    rows, columns = np.triu_indices(partitions.shape[1], 1)
    step = max(1, min(AT_ONCE, MOST_CELLS // max(1, len(rows))))
    for start in range(0, len(partitions), step):
        some = partitions[start : start + step]
        yield some[:, rows] == some[:, columns]


def rand_indices(partitions: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Return the adjusted Rand index (R,) of every partition (R, m) with a reference (m,).

    It is 1 if they are equal, and 0 on average by chance.

    References
    ----------
    Hubert and Arabie 1985, doi:10.1007/BF01908075
    """
    theirs = next(pairs_together(reference[None]))[0]
    counts = [
        (np.count_nonzero(same & theirs, axis=1), np.count_nonzero(same, axis=1))
        for same in pairs_together(partitions)
    ]
    both, ours = np.concatenate(counts, axis=1)
    expected, most = ours * theirs.mean() if len(theirs) else ours, (ours + theirs.sum()) / 2
    alike = most == expected
    return np.where(alike, 1.0, (both - expected) / np.where(alike, 1, most - expected))


def number_communities(partition: np.ndarray, names: Sequence[str]) -> dict[str, int]:
    """Give communities numbers from 1, the largest first, ties by the first name of a member.

    Parameters
    ----------
    partition : ndarray, shape (m,)
    names : list of str

    Returns
    -------
    dict
        From name to number, in the order of the names.
    """
    members: dict[int, list[str]] = {}
    for community, name in zip(partition.tolist(), names, strict=True):
        members.setdefault(community, []).append(name)
    ordered = sorted(members.values(), key=lambda group: (-len(group), min(group)))
    numbers = {name: number for number, group in enumerate(ordered, 1) for name in group}
    return {name: numbers[name] for name in names}


def consensus_of(rows: Sequence[Row]) -> dict[str, int]:
    """Return the community of every model in the consensus of all resolutions, from the rows of
    `consensus_communities`.
    """
    return {
        row["model"]: int(row["community"]) for row in rows if row["resolution"] == EVERY_RESOLUTION
    }
