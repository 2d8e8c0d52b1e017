"""Structural similarity as a dissimilarity, with Gaussian windows and a fixed range."""

import numpy as np

from lookalike.errors import InputError
from lookalike.metrics.preparation import rows_of
from lookalike.registry import metric

SIGMA, RADIUS = 1.5, 5
K1, K2 = 0.01, 0.03
# How much is computed at once, so that it stays in the cache: a strip of rows, of one map against several.
ROWS, PARTNERS = 24, 16

window = np.exp(-0.5 * (np.arange(-RADIUS, RADIUS + 1) / SIGMA) ** 2)
window /= window.sum()
# Row i slides the window over positions i to i + 10. The transpose lies in memory as it is read.
BAND = np.stack([np.pad(window, (start, ROWS - 1 - start)) for start in range(ROWS)])
TRANSPOSED_BAND = np.ascontiguousarray(BAND.T)


def strips(extent):
    """Yield, strip by strip, the places of the windows that fit into an extent, and those of the pixels that they see."""
    for start in range(0, extent - 2 * RADIUS, ROWS):
        stop = min(start + ROWS, extent - 2 * RADIUS)
        yield slice(start, stop), slice(start, stop + 2 * RADIUS)


def write_local_means(maps, tall, means):
    """Write the Gaussian means over all windows inside strips of maps (n, r + 10, W) into `means` (n, r, W - 10).

    Both passes, the first into `tall` (n, r, W), are products with a narrow band: the fastest way of those measured.
    """
    rows, width = tall.shape[1:]
    np.matmul(BAND[:rows, : rows + 2 * RADIUS], maps, out=tall)
    for windows, pixels in strips(width):
        seen = pixels.stop - pixels.start
        # The rows of all maps follow one another, so that this is one product.
        np.matmul(tall.reshape(-1, width)[:, pixels], TRANSPOSED_BAND[:seen, : seen - 2 * RADIUS], out=means.reshape(-1, means.shape[2])[:, windows])


def local_moments(maps, *, data_range=1.0):
    """Return what SSIM wants of every map, as a structured array of shape (a,).

    sqrt(2) times the map, sqrt(2) times its local means, and local means squared and variances, each with half of
    SSIM's constant: so that a pair takes the fewest passes.
    """
    height, width = maps.shape[1:]
    if min(height, width) <= 2 * RADIUS:
        raise InputError(f"ssim wants maps of at least 11 x 11 pixels, not {height} x {width}; raise maps.size")
    c1, c2 = constants(data_range)
    inside = height - 2 * RADIUS, width - 2 * RADIUS
    moments = np.empty(len(maps), [("map", float, (height, width)), ("mean", float, inside), ("square", float, inside), ("variance", float, inside)])
    np.multiply(maps, np.sqrt(2), out=moments["map"])
    for windows, pixels in strips(height):
        seen, mean, square, variance = (moments[name][:, place] for name, place in zip(moments.dtype.names, (pixels, windows, windows, windows), strict=True))
        tall, means = (np.empty((len(maps), windows.stop - windows.start, extent)) for extent in (width, inside[1]))
        write_local_means(seen, tall, means)
        mean[...] = means
        np.multiply(mean, mean, out=square)
        write_local_means(seen**2, tall, means)
        means += c2
        np.multiply(np.subtract(means, square, out=means), 0.5, out=variance)
        square += c1
        square *= 0.5
    return moments


def constants(data_range):
    """Return SSIM's stabilising constants for luminance and contrast."""
    return (K1 * data_range) ** 2, (K2 * data_range) ** 2


@metric(
    prepare=local_moments,
    range=(0, 1),
    raw=lambda d: 1 - 2 * d,
    raw_name="SSIM",
    formula="(1 - SSIM) / 2",
    bounded=True,
    cost="pairs",
    reference="Wang et al. 2004, doi:10.1109/TIP.2003.819861",
    saliencytools="`ssim` has a uniform 7 x 7 window and the joint range of the two maps, 0 whenever they are `allclose`; here Gaussian windows, fixed range",
)
def ssim(x, y, *, data_range=1.0, upper=False):
    """Return (1 - SSIM) / 2, for all pairs.

    Gaussian windows of sigma 1.5 cut at radius 5, population covariance, mean over the windows inside the map, as
    scikit-image's `structural_similarity` with those settings.

    Parameters
    ----------
    x : ndarray, shape (a,)
    y : ndarray, shape (b,)
        Maps of one image by two blocks of models, with their local moments.
    data_range : float
        1 for unsigned views, 2 for signed ones; never the range of the two maps at hand.
    upper : bool
        Whether only the pairs above the diagonal are wanted.

    Returns
    -------
    ndarray, shape (a, b)
    """
    c1, c2 = constants(data_range)
    height, width = x["map"].shape[1:]
    inside = height - 2 * RADIUS, width - 2 * RADIUS
    totals = np.zeros((len(x), len(y)))
    for windows, pixels in strips(height):
        rows = windows.stop - windows.start
        shapes = (rows + 2 * RADIUS, width), (rows, width), *[(rows, inside[1])] * 3
        buffers = [np.empty((min(PARTNERS, len(y)), *shape)) for shape in shapes]
        for row, start, stop in batches(x, y, upper):
            one, others = x[row], y[start:stop]
            product, tall, contrast, luminance, size = (buffer[: stop - start] for buffer in buffers)
            np.multiply(one["map"][pixels], others["map"][:, pixels], out=product)
            write_local_means(product, tall, contrast)
            np.multiply(one["mean"][windows], others["mean"][:, windows], out=luminance)
            luminance += c1
            contrast -= luminance
            contrast += c1 + c2
            luminance *= contrast
            np.add(one["square"][windows], others["square"][:, windows], out=size)
            size *= np.add(one["variance"][windows], others["variance"][:, windows], out=contrast)
            luminance /= size
            totals[row, start:stop] += luminance.sum(axis=(1, 2))
    return (1 - totals / np.prod(inside)) / 2


def batches(x, y, upper):
    """Yield every row of a table of pairs with a range of columns, in parts of no more than PARTNERS."""
    for row, first in rows_of(x, upper):
        for start in range(first, len(y), PARTNERS):
            yield row, start, min(start + PARTNERS, len(y))
