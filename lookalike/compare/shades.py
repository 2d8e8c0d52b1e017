"""Shades of a matrix's cells, so that noise does not look like a pattern."""

import numpy as np

from lookalike.compare.dissimilarities import Dissimilarities
from lookalike.core.condensed import square

# So many matrices without any structure have one shade.
SURE = 0.95
# Of more cells, those that follow one another in size are put together first; and as many resamples
# tell how far noise reaches.
MOST_VALUES, MOST_RESAMPLES = 1000, 400


def shades(matrix: Dissimilarities) -> np.ndarray:
    """Return the dissimilarity whose colour each cell gets: cells that do not differ clearly from
    one another get the same.

    Parameters
    ----------
    matrix : Dissimilarities

    Returns
    -------
    ndarray, shape (m, m)
        Neighbouring values are put together, those first whose means are nearest, until all means
        are farther apart than noise alone brings a cell from the mean of the others, in 95 of
        100 matrices. The cells of a group get its mean. The values themselves where noise is not
        known, as of user-supplied matrices; NaN where the values are unknown.
    """
    values = matrix.condensed
    known = np.isfinite(values)
    reach = reach_of_noise(matrix.replicates[:MOST_RESAMPLES, known])
    if np.isnan(reach) or known.sum() < 2:
        return matrix.values
    shown = values.copy()
    shown[known] = grouped(values[known], reach)
    return square(shown, len(matrix))


def reach_of_noise(replicates: np.ndarray) -> float:
    """Return how far noise brings any cell from the mean of all others, in 95 of 100 matrices.

    Parameters
    ----------
    replicates : ndarray, shape (B, cells)
        NaN where a resample has no image of a pair.

    Returns
    -------
    float
        NaN where no resample has all.
    """
    complete = replicates[np.isfinite(replicates).all(axis=1)]
    if not complete.size:
        return np.nan
    noise = complete - complete.mean(axis=0)
    cells = noise.shape[1]
    noise = (noise - noise.mean(axis=1, keepdims=True)) * cells / max(cells - 1, 1)
    return float(np.quantile(np.abs(noise).max(axis=1), SURE))


def grouped(values: np.ndarray, distance: float) -> np.ndarray:
    """Return for each of several values the mean of its group; means are farther apart than a
    distance.
    """
    from scipy.cluster.hierarchy import fcluster, linkage

    order = np.argsort(values, kind="stable")
    parts = np.array_split(order, min(len(values), MOST_VALUES))
    middles = np.array([values[part].mean() for part in parts])
    tree = linkage(middles[:, None], "average")
    groups = np.empty(len(values), int)
    for part, group in zip(parts, fcluster(tree, distance, "distance"), strict=True):
        groups[part] = group
    sums, counts = np.bincount(groups, values), np.bincount(groups)
    return sums[groups] / counts[groups]
