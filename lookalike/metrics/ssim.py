"""Structural similarity as a dissimilarity, with Gaussian windows and a fixed range."""

import numpy as np

from lookalike.errors import InputError
from lookalike.registry import metric

SIGMA, RADIUS = 1.5, 5
K1, K2 = 0.01, 0.03
ROWS_AT_ONCE = 32
INSIDE = np.s_[..., RADIUS:-RADIUS, RADIUS:-RADIUS]

window = np.exp(-0.5 * (np.arange(-RADIUS, RADIUS + 1) / SIGMA) ** 2)
window /= window.sum()
# Row i slides the window over positions i to i + 10.
BAND = np.stack([np.pad(window, (start, ROWS_AT_ONCE - 1 - start)) for start in range(ROWS_AT_ONCE)])


def local_means(saliency):
    """Return the Gaussian means over all windows inside one map, shape (H - 10, W - 10).

    Both passes are products with a narrow band, a few rows at a time: the fastest of the ways that were measured.
    """
    height, width = (extent - 2 * RADIUS for extent in saliency.shape)
    tall = np.empty((height, saliency.shape[1]))
    for start in range(0, height, ROWS_AT_ONCE):
        stop = min(start + ROWS_AT_ONCE, height)
        np.matmul(BAND[: stop - start, : stop - start + 2 * RADIUS], saliency[start : stop + 2 * RADIUS], out=tall[start:stop])
    means = np.empty((height, width))
    for start in range(0, width, ROWS_AT_ONCE):
        stop = min(start + ROWS_AT_ONCE, width)
        np.matmul(tall[:, start : stop + 2 * RADIUS], BAND[: stop - start, : stop - start + 2 * RADIUS].T, out=means[:, start:stop])
    return means


def local_moments(maps, *, data_range=1.0):
    """Return what SSIM wants of every map, padded into one array of shape (a, 4, H, W).

    sqrt(2) times the map, sqrt(2) times its local means, and local means squared and variances, each with half of
    SSIM's constant: so that a pair takes the fewest passes.
    """
    if min(maps.shape[1:]) <= 2 * RADIUS:
        raise InputError(f"ssim wants maps of at least 11 x 11 pixels, not {maps.shape[1]} x {maps.shape[2]}; raise maps.size")
    c1, c2 = constants(data_range)
    moments = np.zeros((len(maps), 4, *maps.shape[1:]))
    for (copy, mean, square, variance), saliency in zip(moments, maps, strict=True):
        copy[...] = saliency * np.sqrt(2)
        mean[INSIDE] = local_means(copy)
        square[INSIDE] = mean[INSIDE] ** 2 / 2
        variance[INSIDE] = local_means(saliency**2) - square[INSIDE] + c2 / 2
        square[INSIDE] += c1 / 2
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
def ssim(x, y, *, data_range=1.0):
    """Return (1 - SSIM) / 2, for all pairs.

    Gaussian windows of sigma 1.5 cut at radius 5, population covariance, mean over the windows inside the map, as
    scikit-image's `structural_similarity` with those settings.

    Parameters
    ----------
    x : ndarray, shape (a, 4, H, W)
    y : ndarray, shape (b, 4, H, W)
        Maps of one image by two blocks of models, with their local moments.
    data_range : float
        1 for unsigned views, 2 for signed ones; never the range of the two maps at hand.

    Returns
    -------
    ndarray, shape (a, b)
    """
    c1, c2 = constants(data_range)
    values = np.empty((len(x), len(y)))
    for row, column in np.ndindex(values.shape):
        (one, mean, square, variance), (other, other_mean, other_square, other_variance) = x[row], y[column]
        luminance = mean[INSIDE] * other_mean[INSIDE]
        contrast = local_means(one * other)
        contrast -= luminance
        contrast += c2
        luminance += c1
        luminance *= contrast
        np.add(variance[INSIDE], other_variance[INSIDE], out=contrast)
        contrast *= square[INSIDE] + other_square[INSIDE]
        luminance /= contrast
        values[row, column] = luminance.mean()
    return (1 - values) / 2
