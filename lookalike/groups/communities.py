"""Communities of models: what Louvain's partitions have in common over resolutions, seeds and
resamples of the images.
"""

from collections.abc import Sequence

import numpy as np

from lookalike.compare.dissimilarities import Dissimilarities
from lookalike.core.condensed import MANY_MODELS, square
from lookalike.core.errors import unknown
from lookalike.core.seeding import rng_of
from lookalike.core.types import Row
from lookalike.groups.graph import model_graph, modularity
from lookalike.groups.partitions import (
    EVERY_RESOLUTION,
    number_communities,
    pairs_together,
    rand_indices,
)

COLUMNS = ("resolution", "model", "community", "modularity", "stability", "resamples")
# Partitions per resample, since Louvain's result depends on the order of the nodes; and of the
# matrix itself, where it has no resamples. Of very many models, each takes long.
SEEDS, SEEDS_ALONE, SEEDS_OF_MANY = 5, 100, 2
# Models are in one community of the consensus if their co-association is, on average, this large.
CO_ASSOCIATION = 0.5
# Which code makes the partitions: the compiled loops, or the package of that name.
LOUVAINS = ("compiled", "python-louvain")


def consensus_communities(
    matrix: Dissimilarities, resolutions: Sequence[float], seed: int, louvain: str = "compiled"
) -> tuple[list[Row], np.ndarray]:
    """Find the communities that partitions of all resamples and seeds have in common, at every
    resolution and over all of them.

    Partitions are Louvain's, on the graph of `model_graph`. The consensus cuts the tree that
    average linkage makes of 1 - co-association at one half.

    Parameters
    ----------
    matrix : Dissimilarities
        Without unknown dissimilarities; the order of the models does not matter. Replicates with an
        unknown value are left out; if none is left, the matrix alone is partitioned, and stability
        does not speak of other images.
    resolutions : list of float
    seed : int
    louvain : {"compiled", "python-louvain"}

    Returns
    -------
    rows : list of dict
        With `COLUMNS`: `community` is numbered by size, then by name; `modularity` is that of the
        consensus, in the matrix, at that resolution; `stability` is the mean adjusted Rand index
        of the partitions with the consensus; `resamples` is the number of replicates used. The
        resolution `all` is the consensus over all of them.
    co_association : ndarray, shape (m, m)
        Co-association matrix: share of all partitions in which two models are in one community, in
        the order of the names.

    References
    ----------
    Blondel et al. 2008, doi:10.1088/1742-5468/2008/10/P10008; Fred and Jain 2005,
    doi:10.1109/TPAMI.2005.113
    """
    # Sorted, since the partitions depend on the order of the nodes.
    ordered = matrix.of(sorted(matrix.names))
    names, m = ordered.names, len(ordered)
    resampled = np.ascontiguousarray(ordered.complete_replicates)
    seeds = SEEDS if m <= MANY_MODELS else SEEDS_OF_MANY
    resamples, seeds = (len(resampled), seeds) if len(resampled) else (0, SEEDS_ALONE)
    resampled = resampled if resamples else ordered.condensed[None]
    partitions: dict[float | str, np.ndarray] = {}
    shares: dict[float | str, np.ndarray] = {}
    for resolution in resolutions:
        found = partition_resamples(resampled, m, float(resolution), seeds, seed, louvain)
        partitions[resolution] = found
        shares[resolution] = sum(
            np.count_nonzero(same, axis=0) for same in pairs_together(found)
        ) / len(found)
    partitions[EVERY_RESOLUTION] = np.concatenate([*partitions.values()])
    shares[EVERY_RESOLUTION] = np.mean([*shares.values()], axis=0)
    graph = model_graph(ordered)
    rows = []
    for level, found in partitions.items():
        consensus = consensus_partition(shares[level], m)
        communities = number_communities(consensus, names)
        score = np.nan if isinstance(level, str) else modularity(graph, communities, level)
        about = (score, float(rand_indices(found, consensus).mean()), resamples)
        rows += [
            dict(zip(COLUMNS, (level, name, community, *about), strict=True))
            for name, community in communities.items()
        ]
    back = [names.index(name) for name in matrix.names]
    return rows, square(shares[EVERY_RESOLUTION], m, 1.0)[np.ix_(back, back)]


def partition_resamples(
    resampled: np.ndarray, models: int, resolution: float, seeds: int, seed: int, louvain: str
) -> np.ndarray:
    """Return the partitions (B x seeds, models) of resamples (B, pairs) at one resolution."""
    rng = rng_of(seed, "louvain", resolution, models)
    if louvain == "compiled":
        from lookalike.groups import louvain_loops

        orders = np.tile(np.arange(models), (len(resampled), seeds, 1))
        orders = rng.permuted(orders, axis=2)
        found = louvain_loops.find_partitions(resampled, models, resolution, orders)
    elif louvain == "python-louvain":
        from lookalike.groups import python_louvain

        states = rng.integers(2**31, size=(len(resampled), seeds))
        found = python_louvain.find_partitions(resampled, models, resolution, states)
    else:
        raise unknown("version of Louvain's method", louvain, LOUVAINS)
    return found.reshape(-1, models)


def consensus_partition(shares: np.ndarray, models: int) -> np.ndarray:
    """Return the consensus (models,) of partitions, given their condensed co-association matrix."""
    from scipy.cluster.hierarchy import fcluster, linkage

    if models < 2:
        return np.zeros(models, int)
    return fcluster(linkage(1 - shares, "average"), 1 - CO_ASSOCIATION, "distance") - 1
