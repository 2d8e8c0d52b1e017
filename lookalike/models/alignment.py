"""Alignment: how a model's similarities between images agree with human ones. What is constant
correlates with nothing.
"""

import numpy as np

from lookalike.core.vectors import centred_unit_vectors

# What rounding leaves of a variance that is zero.
ROUNDING = 1e-14


def unit_rows(x):
    """Return rows (..., n) less their mean, of length 1, so that products are Pearson's
    correlations; 0 where a row is constant.
    """
    return np.nan_to_num(centred_unit_vectors(x.reshape(-1, x.shape[-1]))).reshape(x.shape)


def agreements(features, places, human, reference):
    """Return how features of images agree with human similarities, r(H[n], S[n]) over the other
    images.

    Parameters
    ----------
    features : Tensor, shape (n, m, F)
        m representations of each image.
    places : Tensor of int, shape (n,)
    human : ndarray, shape (N, N)
    reference : ndarray, shape (N, F)

    Returns
    -------
    ndarray, shape (n, m)
    """
    directions, found = unit_rows(reference.astype(float)), []
    for place, representations in zip(
        places.tolist(), features.double().cpu().numpy(), strict=True
    ):
        others = np.arange(len(human)) != place
        similarities = unit_rows(representations) @ directions[others].T
        found.append(unit_rows(similarities) @ unit_rows(human[place, others]))
    return np.array(found)


def misalignment(human):
    """Return the criterion of alignment: from features (n, m, F) to 1 - r^2 (m,).

    r is Pearson's correlation of the human similarities (n, n) with those of the features,
    Pearson's correlations too, over the pairs of images; 0 where either is constant.
    """
    pairs = np.triu_indices(len(human), 1)
    wanted = unit_rows(human[pairs])

    def criterion(outputs):
        features = unit_rows(outputs.swapaxes(0, 1))
        similarities = (features @ features.swapaxes(1, 2))[:, *pairs]
        return 1 - (unit_rows(similarities) @ wanted) ** 2

    return criterion


def measure_alignment(similarities, human, places):
    """Measure how well similarities between images agree with human ones in every resample of the
    images.

    Parameters
    ----------
    similarities, human : ndarray, shape (n, n)
        Symmetric; the diagonals do not count.
    places : ndarray of int, shape (B, n)
        As `resample` gives them. A pair of images counts as often as both were drawn, one image
        never as a pair with itself.

    Returns
    -------
    ndarray, shape (B,)
        r^2 over the pairs of images, r Pearson's correlation; 0 where either side is constant.
    """
    n = len(human)
    counts = np.array([np.bincount(row, minlength=n) for row in places], dtype=float)
    apart = 1 - np.eye(n)

    def total(table):
        return np.vecdot(counts @ (table * apart), counts)

    pairs = total(np.ones((n, n)))
    # Deviations from a value near the mean, so that the squares do not cancel.
    x, y = (table - (table * apart).sum() / apart.sum() for table in (similarities, human))
    with np.errstate(invalid="ignore", divide="ignore"):
        means = [total(table) / pairs for table in (x, y)]
        covariance = total(x * y) / pairs - means[0] * means[1]
        variances = [
            total(table**2) / pairs - mean**2 for table, mean in zip((x, y), means, strict=True)
        ]
        r2 = covariance**2 / (variances[0] * variances[1])
    return np.where(np.minimum(*variances) > ROUNDING, np.minimum(r2, 1), 0)
