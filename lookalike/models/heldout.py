"""How well predicted scores agree with the true scores of held-out images, with intervals."""

import numpy as np

from lookalike.core import io
from lookalike.core.seeding import rng_of
from lookalike.core.types import StrPath
from lookalike.core.vectors import centred_unit_vectors


def read_predictions(path: StrPath) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Return images, scores and predictions of a table of held-out images."""
    rows = io.read_table(path)
    scores, predicted = (
        np.array([float(row[column]) for row in rows]) for column in ("score", "predicted")
    )
    return [row["image"] for row in rows], scores, predicted


def resample(n: int, resamples: int, seed: int) -> np.ndarray:
    """Return bootstrap resamples of n images as indices, shape (1 + resamples, n); the first row is
    the images themselves.

    A single image is only ever drawn as itself, which would look like certainty: then the first row
    is all there is.
    """
    return np.vstack(
        [
            np.arange(n),
            rng_of(seed, "bootstrap", n).integers(n, size=(resamples if n > 1 else 0, n)),
        ]
    )


def measure_errors(
    scores: np.ndarray, predicted: np.ndarray, indices: np.ndarray
) -> dict[str, np.ndarray]:
    """Measure how well predictions agree with scores in every resample.

    Parameters
    ----------
    scores, predicted : ndarray, shape (n,)
    indices : ndarray of int, shape (B, n)

    Returns
    -------
    dict of ndarray, shape (B,)
        `rmse`, `pearson` and `spearman`; correlations are NaN where either side is constant.
    """
    from scipy.stats import rankdata

    x, y = scores[indices], predicted[indices]
    rmse = np.sqrt(((x - y) ** 2).mean(axis=1))
    return {
        "rmse": rmse,
        "pearson": correlate_rows(x, y),
        "spearman": correlate_rows(rankdata(x, axis=1), rankdata(y, axis=1)),
    }


def correlate_rows(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return Pearson's correlation of every row of x (B, n) with the same row of y, shape (B,); NaN
    where either is constant.
    """
    return np.vecdot(centred_unit_vectors(x), centred_unit_vectors(y))
