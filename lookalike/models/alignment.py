"""Alignment: how a model's similarities between images agree with human ones. The correlation with
a constant counts as 0.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from lookalike.core.vectors import centred_unit_vectors

if TYPE_CHECKING:
    import torch

# What rounding leaves of a variance of zero.
ROUNDING = 1e-14


def unit_rows(x: np.ndarray) -> np.ndarray:
    """Return rows (..., n) centred and scaled to length 1, so that their products are Pearson's
    correlations; 0 where a row is constant.
    """
    return np.nan_to_num(centred_unit_vectors(x.reshape(-1, x.shape[-1]))).reshape(x.shape)


def agreements(
    features: "torch.Tensor", indices: "torch.Tensor", human: np.ndarray, reference: np.ndarray
) -> np.ndarray:
    """Return how features of images agree with human similarities, r(H[n], S[n]) over the other
    images.

    Parameters
    ----------
    features : Tensor, shape (n, m, F)
        m representations of each image.
    indices : Tensor of int, shape (n,)
        Of the images in `human` and `reference`.
    human : ndarray, shape (N, N)
    reference : ndarray, shape (N, F)

    Returns
    -------
    ndarray, shape (n, m)
    """
    directions, found = unit_rows(reference.astype(float)), []
    for index, representations in zip(
        indices.tolist(), features.double().cpu().numpy(), strict=True
    ):
        others = np.arange(len(human)) != index
        similarities = unit_rows(representations) @ directions[others].T
        found.append(unit_rows(similarities) @ unit_rows(human[index, others]))
    return np.array(found)


def misalignment(human: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Return the criterion of alignment: a function from features (n, m, F) to 1 - r^2 (m,).

    r is Pearson's correlation over the pairs of images, between the human similarities (n, n) and
    those of the features, which are Pearson's correlations too; 0 where either is constant.
    """
    pairs = np.triu_indices(len(human), 1)
    expected = unit_rows(human[pairs])

    def criterion(outputs: np.ndarray) -> np.ndarray:
        features = unit_rows(outputs.swapaxes(0, 1))
        similarities = (features @ features.swapaxes(1, 2))[:, *pairs]
        return 1 - (unit_rows(similarities) @ expected) ** 2

    return criterion


def measure_alignment(
    similarities: np.ndarray, human: np.ndarray, indices: np.ndarray
) -> np.ndarray:
    """Measure how well similarities between images agree with human ones in every resample of the
    images.

    Parameters
    ----------
    similarities, human : ndarray, shape (n, n)
        Symmetric; the diagonals do not count.
    indices : ndarray of int, shape (B, n)
        Images drawn, as `resample` gives them. A pair of images counts as often as both were drawn;
        an image drawn twice is no pair with itself.

    Returns
    -------
    ndarray, shape (B,)
        r^2 over the pairs of images, r Pearson's correlation; 0 where either side is constant.
    """
    n = len(human)
    counts = np.array([np.bincount(row, minlength=n) for row in indices], dtype=float)
    apart = 1 - np.eye(n)

    def total(table: np.ndarray) -> np.ndarray:
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
