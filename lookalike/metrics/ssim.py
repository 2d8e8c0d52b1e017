"""Structural similarity as a dissimilarity, with Gaussian windows and a fixed range."""

import numpy as np

from lookalike.core.errors import InputError
from lookalike.core.registry import metric

# Maps (a, H, W), their local means and variances (a, H - 10, W - 10).
Moments = tuple[np.ndarray, np.ndarray, np.ndarray]
K1, K2 = 0.01, 0.03


def local_moments(maps: np.ndarray) -> Moments:
    """Return maps (a, H, W) with their local means and variances (a, H - 10, W - 10)."""
    from lookalike.metrics.compiled.ssim_loops import RADIUS, write_local_moments

    height, width = maps.shape[1:]
    if min(height, width) <= 2 * RADIUS:
        raise InputError(
            f"ssim needs maps of at least 11 x 11 pixels, not {height} x {width}; raise maps.size"
        )
    maps = np.ascontiguousarray(maps, dtype=np.float64)
    means, variances = np.empty((2, len(maps), height - 2 * RADIUS, width - 2 * RADIUS))
    write_local_moments(maps, means, variances)
    return maps, means, variances


@metric(
    prepare=local_moments,
    range=(0, 1),
    raw=lambda d: 1 - 2 * d,
    raw_name="SSIM",
    formula="(1 - SSIM) / 2",
    law="product",
    bounded=True,
    cost="pairs",
    reference="Wang et al. 2004, doi:10.1109/TIP.2003.819861",
    saliencytools=(
        "`ssim` has a uniform 7 x 7 window and the joint range of the two maps, 0 whenever they "
        "are `allclose`; here Gaussian windows, fixed range"
    ),
)
def ssim(x: Moments, y: Moments, *, data_range: float, upper: bool = False) -> np.ndarray:
    """Return (1 - SSIM) / 2, for all pairs.

    Gaussian windows of sigma 1.5 cut at radius 5, population covariance, mean over the windows
    inside the map, as scikit-image's `structural_similarity` with those settings.

    Parameters
    ----------
    x : tuple of ndarray, shapes (a, H, W) and twice (a, H - 10, W - 10)
    y : tuple of ndarray, shapes (b, H, W) and twice (b, H - 10, W - 10)
        Maps of one image by two blocks of models, with their local means and variances.
    data_range : float
        1 for unsigned views, 2 for signed ones; never the range of the two maps at hand.
    upper : bool
        Whether only the pairs above the diagonal are needed.

    Returns
    -------
    ndarray, shape (a, b)
    """
    from lookalike.metrics.compiled.ssim_loops import mean_similarities

    return (1 - mean_similarities(x, y, (K1 * data_range) ** 2, (K2 * data_range) ** 2, upper)) / 2
