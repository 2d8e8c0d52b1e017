"""Symmetric Kullback-Leibler divergence (Jeffreys') of maps as distributions."""

import numpy as np

from lookalike.core.registry import metric
from lookalike.metrics.preparation import inner_products, sums, unsigned


def ratios_and_logarithms(maps, *, epsilon=1e-10):
    """Return maps over their peaks, lifted by epsilon and scaled to mean 1, and the logarithms,
    shape (a, p) each.

    NaN for a map that is all zero.
    """
    vectors = unsigned(maps).astype(np.float64)
    peaks = vectors.max(axis=1, keepdims=True)
    vectors /= np.where(peaks > 0, peaks, np.nan)
    vectors += epsilon
    vectors *= (vectors.shape[1] / sums(vectors))[:, None]
    return vectors, np.log(vectors)


def weighted_logarithms(ratios, logarithms):
    """Return the means, shape (a, b), of logarithms (b, p) under distributions (a, p) over their
    mean.
    """
    return inner_products(ratios, logarithms) / ratios.shape[1]


@metric(
    prepare=ratios_and_logarithms,
    range=(0, np.inf),
    raw=lambda d: d,
    raw_name="symmetric KL divergence in nats",
    formula="sum (p - q) (ln p - ln q), maps over their peak plus epsilon, scaled to sum 1",
    ignores=("scale",),
    views="unsigned",
    undefined="a map is all zero",
    reference="Jeffreys 1946, doi:10.1098/rspa.1946.0056",
    saliencytools=(
        "`kl_divergence`: the same on maps from 0 to 1; it shifts others so that their smallest "
        "value becomes 0"
    ),
)
def kl_divergence(x, y):
    """Return KL(p || q) + KL(q || p), in nats, for all pairs.

    Unbounded, and where one map is empty led by epsilon: `jensen_shannon` is its bounded kin.

    Parameters
    ----------
    x : tuple of two ndarray, shape (a, p)
    y : tuple of two ndarray, shape (b, p)
        Maps of one image by two blocks of models as distributions over their mean, and the
        logarithms of those.

    Returns
    -------
    ndarray, shape (a, b)
        NaN where either map is all zero.
    """
    own = [np.einsum("ip,ip->i", *maps) / maps[0].shape[1] for maps in (x, y)]
    return np.add.outer(*own) - weighted_logarithms(x[0], y[1]) - weighted_logarithms(y[0], x[1]).T
