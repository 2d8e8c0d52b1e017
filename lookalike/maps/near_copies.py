"""Near-copies of images of which there are maps alone: their maps are as alike in most models."""

from collections.abc import Iterable

import numpy as np

from lookalike.images.near_copies import linked_groups, unit_vectors
from lookalike.maps.stacks import Maps

# The largest inner product that is asked for, where nothing is said.
THRESHOLD = 0.97
# Maps are averaged in blocks to fewer than twice as many cells a side.
SIDE = 32
# In how many of the models the maps of two images must be near.
SHARE = 0.8
# How rarely maps of unrelated images of one model are as near, and how alike they are then at
# least. Chance can be shared by all models, so that their number does not count.
RARE = 1e-4
LEAST = 0.8
# Quartiles of a normal distribution are so many standard deviations apart.
QUARTILES = 1.349


def find_near_copies(stacks: Iterable[Maps], threshold: float) -> np.ndarray:
    """Find images whose maps are near in at least 80% of the models.

    What all images have in common is taken away: each map, less its mean and at length 1, less the
    mean of these maps over all images. So models that look at the centre have no near maps by that
    alone. Maps of a model are near if their inner product is one that unrelated images have once in
    10,000 pairs; this differs with the grain of maps, and is taken from the spread of the products.

    Parameters
    ----------
    stacks : iterable of maps, each (n, H, W)
        Of every model, by every method.
    threshold : float
        The largest inner product that is asked for; the smallest is 0.8.

    Returns
    -------
    ndarray of int, shape (n,)
        For each image the first of its group, or itself. The images of a group are near in so many
        models on average.
    """
    near: np.ndarray | int = 0
    known: np.ndarray | int = 0
    for maps in stacks:
        rows = unit_vectors(np.array([thumbnail(saliency).ravel() for saliency in maps]))
        rows = own_part(rows)
        products = rows @ rows.T
        seen = rows.any(axis=1)
        both = np.outer(seen, seen)
        near = near + (both & (products >= nearness(products, both, threshold)))
        known = known + both.astype(int)
    return linked_groups(1 - near / np.maximum(known, 1), 1 - SHARE, "average")


def thumbnail(saliency: np.ndarray) -> np.ndarray:
    """Return a map averaged in square blocks; what is left over at its ends does not count."""
    block = max(1, min(saliency.shape) // SIDE)
    height, width = (side // block for side in saliency.shape)
    cut = np.asarray(saliency, np.float32)[: height * block, : width * block]
    return cut.reshape(height, block, width, block).mean(axis=(1, 3))


def own_part(rows: np.ndarray) -> np.ndarray:
    """Return unit vectors (n, p) less their mean, at length 1; zero where nothing else is left."""
    own = rows - rows.mean(axis=0)
    own[~rows.any(axis=1)] = 0
    own[np.linalg.norm(own, axis=1) < 1e-3] = 0
    return unit_vectors(own)


def nearness(products: np.ndarray, known: np.ndarray, threshold: float) -> float:
    """Return from which inner product on maps of a model are near.

    Products of unrelated maps with v degrees of freedom have the variance 1 / v; of these, which
    near-copies hardly move, the quartiles tell.
    """
    from scipy.special import betaincinv

    values = products[np.triu(known, 1)]
    if not len(values):
        return threshold
    low, high = np.quantile(values, (0.25, 0.75))
    freedom = (QUARTILES / max(high - low, 1e-6)) ** 2
    rare = np.sqrt(betaincinv(0.5, max(freedom - 1, 0.1) / 2, 1 - 2 * RARE))
    return float(min(max(rare, LEAST), threshold))
