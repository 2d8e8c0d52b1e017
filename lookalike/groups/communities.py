"""Communities of models by Louvain's method: the consensus of all resolutions, seeds and resamples
of the images.
"""

from collections.abc import Sequence

import numpy as np

from lookalike.compare.dissimilarities import Dissimilarities
from lookalike.core.condensed import square
from lookalike.core.seeding import rng_of
from lookalike.core.types import Row
from lookalike.groups.graph import modularity, similarity_graph
from lookalike.groups.partitions import (
    EVERY_RESOLUTION,
    number_communities,
    pairs_together,
    rand_indices,
)

COLUMNS = ("resolution", "model", "community", "modularity", "stability", "resamples")
# How often each resample is partitioned, since Louvain's result depends on the order of the nodes;
# and the matrix itself, where it has no resamples.
SEEDS, SEEDS_ALONE = 5, 100
# Models belong together if they do so, on average, in half of all partitions or more.
TOGETHER = 0.5


def consensus_communities(
    matrix: Dissimilarities, resolutions: Sequence[float], seed: int
) -> tuple[list[Row], np.ndarray]:
    """Find the communities on which the partitions of all resamples and seeds agree, at every
    resolution and over all of them.

    Partitions are Louvain's, on the complete graph whose weights are 1 - d / max d. The share of
    partitions in which two models are together makes the co-association matrix; the consensus is
    its average linkage, cut at one half.

    Parameters
    ----------
    matrix : Dissimilarities
        Without unknown values; the order of the models does not matter. Replicates with an unknown
        value are left out. If none is left, the matrix alone is partitioned, and the stability is
        over seeds alone.
    resolutions : sequence of float
    seed : int

    Returns
    -------
    rows : list of dict
        With `COLUMNS`: `community` is numbered by size, then by name; `modularity` is the
        consensus's in the matrix at that resolution; `stability` is the mean adjusted Rand index
        of the partitions with it; `resamples` is their number. The resolution `all` is the
        consensus over all of them.
    together : ndarray, shape (m, m)
        The co-association matrix over all resolutions, in the order of the names.

    References
    ----------
    Blondel et al. 2008, doi:10.1088/1742-5468/2008/10/P10008; Fred and Jain 2005,
    doi:10.1109/TPAMI.2005.113
    """
    from lookalike.groups.louvain_loops import find_partitions

    # By name, since the partitions depend on the order of the nodes.
    ordered = matrix.of(sorted(matrix.names))
    resampled = np.ascontiguousarray(ordered.complete_replicates)
    resamples, seeds = (len(resampled), SEEDS) if len(resampled) else (0, SEEDS_ALONE)
    resampled = resampled if resamples else ordered.condensed[None]
    partitions: dict[float | str, np.ndarray] = {}
    shares: dict[float | str, np.ndarray] = {}
    for resolution in resolutions:
        visits = np.tile(np.arange(len(ordered)), (len(resampled), seeds, 1))
        visits = rng_of(seed, "louvain", float(resolution), len(ordered)).permuted(visits, axis=2)
        partitions[resolution] = find_partitions(
            resampled, len(ordered), float(resolution), visits
        ).reshape(-1, len(ordered))
        shares[resolution] = sum(
            np.count_nonzero(same, axis=0) for same in pairs_together(partitions[resolution])
        ) / len(partitions[resolution])
    partitions[EVERY_RESOLUTION] = np.concatenate([*partitions.values()])
    shares[EVERY_RESOLUTION] = np.mean([*shares.values()], axis=0)
    graph, rows = similarity_graph(ordered), []
    for level, found in partitions.items():
        consensus = consensus_partition(shares[level], len(ordered))
        score = np.nan if level == EVERY_RESOLUTION else modularity(graph, consensus, float(level))
        about = (score, float(rand_indices(found, consensus).mean()), resamples)
        rows += [
            dict(zip(COLUMNS, (level, name, community, *about), strict=True))
            for name, community in number_communities(consensus, ordered.names).items()
        ]
    back = [ordered.names.index(name) for name in matrix.names]
    return rows, square(shares[EVERY_RESOLUTION], len(ordered), 1.0)[np.ix_(back, back)]


def consensus_partition(shares: np.ndarray, models: int) -> np.ndarray:
    """Return the consensus (models,) of partitions, given their condensed co-association matrix:
    the share of partitions in which two models are together.
    """
    from scipy.cluster.hierarchy import fcluster, linkage

    if models < 2:
        return np.zeros(models, int)
    return fcluster(linkage(1 - shares, "average"), 1 - TOGETHER, "distance") - 1
