"""Comparison of two blocks of models, image by image, with the chance value of every pair beside
it.
"""

import numpy as np

from lookalike.core.memoising import sharing
from lookalike.core.seeding import rng_of


def image_cycle(n, seed):
    """Return a random order of the images, shape (n,): each image's successor is its partner for
    chance.

    Read as a cycle, the order is a derangement: no image is its own partner. Walking along it, the
    partner's prepared maps are those that the next step needs anyway.
    """
    return rng_of(seed, "derangement", n).permutation(n)


def compare_blocks(metrics, x, y, *, seed):
    """Compare every model of one block with every model of another on every image.

    Parameters
    ----------
    metrics : list of (Metric, dict)
        Each with its options. What they have in common is computed once.
    x : list of array_like, each of shape (n, H, W)
        Maps of the a models of the first block; or whatever gives one map at a time.
    y : list of array_like, each of shape (n, H, W)
        Maps of the b models of the second block, or `x` itself for the pairs within one block.
    seed : int
        Of the derangement.

    Returns
    -------
    values : ndarray, shape (metrics, n, a, b)
        Dissimilarity on image i. Within one block: symmetric, 0 on the diagonal.
    chance : ndarray, shape (metrics, n, a, b)
        Dissimilarity between the first model's map of image i and the second's of another image;
        NaN for n = 1. Within one block only above the diagonal, NaN elsewhere.
    """
    n = len(x[0])
    within = y is x
    values = np.full((len(metrics), n, len(x), len(y)), np.nan)
    chance = np.full_like(values, np.nan)

    def prepared(image):
        first = prepare(metrics, x, image)
        return first, first if within else prepare(metrics, y, image)

    order = image_cycle(n, seed)
    here = start = prepared(order[0])
    for step, image in enumerate(order):
        values[:, image] = compare_prepared(metrics, *here)
        if n > 1:
            partner = start if step == n - 1 else prepared(order[step + 1])
            chance[:, image] = compare_prepared(metrics, here[0], partner[1], upper=within)
            here = partner
    return values, chance


def compare_maps(metrics, x):
    """Compare maps with each other.

    Parameters
    ----------
    metrics : list of (Metric, dict)
        Each with its options.
    x : array_like, shape (a, H, W)

    Returns
    -------
    ndarray, shape (metrics, a, a)
        Symmetric, 0 on the diagonal.

    Notes
    -----
    What metrics share is kept until all are computed: some ten arrays of the maps' size, if all
    metrics are wanted.
    """
    maps = np.asarray(x)
    values = np.empty((len(metrics), len(maps), len(maps)))
    with sharing():
        for place, (metric, options) in enumerate(metrics):
            values[place] = compare_within(metric, metric.prepared(maps, **options), options)
    return values


def prepare(metrics, block, image):
    """Return the maps of an image by a block of models as every metric wants them."""
    maps = np.stack([maps[image] for maps in block])
    with sharing():
        return [metric.prepared(maps, **options) for metric, options in metrics]


def compare_prepared(metrics, x, y, *, upper=False):
    """Return the dissimilarities, shape (metrics, a, b), of maps prepared for every metric."""
    with sharing():
        return np.stack(
            [
                compare_within(metric, first, options)
                if first is second
                else compare_across(metric, first, second, options, upper=upper)
                for (metric, options), first, second in zip(metrics, x, y, strict=True)
            ]
        )


def compare_within(metric, x, options):
    """Return the dissimilarities within one block of prepared maps, shape (a, a), each pair
    computed once.
    """
    values = np.triu(metric.compare(x, x, upper=True, **options), 1)
    return values + values.T


def compare_across(metric, x, y, options, *, upper=False):
    """Return the dissimilarities between two blocks of prepared maps, shape (a, b); NaN where not
    wanted.
    """
    values = metric.compare(x, y, upper=upper, **options)
    return np.where(np.triu(np.ones(values.shape, bool), 1), values, np.nan) if upper else values
