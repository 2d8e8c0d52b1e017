"""Spatial earth mover's distance: how far saliency must be carried to turn one map into the other."""

import functools
import os

import numpy as np

from lookalike.errors import InputError
from lookalike.metrics.preparation import block_means, pairs_of
from lookalike.registry import metric

SIGNS = {"absolute": np.abs, "positive": lambda maps: np.maximum(maps, 0)}


def distributions(maps, *, grid=28, sign="absolute"):
    """Return maps on a coarse grid, without sign and with sum 1, shape (a, h, w); NaN for a map that is all zero."""
    if sign not in SIGNS:
        raise InputError(f"emd: sign must be absolute or positive, not {sign!r}")
    coarse = block_means(SIGNS[sign](maps), grid)
    total = coarse.sum(axis=(1, 2), keepdims=True)
    return coarse / np.where(total > 0, total, np.nan)


@functools.cache
def ground_distances(height, width):
    """Return the Euclidean distances between the cells of a grid over the grid's diagonal, shape (h w, h w)."""
    rows, columns = (axis.ravel() for axis in np.indices((height, width)))
    return np.hypot(rows[:, None] - rows, columns[:, None] - columns) / max(np.hypot(height - 1, width - 1), 1)


@functools.cache
def solver():
    """Return POT's exact solver, imported without the tensor libraries that POT would load beside it."""
    for library in ("PYTORCH", "JAX", "CUPY", "TENSORFLOW"):
        os.environ.setdefault(f"POT_BACKEND_DISABLE_{library}", "1")
    from ot import emd2

    return emd2


def transport_cost(p, q, distances):
    """Return the cost of the optimal transport between two flat distributions."""
    # The common mass stays where it is in some optimal plan, because the ground distance is a metric.
    surplus = p - q
    sources, sinks = np.flatnonzero(surplus > 0), np.flatnonzero(surplus < 0)
    supply, demand = surplus[sources], -surplus[sinks]
    moved = supply.sum()
    if moved <= 1e-15 or not len(sinks):
        return 0.0
    costs = np.ascontiguousarray(distances[np.ix_(sources, sinks)])
    return moved * solver()(supply / moved, demand / demand.sum(), costs, numItermax=10_000_000)


@metric(
    prepare=distributions,
    range=(0, 1),
    raw=lambda d: d,
    raw_name="earth mover's distance",
    formula="cost of the optimal transport, ground distance over the grid's diagonal",
    ignores=("scale", "sign"),
    triangle=True,
    undefined="a map is all zero",
    cost="pairs",
    reference="Rubner et al. 2000, doi:10.1023/A:1026543900054",
    saliencytools="its `emd` is blind to place (see `emd_values`); this one is not",
)
def emd(x, y, *, upper=False):
    """Return the exact transport cost between maps as distributions of saliency, for all pairs.

    The ground distance is Euclidean over the grid's diagonal, so that 1 means from corner to opposite corner.

    Parameters
    ----------
    x : ndarray, shape (a, h, w)
    y : ndarray, shape (b, h, w)
        Maps of one image by two blocks of models, prepared to distributions.

    Returns
    -------
    ndarray, shape (a, b)
        NaN where either map is all zero.
    """
    distances = ground_distances(*x.shape[1:])
    values = np.full((len(x), len(y)), np.nan)
    for row, column in pairs_of(x, y, upper):
        p, q = x[row].ravel(), y[column].ravel()
        if np.isfinite(p[0]) and np.isfinite(q[0]):
            values[row, column] = transport_cost(p, q, distances)
    return values
