"""Peak signal-to-noise ratio as a dissimilarity: the root mean squared error over a fixed range."""

import numpy as np

from lookalike.core.registry import metric
from lookalike.metrics.products import Vectors, mean_squared_differences, vectors


def decibels(dissimilarity: np.ndarray) -> np.ndarray:
    """Return the PSNR in dB of a dissimilarity; infinite where it is 0."""
    with np.errstate(divide="ignore"):
        return -20 * np.log10(dissimilarity)


@metric(
    prepare=vectors,
    range=(0, 1),
    raw=decibels,
    raw_name="PSNR in dB",
    formula="RMSE / range = 10^(-PSNR / 20)",
    law="squares",
    triangle=True,
    bounded=True,
    saliencytools=(
        "`psnr` is 1 / PSNR in dB over the joint range of the two maps at hand, so that pairs "
        "are not on one scale; here the range is fixed"
    ),
)
def psnr(x: Vectors, y: Vectors, *, data_range: float, upper: bool = False) -> np.ndarray:
    """Return the root mean squared difference of pixels over the range, for all pairs.

    Parameters
    ----------
    x : Vectors of shape (a, p)
    y : Vectors of shape (b, p)
        Maps of one image by two blocks of models, prepared for inner products.
    data_range : float
        1 for unsigned views, 2 for signed ones; never the range of the two maps at hand.
    upper : bool
        Whether only the pairs above the diagonal are needed.

    Returns
    -------
    ndarray, shape (a, b)
    """
    return np.sqrt(mean_squared_differences(x, y, upper=upper)) / data_range
