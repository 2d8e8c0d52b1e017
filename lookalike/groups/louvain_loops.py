"""The loops of Louvain's method on dense graphs, compiled by Numba at their first call, and kept on
disk.

Our own, since a consensus needs thousands of partitions: `networkx.community.louvain_communities`
reaches the same modularity, but takes 160 times as long with 7 models, 136 with 14, 90 with 30.
Imported inside functions, since Numba takes a third of a second to start.
"""

import numpy as np

from lookalike.core.compiling import kept

# A move must raise the modularity by more than rounding can.
LEAST_GAIN = 1e-12

compiled = kept(error_model="numpy")


@compiled
def write_links(weights: np.ndarray, member: np.ndarray, node: int, links: np.ndarray) -> None:
    """Write the sum of a node's weights to every community, without itself, into `links` (m,)."""
    for one in range(len(links)):
        links[one] = 0.0
    for other in range(len(weights)):
        if other != node:
            links[member[other]] += weights[node, other]


@compiled
def settle(weights: np.ndarray, resolution: float, order: np.ndarray, member: np.ndarray) -> bool:
    """Move nodes one by one, in an order, to the community that raises the modularity most, until
    no move raises it.

    `weights` (m, m) hold twice the weight within a node on the diagonal; `member` (m,) is changed.
    Return whether any node moved.
    """
    degrees, totals, links, whole = (
        np.zeros(len(weights)),
        np.zeros(len(weights)),
        np.empty(len(weights)),
        0.0,
    )
    for node in range(len(weights)):
        for other in range(len(weights)):
            degrees[node] += weights[node, other]
        totals[node] = degrees[node]
        whole += degrees[node]
    moved, again = False, True
    while again:
        again = False
        for node in order:
            # Upper levels have fewer nodes.
            if node >= len(weights):
                continue
            own = member[node]
            write_links(weights, member, node, links)
            totals[own] -= degrees[node]
            best, most = own, links[own] - resolution * totals[own] * degrees[node] / whole
            for one in range(len(totals)):
                gain = links[one] - resolution * totals[one] * degrees[node] / whole
                if totals[one] > 0 and gain > most + LEAST_GAIN * whole:
                    best, most = one, gain
            totals[best] += degrees[node]
            if best != own:
                member[node] = best
                moved = again = True
    return moved


@compiled
def renumber(member: np.ndarray) -> int:
    """Give communities numbers from 0 in the order of their first node, in place; return how many
    there are.
    """
    numbers, count = np.zeros(len(member), np.int64) - 1, 0
    for node in range(len(member)):
        if numbers[member[node]] < 0:
            numbers[member[node]] = count
            count += 1
        member[node] = numbers[member[node]]
    return count


@compiled
def merge(weights: np.ndarray, member: np.ndarray, count: int) -> np.ndarray:
    """Return the weights between communities (count, count)."""
    merged = np.zeros((count, count))
    for row in range(len(weights)):
        for column in range(len(weights)):
            merged[member[row], member[column]] += weights[row, column]
    return merged


@compiled
def find_partition(weights: np.ndarray, resolution: float, order: np.ndarray) -> np.ndarray:
    """Return the community (m,) of every node, numbered in the order of the nodes.

    Upper levels keep the order of their first nodes.
    """
    found = np.arange(len(weights))
    member = found.copy()
    while settle(weights, resolution, order, member):
        count = renumber(member)
        for node in range(len(found)):
            found[node] = member[found[node]]
        weights, member = merge(weights, member, count), np.arange(count)
    return found


@compiled
def find_partitions(
    dissimilarities: np.ndarray, models: int, resolution: float, orders: np.ndarray
) -> np.ndarray:
    """Return a partition for each vector of dissimilarities and each order of the nodes.

    Parameters
    ----------
    dissimilarities : ndarray, shape (B, models (models - 1) / 2)
    models : int
    resolution : float
    orders : ndarray, shape (B, S, models)

    Returns
    -------
    ndarray, shape (B, S, models)
        Weights are 1 - d / max d, as in `model_graph`; where all are 0, everything is one
        community.
    """
    found = np.zeros(orders.shape, np.int64)
    for replicate in range(len(dissimilarities)):
        peak = 0.0
        for value in dissimilarities[replicate]:
            peak = max(peak, value)
        weights, pair, whole = np.zeros((models, models)), 0, 0.0
        for row in range(models):
            for column in range(row + 1, models):
                weights[row, column] = weights[column, row] = (
                    1 - dissimilarities[replicate, pair] / peak if peak > 0 else 1.0
                )
                whole += weights[row, column]
                pair += 1
        if whole > LEAST_GAIN:
            for run in range(orders.shape[1]):
                found[replicate, run] = find_partition(weights, resolution, orders[replicate, run])
    return found
