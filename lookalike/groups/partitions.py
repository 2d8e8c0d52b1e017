"""Partitions of models: their quality, their agreement, and how communities are numbered."""

import numpy as np

# Partitions at once, so that those of a hundred models fit into memory.
AT_ONCE = 1000


def pairs_together(partitions):
    """Yield whether each two models are in one community, of partitions (R, m), some at once: (r,
    pairs).
    """
    rows, columns = np.triu_indices(partitions.shape[1], 1)
    for start in range(0, len(partitions), AT_ONCE):
        some = partitions[start : start + AT_ONCE]
        yield some[:, rows] == some[:, columns]


def rand_indices(partitions, reference):
    """Return the adjusted Rand index of every partition (R, m) with one (m,): 1 if equal, 0 on
    average by chance.

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


def modularity(matrix, partition, resolution):
    """Return the modularity of a partition of the complete graph whose weights are 1 - d / max d; 0
    where all weights are 0.

    References
    ----------
    Reichardt and Bornholdt 2006, doi:10.1103/PhysRevE.74.016110
    """
    peak = matrix.max()
    weights = 1 - matrix / peak if peak > 0 else np.ones_like(matrix)
    np.fill_diagonal(weights, 0)
    degrees = weights.sum(axis=1)
    whole = degrees.sum()
    if whole <= 0:
        return 0.0
    within = partition[:, None] == partition
    return float((weights - resolution * np.outer(degrees, degrees) / whole)[within].sum() / whole)


def number_communities(partition, names):
    """Give the communities of a partition numbers from 1, the largest first, ties by their first
    member's name.

    Parameters
    ----------
    partition : ndarray, shape (m,)
    names : list of str

    Returns
    -------
    dict
        From name to number, in the order of the names.
    """
    members = {}
    for community, name in zip(partition.tolist(), names, strict=True):
        members.setdefault(community, []).append(name)
    ordered = sorted(members.values(), key=lambda group: (-len(group), min(group)))
    numbers = {name: number for number, group in enumerate(ordered, 1) for name in group}
    return {name: numbers[name] for name in names}


# The resolution under which the consensus of all resolutions appears among communities.
EVERY_RESOLUTION = "all"
