"""How well predicted scores meet those of held-out images, with intervals."""

import numpy as np

from lookalike.core import io
from lookalike.core.seeding import rng_of
from lookalike.core.vectors import centred_unit_vectors


def read_predictions(path):
    """Return images, scores and predictions of a table of held-out images."""
    rows = io.read_table(path)
    return [row["image"] for row in rows], *(
        np.array([float(row[column]) for row in rows]) for column in ("score", "predicted")
    )


def resample(n, resamples, seed):
    """Return bootstrap resamples of n images, places of shape (1 + resamples, n); the first row is
    the images themselves.

    One image resampled is always itself, which would look like certainty: then there is the first
    row alone.
    """
    return np.vstack(
        [
            np.arange(n),
            rng_of(seed, "bootstrap", n).integers(n, size=(resamples if n > 1 else 0, n)),
        ]
    )


def measure_errors(scores, predicted, places):
    """Measure how well predictions meet scores in every resample.

    Parameters
    ----------
    scores, predicted : ndarray, shape (n,)
    places : ndarray of int, shape (B, n)

    Returns
    -------
    dict of ndarray, shape (B,)
        `rmse`, `pearson` and `spearman`; correlations are NaN where either side is constant.
    """
    from scipy.stats import rankdata

    x, y = scores[places], predicted[places]
    rmse = np.sqrt(((x - y) ** 2).mean(axis=1))
    return {
        "rmse": rmse,
        "pearson": correlate_rows(x, y),
        "spearman": correlate_rows(rankdata(x, axis=1), rankdata(y, axis=1)),
    }


def correlate_rows(x, y):
    """Return Pearson's correlation of every row of x (B, n) with that of y, shape (B,); NaN where
    either is constant.
    """
    return np.vecdot(centred_unit_vectors(x), centred_unit_vectors(y))
