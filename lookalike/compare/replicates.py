"""Replicates: how near a model and its rerun are, and dissimilarities put on the scale that this
gives.
"""

import numpy as np

from lookalike.compare.resampling import with_interval
from lookalike.core.condensed import condensed, pair_numbers

COLUMNS = (
    "method",
    "metric",
    "subset",
    "model",
    "replicate",
    "distance",
    "others",
    "difference",
    "difference_low",
    "difference_high",
    "nearer",
    "n",
)


def without(matrix, names, left_out):
    """Return a matrix and its names without some models."""
    kept = [place for place, name in enumerate(names) if name not in left_out]
    return matrix[np.ix_(kept, kept)], [names[place] for place in kept]


def replicate_gap(matrix, names, original, replicate, resampled):
    """Compare the dissimilarity of a model and its replicate with those of all other pairs.

    Parameters
    ----------
    matrix : ndarray, shape (m, m)
    names : list of str
    original, replicate : str
    resampled : ndarray, shape (B, pairs)
        Its bootstrap replicates.

    Returns
    -------
    dict
        `distance`, their dissimilarity; `others`, the mean of the other pairs, of those that have
        an interval if any has; `difference`, how much larger the first is, with its 95% interval
        over images; `nearer`, the share of these other pairs that are nearer than they are. NaN
        where there is nothing to compare with.
    """
    own = pair_numbers(len(names))[names.index(original), names.index(replicate)]
    values = np.vstack([condensed(matrix), resampled])
    compared = np.isfinite(values[0])
    compared[own] = False
    varied = compared & np.isfinite(resampled).any(axis=0)
    compared = varied if varied.any() else compared
    distances, known = values[:, own], np.isfinite(values[:, compared])
    with np.errstate(invalid="ignore"):
        others = np.where(known, values[:, compared], 0).sum(axis=1) / known.sum(axis=1)
    nearer = (
        (values[0, compared] < distances[0]).mean()
        if compared.any() and np.isfinite(distances[0])
        else np.nan
    )
    return {
        "distance": float(distances[0]),
        "others": float(others[0]),
        "nearer": float(nearer),
    } | with_interval(distances - others, "difference")
