"""The clades of thousands of bootstrap trees at once."""

from collections.abc import Callable

import numpy as np

from lookalike.core.condensed import MANY_MODELS, ROUNDING, models_of

# From the dissimilarities of two groups to a third, and the two groups' sizes, to that of both
# together.
Update = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], np.ndarray]
UPDATES: dict[str, Update] = {
    "average": lambda a, b, size_a, size_b: (size_a * a + size_b * b) / (size_a + size_b),
    "weighted": lambda a, b, size_a, size_b: (a + b) / 2,
    "single": lambda a, b, size_a, size_b: np.minimum(a, b),
    "complete": lambda a, b, size_a, size_b: np.maximum(a, b),
}
# Trees are made in blocks of about so many numbers, which fit a processor's cache.
BLOCK = 2**18


def clade_codes(replicates: np.ndarray, method: str = "average") -> np.ndarray:
    """Return a number for the members of each clade of each tree.

    SciPy's `linkage` for one tree after the other gives the same clades. It takes 20 times as long
    with 14 models, but less with more than `MANY_MODELS`, since it does not look at all pairs at
    each merge.

    Parameters
    ----------
    replicates : ndarray, shape (B, pairs)
        Condensed dissimilarities, all known.
    method : {"average", "single", "complete", "weighted"}
        Linkage.

    Returns
    -------
    ndarray of uint64, shape (B, m - 1)
        The sum of the `leaf_codes` of the members; 0 for a merge that is no clade, since the merge
        above it is at the same height.
    """
    models = models_of(replicates)
    if models > MANY_MODELS:
        return np.array([codes_of_tree(replicate, method) for replicate in replicates])
    step = max(BLOCK // models**2, 1)
    blocks = [
        linked(replicates[start : start + step], models, UPDATES[method])
        for start in range(0, len(replicates), step)
    ]
    return np.concatenate([np.empty((0, models - 1), np.uint64), *blocks])


def leaf_codes(models: int) -> np.ndarray:
    """Return one random number for each model, shape (m,).

    That two different sets of models have the same sum is less likely than 1 in 10^9 even among a
    million trees of a hundred models.
    """
    return np.random.default_rng(0).integers(1, 2**64, models, np.uint64)


def codes_of_tree(replicate: np.ndarray, method: str) -> np.ndarray:
    """Return the `clade_codes` (m - 1,) of one replicate of many models."""
    from scipy.cluster.hierarchy import linkage

    tree = linkage(replicate, method)
    models, heights = len(tree) + 1, tree[:, 2]
    children = tree[:, :2].astype(int)
    above = np.full(2 * models - 1, np.inf)
    above[children] = heights[:, None]
    # Python's own numbers, which are faster one by one.
    codes = leaf_codes(models).tolist()
    for left, right in children.tolist():
        codes.append((codes[left] + codes[right]) % 2**64)
    found = np.array(codes[models:], np.uint64)
    return np.where(above[models:] - heights > ROUNDING, found, 0)


def linked(replicates: np.ndarray, models: int, update: Update) -> np.ndarray:
    """Return the `clade_codes` of one block of replicates."""
    every, rows = np.arange(len(replicates)), np.triu_indices(models, 1)
    distances = np.full((len(replicates), models, models), np.inf)
    distances[:, rows[0], rows[1]] = distances[:, rows[1], rows[0]] = replicates
    codes = np.tile(leaf_codes(models), (len(replicates), 1))
    sizes = np.ones((len(replicates), models))
    # The merge that made each group; the last column stands for those that none has made.
    made = np.full((len(replicates), models), models - 1)
    found = np.zeros((len(replicates), models - 1), np.uint64)
    heights, above = np.empty((len(replicates), models - 1)), np.full((*made.shape,), np.inf)
    for merge in range(models - 1):
        a, b = np.divmod(distances.reshape(len(replicates), -1).argmin(axis=1), models)
        heights[:, merge] = distances[every, a, b]
        above[every, made[every, a]] = above[every, made[every, b]] = heights[:, merge]
        together = update(
            distances[every, a],
            distances[every, b],
            sizes[every, a][:, None],
            sizes[every, b][:, None],
        )
        together[every, a] = together[every, b] = np.inf
        distances[every, a] = distances[every, :, a] = together
        distances[every, b] = distances[every, :, b] = np.inf
        codes[every, a] += codes[every, b]
        sizes[every, a] += sizes[every, b]
        made[every, a], found[:, merge] = merge, codes[every, a]
    return np.where(above[:, :-1] - heights > ROUNDING, found, 0)
