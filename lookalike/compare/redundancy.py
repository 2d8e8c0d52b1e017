"""Redundancy of metrics: which of them rank the same pairs and images in the same order."""

from collections.abc import Mapping, Sequence

import numpy as np

from lookalike.core import io
from lookalike.core.types import StrPath

REDUNDANT = 0.999
# From (method, metric) to the same of the one that stands for it, as one of several of one ranking.
Representatives = Mapping[tuple[str, str], tuple[str, str]]


def rank_correlations(values: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return Spearman's correlation between metrics over all pairs and images.

    Parameters
    ----------
    values : dict
        From a metric's name to its values, shape (n, pairs); NaN where it is undefined.

    Returns
    -------
    ndarray, shape (k, k)
        Over the values that both metrics have; NaN where they have fewer than two, or one of them
        is constant.
    """
    from scipy.stats import rankdata

    columns = [table.ravel() for table in values.values()]
    # Where no value is missing, ranks of all are those of the common ones.
    whole = {place: rankdata(one) for place, one in enumerate(columns) if np.isfinite(one).all()}
    correlations = np.eye(len(columns))
    for row in range(len(columns)):
        for column in range(row):
            known = np.isfinite(columns[row]) & np.isfinite(columns[column])
            ranks = [
                whole[place] if known.all() else rankdata(columns[place][known])
                for place in (row, column)
            ]
            varied = known.sum() > 1 and all(np.ptp(one) > 0 for one in ranks)
            correlations[row, column] = correlations[column, row] = (
                np.corrcoef(*ranks)[0, 1] if varied else np.nan
            )
    return correlations


def redundant_groups(
    correlations: np.ndarray, names: Sequence[str], threshold: float = REDUNDANT
) -> list[list[str]]:
    """Return the groups of two or more metrics that are linked, directly or through others, by
    correlations above a threshold.
    """
    from scipy.sparse.csgraph import connected_components

    number, labels = connected_components(np.nan_to_num(correlations, nan=-1) > threshold)
    groups = [
        [name for name, label in zip(names, labels, strict=True) if label == one]
        for one in range(number)
    ]
    return sorted(group for group in groups if len(group) > 1)


def read_representatives(methods: Sequence[str], paths: Sequence[StrPath]) -> Representatives:
    """Return which metric stands for each of those that give the same ranking: the first of its
    group.

    Parameters
    ----------
    methods : sequence of str
    paths : sequence of path
        `inference/redundancy/METHOD.csv` of each.

    Returns
    -------
    dict
        From (method, metric) to that of the one that stands for it; others are left out.
    """
    return {
        (method, metric): (method, group[0])
        for method, path in zip(methods, paths, strict=True)
        for group in redundant_groups(*io.read_matrix(path))
        for metric in group
    }
