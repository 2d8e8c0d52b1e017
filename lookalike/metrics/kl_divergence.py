"""Symmetric Kullback-Leibler divergence (Jeffreys') of maps as distributions."""

import numpy as np

from lookalike.core.cards import Prepared
from lookalike.core.registry import metric
from lookalike.metrics.preparation import unsigned
from lookalike.metrics.products import dots, in_pieces, inner_products, ones_like


def weights_and_logarithms(maps: np.ndarray, *, epsilon: float = 1e-10) -> Prepared:
    """Return maps over their peaks, lifted by epsilon, as distributions, and their logarithms but
    for a constant, both in pieces; and the means of the latter under the former, shape (a,).

    NaN for a map that is all zero.
    """
    vectors = unsigned(maps)
    size = vectors.shape[1]
    weights = in_pieces(vectors)
    inside = weights.reshape(len(maps), -1)[:, :size]
    peaks = vectors.max(axis=1, keepdims=True)
    inside /= np.where(peaks > 0, peaks, np.nan)
    inside += epsilon
    # Of mean 1 for the logarithms, which are then near 0 and keep more digits.
    inside *= (size / dots(weights, ones_like(weights)))[:, None]
    logarithms = in_pieces(inside)
    part = logarithms.reshape(len(maps), -1)[:, :size]
    np.log(part, out=part)
    inside /= size
    return weights, logarithms, dots(weights, logarithms)


@metric(
    prepare=weights_and_logarithms,
    range=(0, np.inf),
    raw=lambda d: d,
    raw_name="symmetric KL divergence in nats",
    formula="sum (p - q) (ln p - ln q), maps over their peak plus epsilon, scaled to sum 1",
    law="product",
    ignores=("scale",),
    views="unsigned",
    undefined="a map is all zero",
    reference="Jeffreys 1946, doi:10.1098/rspa.1946.0056",
    saliencytools=(
        "`kl_divergence`: the same on maps from 0 to 1; it shifts others so that their smallest "
        "value becomes 0"
    ),
)
def kl_divergence(x: Prepared, y: Prepared) -> np.ndarray:
    """Return KL(p || q) + KL(q || p), in nats, for all pairs.

    Unbounded, and where one map is empty led by epsilon: `jensen_shannon` is its bounded kin.

    Parameters
    ----------
    x : tuple of ndarray, shapes twice (a, pieces, length) and (a,)
    y : tuple of ndarray, shapes twice (b, pieces, length) and (b,)
        Maps of one image by two blocks of models as distributions, their logarithms, and the means
        of these.

    Returns
    -------
    ndarray, shape (a, b)
        NaN where either map is all zero.
    """
    (weights, logarithms, means), (other_weights, other_logarithms, other_means) = x, y
    crossed = inner_products(weights, other_logarithms)
    # The sum of both first, so that the value is the same for x and y exchanged.
    crossed = crossed + inner_products(other_weights, logarithms).T
    return np.add.outer(means, other_means) - crossed
