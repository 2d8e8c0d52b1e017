"""Redundancy of metrics: which of them rank the same pairs and images in the same order."""

from collections.abc import Mapping, Sequence

import numpy as np

REDUNDANT = 0.999


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
    correlations = np.eye(len(columns))
    for row in range(len(columns)):
        for column in range(row):
            known = np.isfinite(columns[row]) & np.isfinite(columns[column])
            ranks = [rankdata(columns[place][known]) for place in (row, column)]
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
