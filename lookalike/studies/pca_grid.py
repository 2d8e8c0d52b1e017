"""Do methods and metrics draw one picture? Principal coordinates of all matrices, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import factorial

import numpy as np

from lookalike.compare.dissimilarities import Dissimilarities, Key
from lookalike.compare.resampling import with_interval
from lookalike.core.condensed import square
from lookalike.core.seeding import rng_of
from lookalike.core.types import Row
from lookalike.groups.projection import classical_scaling, resampled_covariances
from lookalike.inference.significance import (
    FEWEST_MODELS,
    LEVEL,
    enough_permutations,
    holm,
    orders_of,
    permutation_p,
    too_few_models,
)

PANELS = ("method", "metric", "models", "axis_1", "axis_2", "held", "held_low", "held_high")
PAIRS = (
    "method",
    "metric",
    "other_method",
    "other_metric",
    "models",
    "correlation",
    "correlation_low",
    "correlation_high",
    "p",
    "p_holm",
    "untested",
)
# Two axes that hold less than this hide most of what there is.
MOST = 0.5


@dataclass(frozen=True, eq=False)
class Panel:
    """Two principal coordinates of one matrix.

    Attributes
    ----------
    key : Key
    names : tuple of str
        Of the m models.
    points : ndarray, shape (m, 2)
    explained : ndarray, shape (2,)
        Share of the variation that each axis holds.
    covariances : ndarray, shape (m, 2, 2)
        Of the points over resamples of the images; NaN where there are none.
    resampled : ndarray, shape (B, m, 2)
        Points of single resamples, each in an orientation of its own.
    held : ndarray, shape (B,)
        Share of the variation that both axes hold, in each.
    """

    key: Key
    names: tuple[str, ...]
    points: np.ndarray
    explained: np.ndarray
    covariances: np.ndarray
    resampled: np.ndarray
    held: np.ndarray


def project(matrix: Dissimilarities, resamples: int) -> Panel:
    """Return the two principal coordinates of a matrix without unknown dissimilarities.

    `resamples` of its bootstrap replicates, the first so many, are projected as well, unless one of
    them is not complete: then resamples of several matrices are not of the same images.

    References
    ----------
    Gower 1966, doi:10.1093/biomet/53.3-4.325
    """
    points, explained = classical_scaling(matrix.values)
    replicates = matrix.replicates[:resamples]
    if not np.isfinite(replicates).all():
        replicates = replicates[:0]
    found = [classical_scaling(square(one, len(matrix))) for one in replicates]
    return Panel(
        matrix.key,
        matrix.names,
        points,
        explained,
        resampled_covariances(points, matrix),
        np.array([own for own, _ in found]).reshape(-1, len(matrix), 2),
        np.array([shares.sum() for _, shares in found]),
    )


def unit(points: np.ndarray) -> np.ndarray:
    """Centre configurations (..., m, 2) and scale each to a sum of squares of 1; of equal points,
    all become 0.
    """
    centred = points - points.mean(axis=-2, keepdims=True)
    size = np.sqrt((centred**2).sum(axis=(-2, -1), keepdims=True))
    return np.divide(centred, size, out=np.zeros_like(centred), where=size > 0)


def procrustes_correlation(points: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return how well configurations (..., m, 2) fit others when they are moved, turned, mirrored
    and scaled, shape (...): 1 where they are equal then; 0 where one has all points at one place.

    References
    ----------
    Jackson 1995, Ecoscience 2, 297-303; Peres-Neto and Jackson 2001, doi:10.1007/s004420100720
    """
    crossed = np.swapaxes(unit(points), -2, -1) @ unit(others)
    found: np.ndarray = np.linalg.svd(crossed, compute_uv=False).sum(axis=-1)
    return np.minimum(found, 1)


def common_points(one: Panel, other: Panel) -> list[list[int]]:
    """Return the places of the models that two panels share, in either."""
    shared = [name for name in one.names if name in other.names]
    return [[panel.names.index(name) for name in shared] for panel in (one, other)]


def compare_panels(panels: Sequence[Panel], permutations: int, seed: int) -> list[Row]:
    """Return the Procrustes correlation of every two panels over the models that they share.

    Parameters
    ----------
    panels : list of Panel
    permutations : int
        Of the models of one panel; more where the number of pairs needs them.
    seed : int

    Returns
    -------
    list of dict
        With `PAIRS`. The interval holds the central 95% over resamples of the images; resamples
        are noisier than the images themselves, so that it may lie below the correlation. `p` is
        the share of permutations that reach the correlation, `p_holm` corrected for all pairs.
        `untested`: why there is none, or empty.
    """
    permutations = enough_permutations(permutations, len(panels) * (len(panels) - 1) // 2)
    rows: list[Row] = []
    for one, other in combinations(panels, 2):
        mine, theirs = common_points(one, other)
        models = len(mine)
        about: Row = dict.fromkeys(PAIRS, np.nan) | {
            "method": one.key.method,
            "metric": one.key.metric,
            "other_method": other.key.method,
            "other_metric": other.key.metric,
            "models": models,
            "untested": "",
        }
        if models < FEWEST_MODELS:
            reason = too_few_models(models, " in both")
            rows.append(about | {"untested": reason})
            continue
        points, others = one.points[mine], other.points[theirs]
        resamples = min(len(one.resampled), len(other.resampled))
        replicates = [
            procrustes_correlation(points, others)[None],
            procrustes_correlation(
                one.resampled[:resamples, mine], other.resampled[:resamples, theirs]
            ),
        ]
        orders = orders_of(models, permutations, rng_of(seed, "procrustes", models))
        null = procrustes_correlation(points, others[orders])
        about |= with_interval(np.concatenate(replicates), "correlation")
        rows.append(about | {"p": permutation_p(about["correlation"], null)})
    for row, corrected in zip(rows, holm([row["p"] for row in rows]), strict=True):
        row["p_holm"] = float(corrected)
    return rows


def describe_panels(panels: Sequence[Panel]) -> list[Row]:
    """Return how much of the variation the two axes of every panel hold, with `PANELS`.

    Resamples are noisier than the images themselves, and noise changes what two axes hold: the
    interval is as wide as that of the resamples, and about the value.
    """
    return [
        {"method": panel.key.method, "metric": panel.key.metric, "models": len(panel.names)}
        | dict(zip(("axis_1", "axis_2"), panel.explained.tolist(), strict=True))
        | with_interval(np.append(panel.explained.sum(), about_value(panel)), "held")
        for panel in panels
    ]


def about_value(panel: Panel) -> np.ndarray:
    """Return what both axes hold in each resample (B,), moved to what they hold in the panel."""
    if not len(panel.held):
        return panel.held
    return panel.held - panel.held.mean() + panel.explained.sum()


def reference_of(panels: Sequence[Panel], rows: Sequence[Row]) -> Panel:
    """Return the panel that correlates best with the others, whose orientation all others get."""
    sums = {panel.key[:2]: 0.0 for panel in panels}
    for row in rows:
        for key in ((row["method"], row["metric"]), (row["other_method"], row["other_metric"])):
            sums[key] += np.nan_to_num(row["correlation"])
    return max(panels, key=lambda panel: sums[panel.key[:2]])


def turned(panel: Panel, reference: Panel) -> tuple[np.ndarray, np.ndarray]:
    """Rotate and mirror a panel to lie as near as possible to another, by the models they share.

    Returns
    -------
    points : ndarray, shape (m, 2)
    covariances : ndarray, shape (m, 2, 2)
    """
    from scipy.linalg import orthogonal_procrustes

    mine, theirs = common_points(panel, reference)
    if not mine:
        return panel.points, panel.covariances
    rotation, _ = orthogonal_procrustes(unit(panel.points[mine]), unit(reference.points[theirs]))
    return panel.points @ rotation, rotation.T @ panel.covariances @ rotation


def conclude(panels: Sequence[Row], pairs: Sequence[Row]) -> list[str]:
    """Say how much the pictures hold, and which of them are one picture.

    Parameters
    ----------
    panels : list of dict
        Of `describe_panels`.
    pairs : list of dict
        Of `compare_panels`.
    """
    if not panels:
        return ["There is no matrix of models."]
    ordered = sorted(panels, key=lambda row: row["held"])
    least, most = ordered[0], ordered[-1]
    poor = sum(row["held"] < MOST for row in panels)
    shares = [f"{row['held']:.0%} ({of(row)}{interval(row, 'held')})" for row in (least, most)]
    between = " to ".join(shares[: len(panels)])
    hidden = f"; {poor} of {len(panels)} pictures hide more than they show" if poor else ""
    sentences = [f"Two axes hold {between} of the variation{hidden}."]
    tested = [row for row in pairs if not row["untested"]]
    if not pairs:
        return [*sentences, "With one matrix, there is no other picture to compare."]
    if not tested:
        return [*sentences, f"Cannot tell whether pictures agree: {pairs[0]['untested']}."]
    by_size = sorted(tested, key=lambda row: row["correlation"])
    alike = [row for row in tested if row["p_holm"] <= LEVEL]
    models = max(row["models"] for row in tested)
    orders = factorial(models)
    found = (
        f"Cannot tell which of {len(tested)} pairs of pictures place the models alike: the "
        f"{orders} orders of {models} models are too few for so many pairs."
        if not alike and len(tested) > LEVEL * orders
        else f"{len(alike)} of {len(tested)} pairs of pictures place the models alike (permuted "
        f"models, Holm-corrected p at most {LEVEL:g})."
    )
    sentences.append(f"{found} Most alike: {pair_text(by_size[-1])}.")
    if len(by_size) > 1:
        verdict = (
            ""
            if by_size[0] in alike
            else "; cannot tell whether they have more in common than two random pictures"
        )
        sentences.append(f"Least alike: {pair_text(by_size[0])}{verdict}.")
    return sentences


def of(row: Row) -> str:
    """Return what a matrix is about."""
    return f"{row['method']}, {row['metric']}"


def interval(row: Row, name: str) -> str:
    """Return the central 95% of a value over resamples as text, where it is known."""
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    if np.isnan(low):
        return "; without resamples"
    style = ".0%" if name == "held" else ".2f"
    return f"; {low:{style}} to {high:{style}} over resamples"


def pair_text(row: Row) -> str:
    """Return two pictures with their correlation."""
    return (
        f"{of(row)} and {row['other_method']}, {row['other_metric']} (Procrustes correlation "
        f"{row['correlation']:.2f}{interval(row, 'correlation')}; p = {row['p_holm']:.3f})"
    )
