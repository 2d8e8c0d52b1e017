"""Replicates: how near a model and its rerun are, and dissimilarities put on the scale that this gives."""

import numpy as np

from lookalike.matrices import ROUNDING, condensed, pair_numbers
from lookalike.resampling import with_interval

COLUMNS = ("method", "metric", "subset", "model", "replicate", "distance", "others", "difference", "difference_low", "difference_high", "nearer", "n")


def without(matrix, names, left_out):
    """Return a matrix and its names without some models."""
    kept = [place for place, name in enumerate(names) if name not in left_out]
    return matrix[np.ix_(kept, kept)], [names[place] for place in kept]


def calibrate(dissimilarities, chance, names, originals):
    """Put dissimilarities on a scale that says what they mean.

    Parameters
    ----------
    dissimilarities, chance : ndarray, shape (pairs,)
        Of maps of the same image, and of different images.
    names : list of str
    originals : dict
        From a model to the one that it is a replicate of, or to itself.

    Returns
    -------
    ndarray, shape (pairs,)
        0: as alike as a model and its own replicate; 1: no more alike than maps of different images. A pair's ceiling is
        that of the replicates of its two models; where they have none, the mean of all replicates; where there are none at
        all, 0, the dissimilarity of a map to itself. NaN where chance is not above the ceiling.
    """
    rows, columns = np.triu_indices(len(names), 1)
    origin = np.array([originals[name] for name in names])
    own = {name: dissimilarities[(origin[rows] == name) & (origin[columns] == name)] for name in dict.fromkeys(origin.tolist())}
    ceilings = {name: np.nanmean(values) for name, values in own.items() if np.isfinite(values).any()}
    usual = np.mean([*ceilings.values()]) if ceilings else 0.0
    known = [[ceilings[name] for name in {origin[row], origin[column]} if name in ceilings] for row, column in zip(rows, columns, strict=True)]
    ceiling = np.array([np.mean(values) if values else usual for values in known])
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(chance - ceiling > ROUNDING, (dissimilarities - ceiling) / (chance - ceiling), np.nan)


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
        `distance`, their dissimilarity; `others`, the mean of the other pairs, of those that have an interval if any has;
        `difference`, how much larger the first is, with its 95% interval over images; `nearer`, the share of these other pairs
        that are nearer than they are. NaN where there is nothing to compare with.
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
    nearer = (values[0, compared] < distances[0]).mean() if compared.any() and np.isfinite(distances[0]) else np.nan
    return {"distance": float(distances[0]), "others": float(others[0]), "nearer": float(nearer)} | with_interval(distances - others, "difference")
