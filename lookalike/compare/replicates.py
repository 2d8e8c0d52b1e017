"""Replicates: how near a model and its rerun are, compared with all other pairs."""

from collections.abc import Mapping

import numpy as np

from lookalike.compare.dissimilarities import Dissimilarities, Key
from lookalike.compare.resampling import with_interval
from lookalike.core.condensed import pair_numbers
from lookalike.core.types import Row

COLUMNS = (
    *Key._fields,
    "model",
    "replicate",
    "distance",
    "others",
    "difference",
    "difference_low",
    "difference_high",
    "nearer",
    "n",
    "units",
)


def compare_replicates(matrix: Dissimilarities, replicates: Mapping[str, str]) -> list[Row]:
    """Compare each model and its replicate with the other pairs of a matrix.

    Parameters
    ----------
    matrix : Dissimilarities
        With the numbers of images; without pruned variants, which are no yardstick, since they are
        not independent of their models.
    replicates : dict
        From a replicate to its original. Not every matrix holds all of them.

    Returns
    -------
    list of dict
        With `COLUMNS`.
    """
    return [
        matrix.key._asdict()
        | {"model": original, "replicate": replicate}
        | {"n": matrix.of([original, replicate]).images}
        | {"units": matrix.units_of(original, replicate)}
        | replicate_gap(matrix, original, replicate)
        for replicate, original in replicates.items()
        if {replicate, original} <= set(matrix.names)
    ]


def replicate_gap(matrix: Dissimilarities, original: str, replicate: str) -> Row:
    """Compare the dissimilarity of a model and its replicate with those of all other pairs.

    Returns
    -------
    dict
        `distance`, their dissimilarity; `others`, the mean of the other pairs, of those that have
        an interval if any has; `difference`, how much larger the first is, with its 95% interval
        over images; `nearer`, the share of these other pairs that are nearer than they are. NaN
        where there is nothing to compare with.
    """
    one, other = matrix.names.index(original), matrix.names.index(replicate)
    own = pair_numbers(len(matrix))[one, other]
    values = np.vstack([matrix.condensed, matrix.replicates])
    compared = np.isfinite(values[0])
    compared[own] = False
    varied = compared & np.isfinite(matrix.replicates).any(axis=0)
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
        **with_interval(distances - others, "difference", matrix.units_of(original, replicate)),
        "nearer": float(nearer),
    }
