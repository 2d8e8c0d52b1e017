"""Comparison of two blocks of models, image by image, with the chance value of every pair beside it."""

import numpy as np

from lookalike.seeding import rng_of


def image_cycle(n, seed):
    """Return a random order of the images, shape (n,): each image's successor is its partner for chance.

    Read as a cycle, the order is a derangement: no image is its own partner. Walking along it, the partner's
    prepared maps are those that the next step needs anyway.
    """
    return rng_of(seed, "derangement", n).permutation(n)


def compare_blocks(metric, x, y, *, seed, **options):
    """Compare every model of one block with every model of another on every image.

    Parameters
    ----------
    metric : Metric
    x : list of array_like, each of shape (n, H, W)
        Maps of the a models of the first block; memory maps will do, since one image is read at a time.
    y : list of array_like, each of shape (n, H, W)
        Maps of the b models of the second block, or `x` itself for the pairs within one block.
    seed : int
        Of the derangement.
    **options
        Of the metric.

    Returns
    -------
    values : ndarray, shape (n, a, b)
        Dissimilarity on image i. Within one block: symmetric, 0 on the diagonal.
    chance : ndarray, shape (n, a, b)
        Dissimilarity between the first model's map of image i and the second's of another image; NaN for n = 1.
    """
    n = len(x[0])
    within = y is x
    values = np.full((n, len(x), len(y)), np.nan)
    chance = np.full_like(values, np.nan)

    def prepared(image):
        first = metric.prepared(np.stack([maps[image] for maps in x]), **options)
        return first, first if within else metric.prepared(np.stack([maps[image] for maps in y]), **options)

    order = image_cycle(n, seed)
    here = start = prepared(order[0])
    for step, image in enumerate(order):
        values[image] = compare_within(metric, here[0], options) if within else metric.compare(*here, **options)
        if n > 1:
            partner = start if step == n - 1 else prepared(order[step + 1])
            chance[image] = metric.compare(here[0], partner[1], **options)
            here = partner
    return values, chance


def compare_within(metric, x, options):
    """Return the dissimilarities within one block, shape (a, a); costly metrics compute each pair once."""
    if metric.cost == "product":
        values = metric.compare(x, x, **options)
    else:
        values = np.zeros((len(x), len(x)))
        for row in range(len(x) - 1):
            values[row, row + 1 :] = metric.compare(x[row : row + 1], x[row + 1 :], **options)[0]
    upper = np.triu(values, 1)
    return upper + upper.T
