"""Symmetric Kullback-Leibler divergence (Jeffreys') of maps as distributions."""

import numpy as np

from lookalike.metrics.preparation import unsigned
from lookalike.registry import metric


def probabilities_and_logarithms(maps, *, epsilon=1e-10):
    """Return maps over their peaks, lifted by epsilon and scaled to sum 1, and the logarithms, shape (a, 2, p).

    NaN for a map that is all zero. The logarithms are those of the ratio to the uniform distribution, which leaves
    differences of logarithms as they are, and their products with probabilities small.
    """
    vectors = unsigned(maps)
    peaks = vectors.max(axis=1, keepdims=True)
    prepared = np.empty((len(vectors), 2, vectors.shape[1]))
    probabilities, logarithms = prepared[:, 0], prepared[:, 1]
    np.divide(vectors, np.where(peaks > 0, peaks, np.nan), out=probabilities)
    probabilities += epsilon
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    np.log(probabilities * vectors.shape[1], out=logarithms)
    return prepared


@metric(
    prepare=probabilities_and_logarithms,
    range=(0, np.inf),
    raw=lambda d: d,
    raw_name="symmetric KL divergence in nats",
    formula="sum (p - q) (ln p - ln q), maps over their peak plus epsilon, scaled to sum 1",
    ignores=("scale",),
    views="unsigned",
    undefined="a map is all zero",
    reference="Jeffreys 1946, doi:10.1098/rspa.1946.0056",
    saliencytools="`kl_divergence`: the same on maps from 0 to 1; it shifts others so that their smallest value becomes 0",
)
def kl_divergence(x, y):
    """Return KL(p || q) + KL(q || p), in nats, for all pairs.

    Unbounded, and where one map is empty led by epsilon: `jensen_shannon` is its bounded kin.

    Parameters
    ----------
    x : ndarray, shape (a, 2, p)
    y : ndarray, shape (b, 2, p)
        Maps of one image by two blocks of models, prepared to probabilities and their logarithms.

    Returns
    -------
    ndarray, shape (a, b)
        NaN where either map is all zero.
    """
    own = [np.einsum("ip,ip->i", maps[:, 0], maps[:, 1]) for maps in (x, y)]
    return np.add.outer(*own) - x[:, 0] @ y[:, 1].T - x[:, 1] @ y[:, 0].T
