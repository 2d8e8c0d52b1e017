"""Structural similarity as a dissimilarity, with Gaussian windows and a fixed range."""

import numpy as np

from lookalike.errors import InputError
from lookalike.registry import metric

SIGMA, RADIUS = 1.5, 5
K1, K2 = 0.01, 0.03


def local_means(maps):
    """Return Gaussian means over all windows inside the maps, shape (..., H - 10, W - 10)."""
    offsets = np.arange(-RADIUS, RADIUS + 1)
    window = np.exp(-0.5 * (offsets / SIGMA) ** 2)
    window /= window.sum()
    rows, columns = (banded(window, extent) for extent in maps.shape[-2:])
    return rows @ maps @ columns.T


def banded(window, extent):
    """Return the matrix, shape (extent - 10, extent), that slides a window along an axis."""
    matrix = np.zeros((extent - 2 * RADIUS, extent))
    for start, row in enumerate(matrix):
        row[start : start + len(window)] = window
    return matrix


def local_moments(maps):
    """Return the maps, padded into one array with their local means and variances, shape (a, 3, H, W)."""
    if min(maps.shape[1:]) <= 2 * RADIUS:
        raise InputError(f"ssim wants maps of at least 11 x 11 pixels, not {maps.shape[1]} x {maps.shape[2]}; raise maps.size")
    means = local_means(maps)
    moments = np.zeros((len(maps), 3, *maps.shape[1:]))
    moments[:, 0] = maps
    inside = np.s_[RADIUS:-RADIUS, RADIUS:-RADIUS]
    moments[:, 1][:, *inside] = means
    moments[:, 2][:, *inside] = local_means(maps**2) - means**2
    return moments


@metric(
    prepare=local_moments,
    range=(0, 1),
    raw=lambda d: 1 - 2 * d,
    raw_name="SSIM",
    bounded=True,
    cost="pairs",
    reference="Wang et al. 2004, doi:10.1109/TIP.2003.819861",
)
def ssim(x, y, *, data_range=1.0):
    """Return (1 - SSIM) / 2, for all pairs.

    Gaussian windows of sigma 1.5 cut at radius 5, population covariance, mean over the windows inside the map, as
    scikit-image's `structural_similarity` with those settings.

    Parameters
    ----------
    x : ndarray, shape (a, 3, H, W)
    y : ndarray, shape (b, 3, H, W)
        Maps of one image by two blocks of models, with their local means and variances.
    data_range : float
        1 for unsigned views, 2 for signed ones; never the range of the two maps at hand.

    Returns
    -------
    ndarray, shape (a, b)
    """
    c1, c2 = (K1 * data_range) ** 2, (K2 * data_range) ** 2
    inside = np.s_[..., RADIUS:-RADIUS, RADIUS:-RADIUS]
    y_mean, y_variance = y[:, 1][inside], y[:, 2][inside]
    values = np.empty((len(x), len(y)))
    for row, (pixels, mean, variance) in zip(values, x, strict=True):
        mean, variance = mean[inside], variance[inside]
        covariance = local_means(pixels * y[:, 0]) - mean * y_mean
        luminance = (2 * mean * y_mean + c1) / (mean**2 + y_mean**2 + c1)
        structure = (2 * covariance + c2) / (variance + y_variance + c2)
        row[:] = (luminance * structure).mean(axis=(-2, -1))
    return (1 - values) / 2
