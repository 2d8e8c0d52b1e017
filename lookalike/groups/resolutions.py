"""Partitions of models by Louvain's method over a range of resolutions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from lookalike.compare.dissimilarities import Dissimilarities
from lookalike.core.condensed import MANY_MODELS
from lookalike.groups import python_louvain
from lookalike.groups.communities import SEEDS_OF_MANY, consensus_partition, partition_resamples
from lookalike.groups.partitions import pairs_together, rand_indices

# A plateau: so many resolutions in a row have one partition, each with this stability.
LEAST_STEPS, STABLE = 3, 0.9
# Of fewer models, groups are not told from pairs.
FEWEST_MODELS = 4


@dataclass(frozen=True, eq=False)
class Step:
    """What is found at one resolution, of models by name.

    Attributes
    ----------
    resolution : float
    consensus : ndarray of int, shape (m,)
        Of our partitions of all resamples and seeds, whose mean adjusted Rand index with it is
        `stability`.
    stability : float
    package : ndarray of int, shape (seeds, m)
        Partitions of the matrix itself by python-louvain.
    stopped : ndarray of bool, shape (seeds,)
        Where it stopped before the modularity was as high as its own moves can make it.
    """

    resolution: float
    consensus: np.ndarray
    stability: float
    package: np.ndarray
    stopped: np.ndarray

    @property
    def groups(self) -> int:
        """The number of communities of the consensus."""
        return len(np.unique(self.consensus))

    @property
    def package_consensus(self) -> np.ndarray:
        """The consensus of python-louvain's partitions, shape (m,)."""
        return consensus_of(self.package)


def consensus_of(partitions: np.ndarray) -> np.ndarray:
    """Return the consensus (m,) of partitions (R, m)."""
    together = sum(np.count_nonzero(same, axis=0) for same in pairs_together(partitions))
    found = consensus_partition(together / len(partitions), partitions.shape[1])
    # Numbered by their first model, so that equal partitions are equal arrays.
    _, first, member = np.unique(found, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[member]


def resolutions_of(lowest: float, highest: float, steps: int) -> list[float]:
    """Return resolutions at equal distances, both ends included."""
    return [round(one, 6) for one in np.linspace(lowest, highest, steps).tolist()]


def scan(
    matrix: Dissimilarities, resolutions: Sequence[float], *, seeds: int, resamples: int, seed: int
) -> list[Step]:
    """Partition the models at every resolution, by our loops and by python-louvain.

    Parameters
    ----------
    matrix : Dissimilarities
        With models in the order of their names, without unknown dissimilarities. Of too few
        models nothing is found.
    resolutions : list of float
    seeds : int
        Runs for every resample, and of python-louvain for the matrix itself; fewer for very many
        models.
    resamples : int
        Of the matrix's bootstrap replicates, the first so many that are complete; without any, our
        partitions are of the matrix itself as well.
    seed : int

    References
    ----------
    Blondel et al. 2008, doi:10.1088/1742-5468/2008/10/P10008
    """
    own, models = matrix.condensed[None], len(matrix)
    if models < FEWEST_MODELS:
        return []
    resampled = np.ascontiguousarray(matrix.complete_replicates[:resamples])
    resampled = resampled if len(resampled) else own
    runs = seeds if models <= MANY_MODELS else min(seeds, SEEDS_OF_MANY)
    steps = []
    for resolution in resolutions:
        found, package = (
            partition_resamples(values, models, resolution, runs, seed, louvain)
            for values, louvain in ((resampled, "compiled"), (own, "python-louvain"))
        )
        consensus = consensus_of(found)
        stability = float(rand_indices(found, consensus).mean())
        stopped = python_louvain.stopped_early(own[0], models, resolution, package)
        steps.append(Step(resolution, consensus, stability, package, stopped))
    return steps


def plateau_of(steps: Sequence[Step]) -> list[Step]:
    """Return the longest row of resolutions over which the consensus is one stable partition into
    several communities, of which one at least has two models; empty if there is none.
    """
    best: list[Step] = []
    for _, row in groupby(steps, key=lambda step: step.consensus.tolist()):
        for stable, part in groupby(row, key=lambda step: step.stability >= STABLE):
            found = list(part)
            apart = 1 < found[0].groups < len(found[0].consensus)
            if stable and apart and len(found) >= max(LEAST_STEPS, len(best) + 1):
                best = found
    return best
