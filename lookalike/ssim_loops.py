"""The loops of SSIM, for which NumPy would take many passes: compiled by Numba at their first call, and kept on disk.

Imported where they are called, since Numba takes a third of a second to start.
"""

import numpy as np
from numba import njit

from lookalike.metrics.ssim import RADIUS

# Products and sums may be fused; nothing is reordered, so that a pair's value does not depend on the pairs beside it.
compiled = njit(cache=True, error_model="numpy", fastmath={"contract"})


@compiled
def write_local_means(saliency, weights, tall, means):
    """Write the weighted means over all windows inside a map (H, W) into `means` (H - 10, W - 10).

    `weights` (6,) are those of a window's first half and its middle, by row and by column. `tall` (W,) is working space.
    """
    for row in range(means.shape[0]):
        for column in range(len(tall)):
            total = weights[RADIUS] * saliency[row + RADIUS, column]
            for place in range(RADIUS):
                total += weights[place] * (saliency[row + place, column] + saliency[row + 2 * RADIUS - place, column])
            tall[column] = total
        for column in range(means.shape[1]):
            total = weights[RADIUS] * tall[column + RADIUS]
            for place in range(RADIUS):
                total += weights[place] * (tall[column + place] + tall[column + 2 * RADIUS - place])
            means[row, column] = total


@compiled
def write_local_moments(maps, weights, means, variances):
    """Write the weighted means and variances over all windows inside maps (a, H, W), shape (a, H - 10, W - 10)."""
    tall = np.empty(maps.shape[2])
    for one in range(len(maps)):
        write_local_means(maps[one], weights, tall, means[one])
        write_local_means(maps[one] ** 2, weights, tall, variances[one])
        variances[one] -= means[one] ** 2


@compiled
def mean_similarities(x, y, weights, c1, c2, upper):
    """Return SSIM, the mean over all windows, of all pairs of maps or of those above the diagonal, shape (a, b).

    `x` and `y` are each maps (a, H, W), their local means and their local variances (a, H - 10, W - 10).
    """
    maps, means, variances = x
    other_maps, other_means, other_variances = y
    similarities = np.zeros((len(maps), len(other_maps)))
    products = np.empty(maps.shape[1:])
    tall = np.empty(maps.shape[2])
    mean_products = np.empty(means.shape[1:])
    totals = np.empty(means.shape[2])
    for one in range(len(maps)):
        for other in range(one + 1 if upper else 0, len(other_maps)):
            for row in range(products.shape[0]):
                for column in range(products.shape[1]):
                    products[row, column] = maps[one, row, column] * other_maps[other, row, column]
            write_local_means(products, weights, tall, mean_products)
            totals[:] = 0
            for row in range(mean_products.shape[0]):
                # A total a column, so that several columns are computed at once.
                for column in range(mean_products.shape[1]):
                    mean, other_mean = means[one, row, column], other_means[other, row, column]
                    luminance = 2 * mean * other_mean
                    contrast = 2 * mean_products[row, column] - luminance
                    size = mean * mean + other_mean * other_mean
                    spread = variances[one, row, column] + other_variances[other, row, column]
                    totals[column] += (luminance + c1) * (contrast + c2) / ((size + c1) * (spread + c2))
            similarities[one, other] = totals.sum() / mean_products.size
    return similarities
