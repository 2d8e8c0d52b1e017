"""The loops of SSIM, for which NumPy would take many passes: compiled by Numba at their first call,
and kept on disk.

Imported where they are called, since Numba takes a third of a second to start.
"""

import numpy as np

from lookalike.core.compiling import kept

# Maps (a, H, W), their local means and variances (a, H - 10, W - 10).
Moments = tuple[np.ndarray, np.ndarray, np.ndarray]
# Here and not in metrics/ssim.py, because Numba's cache notices changes of this file alone.
SIGMA, RADIUS = 1.5, 5
# Along one axis, from a window's edge to its middle; the other half mirrors it.
WEIGHTS = np.exp(-0.5 * (np.arange(-RADIUS, 1) / SIGMA) ** 2)
WEIGHTS /= 2 * WEIGHTS[:-1].sum() + WEIGHTS[-1]

# Nothing is reordered, so that the value of a pair does not depend on the pairs next to it.
# Products and sums may be fused, but not where x and y exchanged would then differ.
compiled = kept(error_model="numpy", fastmath={"contract"})
symmetric = kept(error_model="numpy")


@compiled
def write_row_of_means(saliency: np.ndarray, row: int, tall: np.ndarray, means: np.ndarray) -> None:
    """Write the weighted means over the windows inside a map (H, W) that begin in one row into
    `means` (W - 10,).

    `tall` (W,) is working space.
    """
    for column in range(len(tall)):
        total = WEIGHTS[RADIUS] * saliency[row + RADIUS, column]
        for step in range(RADIUS):
            total += WEIGHTS[step] * (
                saliency[row + step, column] + saliency[row + 2 * RADIUS - step, column]
            )
        tall[column] = total
    for column in range(len(means)):
        total = WEIGHTS[RADIUS] * tall[column + RADIUS]
        for step in range(RADIUS):
            total += WEIGHTS[step] * (tall[column + step] + tall[column + 2 * RADIUS - step])
        means[column] = total


@compiled
def write_local_moments(maps: np.ndarray, means: np.ndarray, variances: np.ndarray) -> None:
    """Write the weighted means and variances over all windows inside maps (a, H, W), shape (a, H -
    10, W - 10).
    """
    tall = np.empty(maps.shape[2])
    for one in range(len(maps)):
        squares = maps[one] ** 2
        for row in range(means.shape[1]):
            write_row_of_means(maps[one], row, tall, means[one, row])
            write_row_of_means(squares, row, tall, variances[one, row])
            variances[one, row] -= means[one, row] ** 2


@symmetric
def mean_similarities(x: Moments, y: Moments, c1: float, c2: float, upper: bool) -> np.ndarray:
    """Return SSIM, the mean over all windows, of all pairs of maps or of those above the diagonal,
    shape (a, b).

    `x` and `y` are each maps (a, H, W), their local means and their local variances (a, H - 10, W -
    10).
    """
    maps, means, variances = x
    other_maps, other_means, other_variances = y
    rows, columns = means.shape[1:]
    similarities = np.zeros((len(maps), len(other_maps)))
    height, width = maps.shape[1:]
    products = np.empty((height, width))
    tall = np.empty(width)
    mean_products = np.empty(columns)
    totals = np.empty(columns)
    for one in range(len(maps)):
        for other in range(one + 1 if upper else 0, len(other_maps)):
            for row in range(height):
                for column in range(width):
                    products[row, column] = maps[one, row, column] * other_maps[other, row, column]
            # A total a column, so that several columns are computed at once.
            totals[:] = 0
            for row in range(rows):
                write_row_of_means(products, row, tall, mean_products)
                for column in range(columns):
                    mean, other_mean = means[one, row, column], other_means[other, row, column]
                    luminance = 2 * mean * other_mean
                    contrast = 2 * mean_products[column] - luminance
                    size = mean * mean + other_mean * other_mean
                    spread = variances[one, row, column] + other_variances[other, row, column]
                    totals[column] += (
                        (luminance + c1) * (contrast + c2) / ((size + c1) * (spread + c2))
                    )
            similarities[one, other] = totals.sum() / (rows * columns)
    return similarities
