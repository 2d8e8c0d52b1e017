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
        Neighbouring values are put together, those first that are nearest, until the means of all
        groups differ by more than noise alone brings a cell from the mean of the others, in 95 of
        100 matrices; a difference counts by the standard errors of single cells. The cells of a
        group get its mean. The values themselves where noise is not known, as of user-supplied
        matrices; NaN where the values are unknown.
    """
    values = matrix.condensed
    known = np.isfinite(values)
    replicates = matrix.replicates[:MOST_RESAMPLES, known]
    complete = replicates[np.isfinite(replicates).all(axis=1)]
    if len(complete) < 2 or known.sum() < 2:
        return matrix.values
    shown = values.copy()
    variances = complete.var(axis=0, ddof=1)
    shown[known] = grouped(values[known], variances, reach_of_noise(complete, variances))
    return square(shown, len(matrix))


def reach_of_noise(replicates: np.ndarray, variances: np.ndarray) -> float:
    """Return by how many standard errors noise brings any cell from the mean of all others, in 95
    of 100 matrices.

    Parameters
    ----------
    replicates : ndarray, shape (B, cells)
    variances : ndarray, shape (cells,)
        Of the replicates.
    """
    cells = len(variances)
    noise = replicates - replicates.mean(axis=0)
    # From the mean of the others, which is a little farther than from that of all.
    noise = (noise - noise.mean(axis=1, keepdims=True)) * cells / (cells - 1)
    errors = np.sqrt(variances + variances.mean())
    if not errors.all():
        return 0.0
    return float(np.quantile(np.abs(noise / errors).max(axis=1), SURE))


def grouped(values: np.ndarray, variances: np.ndarray, reach: float) -> np.ndarray:
    """Return for each of several values the mean of its group.

    Parameters
    ----------
    values, variances : ndarray, shape (cells,)
    reach : float
        The means of neighbouring groups differ by more than so many standard errors of a difference
        between two cells of these groups.
    """
    order = np.argsort(values, kind="stable")
    parts = np.array_split(order, min(len(values), MOST_VALUES))
    starts = np.cumsum([0, *map(len, parts[:-1])])
    while len(starts) > 1:
        counts = np.diff([*starts, len(values)])
        means = np.add.reduceat(values[order], starts) / counts
        noise = np.add.reduceat(variances[order], starts) / counts
        gaps = np.diff(means) - reach * np.sqrt(noise[1:] + noise[:-1])
        nearest = int(gaps.argmin())
        if gaps[nearest] > 0:
            break
        starts = np.delete(starts, nearest + 1)
    counts = np.diff([*starts, len(values)])
    shown = np.empty_like(values)
    shown[order] = np.repeat(np.add.reduceat(values[order], starts) / counts, counts)
    return shown
