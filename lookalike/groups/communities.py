"""Communities of models by Louvain's method, and what all resolutions, seeds and resamples of the
images agree upon.
"""

import numpy as np

from lookalike.compare.resampling import complete_replicates
from lookalike.core.condensed import condensed, select_pairs, square
from lookalike.core.seeding import rng_of
from lookalike.groups.partitions import (
    EVERY_RESOLUTION,
    modularity,
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


def consensus_communities(matrix, names, replicates, resolutions, seed):
    """Find the communities on which the partitions of all resamples and seeds agree, at every
    resolution and over all of them.

    Partitions are Louvain's, on the complete graph whose weights are 1 - d / max d. The consensus
    joins models by average linkage of the share of partitions that part them, up to one half.

    Parameters
    ----------
    matrix : ndarray, shape (m, m)
        Without unknown dissimilarities.
    names : list of str
        Their order does not matter.
    replicates : ndarray, shape (B, m (m - 1) / 2)
        Condensed bootstrap dissimilarities. Those with an unknown value are left out; if none is
        left, the matrix alone is partitioned, and nothing is said of other images.
    resolutions : list of float
    seed : int

    Returns
    -------
    rows : list of dict
        With `COLUMNS`: `community` is numbered by size, then by name; `modularity` is the
        consensus's in the matrix at that resolution; `stability` is the mean adjusted Rand index of
        the partitions with it; `resamples` is how many stand behind. The resolution `all` is the
        consensus over all of them.
    together : ndarray, shape (m, m)
        Share of all partitions in which two models are in one community, in the order of the names.

    References
    ----------
    Blondel et al. 2008, doi:10.1088/1742-5468/2008/10/P10008; Fred and Jain 2005,
    doi:10.1109/TPAMI.2005.113
    """
    from lookalike.groups.louvain_loops import find_partitions

    # By name, since the partitions depend on the order of the nodes.
    order = sorted(range(len(names)), key=lambda place: names[place])
    resampled = np.ascontiguousarray(select_pairs(complete_replicates(replicates), order))
    resamples, seeds = (len(resampled), SEEDS) if len(resampled) else (0, SEEDS_ALONE)
    matrix, names = matrix[np.ix_(order, order)], [names[place] for place in order]
    resampled = resampled if resamples else condensed(matrix)[None]
    partitions, shares = {}, {}
    for resolution in resolutions:
        visits = np.tile(np.arange(len(names)), (len(resampled), seeds, 1))
        visits = rng_of(seed, "louvain", float(resolution), len(names)).permuted(visits, axis=2)
        partitions[resolution] = find_partitions(
            resampled, len(names), float(resolution), visits
        ).reshape(-1, len(names))
        shares[resolution] = sum(
            np.count_nonzero(same, axis=0) for same in pairs_together(partitions[resolution])
        ) / len(partitions[resolution])
    partitions[EVERY_RESOLUTION] = np.concatenate([*partitions.values()])
    shares[EVERY_RESOLUTION] = np.mean([*shares.values()], axis=0)
    rows = []
    for resolution, found in partitions.items():
        consensus = join(shares[resolution], len(names))
        score = (
            np.nan if resolution == EVERY_RESOLUTION else modularity(matrix, consensus, resolution)
        )
        about = (score, float(rand_indices(found, consensus).mean()), resamples)
        rows += [
            dict(zip(COLUMNS, (resolution, name, community, *about), strict=True))
            for name, community in number_communities(consensus, names).items()
        ]
    back = np.argsort(order)
    return rows, square(shares[EVERY_RESOLUTION], len(names), 1.0)[np.ix_(back, back)]


def join(shares, models):
    """Return the consensus (models,) of partitions, given the share of them that puts each two
    models together, condensed.
    """
    from scipy.cluster.hierarchy import fcluster, linkage

    if models < 2:
        return np.zeros(models, int)
    return fcluster(linkage(1 - shares, "average"), 1 - TOGETHER, "distance") - 1
