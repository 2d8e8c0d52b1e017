"""Dissimilarities put between a ceiling and chance."""

from collections.abc import Mapping

import numpy as np

from lookalike.compare.dissimilarities import Dissimilarities
from lookalike.core.condensed import ROUNDING


def calibrate(
    matrix: Dissimilarities, chance: np.ndarray, originals: Mapping[str, str]
) -> np.ndarray:
    """Put dissimilarities on a scale from a replicate to chance.

    Parameters
    ----------
    matrix : Dissimilarities
        Of maps of the same image.
    chance : ndarray, shape (pairs,)
        Of maps of different images.
    originals : dict
        From a model to the one that it is a replicate of, or to itself.

    Returns
    -------
    ndarray, shape (pairs,)
        0: as alike as a model and its own replicate; 1: no more alike than maps of different
        images. A pair's ceiling is the dissimilarity of its two models' replicates; where they have
        none, the mean of all replicates; where there are none at all, 0, the dissimilarity of a map
        to itself. NaN where chance is not above the ceiling.
    """
    rows, columns = np.triu_indices(len(matrix), 1)
    dissimilarities = matrix.condensed
    origin = np.array([originals[name] for name in matrix.names])
    own = {
        name: dissimilarities[(origin[rows] == name) & (origin[columns] == name)]
        for name in dict.fromkeys(origin.tolist())
    }
    ceilings = {
        name: np.nanmean(values) for name, values in own.items() if np.isfinite(values).any()
    }
    usual = np.mean([*ceilings.values()]) if ceilings else 0.0
    known = [
        [ceilings[name] for name in {origin[row], origin[column]} if name in ceilings]
        for row, column in zip(rows, columns, strict=True)
    ]
    ceiling = np.array([np.mean(values) if values else usual for values in known])
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(
            chance - ceiling > ROUNDING, (dissimilarities - ceiling) / (chance - ceiling), np.nan
        )
