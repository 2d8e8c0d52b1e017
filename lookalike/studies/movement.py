"""How far a matrix moves when something else is computed in the same images, against its noise."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lookalike.compare.aggregation import weighted_dissimilarities
from lookalike.compare.calibration import mean_of_known
from lookalike.compare.pairs import Choices, compare_prepared, prepare
from lookalike.compare.resampling import percentile_interval, unit_weights
from lookalike.core.types import Row
from lookalike.maps import batches
from lookalike.studies.correlations import interval_of, row_correlations

MOVED_COLUMNS = (
    "units",
    "mean",
    "width",
    "moved",
    "moved_low",
    "moved_high",
    "shift",
    "r",
    "r_low",
    "r_high",
)


def view_maps(
    images: Sequence[str], raw: Sequence[np.ndarray], view: Mapping[str, Any], signed: bool
) -> tuple[np.ndarray, float | None]:
    """Bring one model's raw maps into a view, as batches hold them.

    Returns
    -------
    maps : ndarray, shape (n, size, size), float32
    data_range : float or None
    """
    card = batches.describe(images, raw, dict(view), signed)
    return np.array(list(batches.viewed(raw, card)), np.float32), card["data_range"]


def compare_all(metrics: Choices, stacks: Sequence[Any]) -> np.ndarray:
    """Compare all models on every image, by maps (n, H, W) of each.

    Returns
    -------
    ndarray, shape (metrics, n, pairs)
        NaN where a metric is not defined.
    """
    upper = np.triu_indices(len(stacks), 1)
    found = []
    for image in range(len(stacks[0])):
        ready = prepare(metrics, stacks, image)
        found.append(compare_prepared(metrics, ready, ready)[:, *upper])
    return np.moveaxis(np.array(found), 1, 0)


def measure_movement(
    values: np.ndarray,
    moved: np.ndarray,
    units: np.ndarray,
    aggregate: str,
    resamples: int,
    seed: int,
) -> Row:
    """Measure how far a matrix moves.

    Parameters
    ----------
    values, moved : ndarray, shape (n, pairs)
        Dissimilarities on each image, before and after. An image counts for a pair where both are
        known.
    units : ndarray of int, shape (n,)
        Numbered from 0.
    aggregate : {"mean", "mean_std"}
    resamples : int
        Of the units of images.
    seed : int

    Returns
    -------
    dict
        With `MOVED_COLUMNS`: `mean` dissimilarity before, and the half `width` of the 95% interval
        of a pair; `moved`, the root mean square of the pairs' changes with its 95% interval, from
        which what the images alone make has been taken: that of a change whose true value is 0 is 0
        on average, before the root. `shift`, the mean change, which moves no tree; Pearson's `r` of
        both matrices over the pairs. NaN with fewer than 2 units.
    """
    both = np.isfinite(values) & np.isfinite(moved)
    tables = [np.where(both, table, np.nan) for table in (values, moved)]
    weights = np.vstack([np.ones((1, len(units))), unit_weights(units, resamples, seed)])
    before, after = (weighted_dissimilarities(weights, table, aggregate) for table in tables)
    number = int(units.max(initial=-1)) + 1
    low, high = percentile_interval(before[1:], np.full(before.shape[1], number))
    changes = after - before
    noise = float(np.nanmean(changes[1:].var(axis=0)))
    # A resample has the noise of the images, and its own of the same size.
    squares = np.nanmean(changes**2, axis=1) - noise * np.where(np.arange(len(changes)), 2, 1)
    (square_low,), (square_high,) = percentile_interval(squares[1:, None], np.array([number]))
    r = row_correlations(before, after)
    r_low, r_high = interval_of(float(r[0]), r[1:], number)
    own, bottom, top = np.sqrt(np.maximum([squares[0], square_low, square_high], 0))
    return {
        "units": number,
        "mean": float(np.nanmean(before[0])),
        "width": float(mean_of_known((high - low)[None])[0] / 2),
        "moved": float(own),
        "moved_low": float(bottom),
        "moved_high": float(top),
        "shift": float(np.nanmean(changes[0])),
        "r": float(r[0]),
        "r_low": r_low,
        "r_high": r_high,
    }
