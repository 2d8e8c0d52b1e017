"""Where along the network do models part? GradCAM at several depths, compared at each of them."""

from collections.abc import Mapping, Sequence

import numpy as np

from lookalike.compare.aggregation import weighted_dissimilarities
from lookalike.compare.resampling import unit_weights, with_interval
from lookalike.core.condensed import all_equal
from lookalike.core.seeding import rng_of
from lookalike.core.types import Row
from lookalike.inference.mantel import permuted_correlations
from lookalike.inference.permutation_tests import test_result
from lookalike.inference.significance import (
    ALL_EQUAL,
    FEWEST_MODELS,
    LEVEL,
    orders_of,
    step_down,
    too_few_models,
)
from lookalike.studies.correlations import interval_of, row_correlations
from lookalike.studies.depth_maps import with_all_depths
from lookalike.studies.names import named

COLUMNS = (
    "metric",
    "depth",
    "models",
    "units",
    "mean",
    "mean_low",
    "mean_high",
    "within",
    "within_low",
    "within_high",
    "between",
    "between_low",
    "between_high",
    "gap",
    "gap_low",
    "gap_high",
    "gap_p",
    "gap_corrected",
    "r",
    "r_low",
    "r_high",
    "untested",
)
NO_FAMILIES = "needs two families, one of them with two models"
ARRANGEMENTS = "arrangements"
NEVER = "families are too few or too small for any p value below .05"


def same_family(models: Sequence[str], families: Mapping[str, str]) -> np.ndarray:
    """Return whether the models of each pair are of one family, shape (pairs,)."""
    own = np.array([families[name] for name in models])
    first, second = np.triu_indices(len(own), 1)
    return own[first] == own[second]


def measure_depths(
    metric: str,
    values: Mapping[float, np.ndarray],
    models: Sequence[str],
    families: Mapping[str, str],
    units: np.ndarray,
    aggregate: str,
    *,
    resamples: int,
    permutations: int,
    seed: int,
) -> list[Row]:
    """Measure how far apart models are at each depth, within and between families.

    Parameters
    ----------
    metric : str
    values : dict
        From each depth to the dissimilarities on each image, (n, pairs).
    models : list of str
    families : dict
        From each model to its family.
    units : ndarray of int, shape (n,)
        Numbered from 0.
    aggregate : {"mean", "mean_std"}
    resamples : int
        Of the units of images.
    permutations : int
        Of the families over the models, at the least.
    seed : int

    Returns
    -------
    list of dict
        With `COLUMNS`, for each depth: the mean dissimilarity over all pairs, `within` families and
        `between` them; the `gap`, between less within; and Pearson's `r` of the matrix with that of
        the largest depth. Each with its 95% interval over other images of the same models. `gap_p`
        is that of a gap which is as large for models whose families are shuffled, one-sided, not
        corrected yet. `untested`: why there is no gap, or no p value.
    """
    weights = np.vstack([np.ones((1, len(units))), unit_weights(units, resamples, seed)])
    number, alike = int(units.max()) + 1, same_family(models, families)
    found = {
        depth: weighted_dissimilarities(weights, table, aggregate)
        for depth, table in values.items()
    }
    deepest = found[max(found)]
    rows = []
    for depth, tables in found.items():
        row: Row = dict.fromkeys(COLUMNS, np.nan) | {"metric": metric, "depth": depth}
        row |= {"models": len(models), "units": number, "untested": ""}
        known = np.isfinite(tables[0])
        row |= with_interval(mean_of(tables, known), "mean", number)
        if (alike & known).any() and (~alike & known).any():
            parts = {
                "within": mean_of(tables, known & alike),
                "between": mean_of(tables, known & ~alike),
            }
            for name, means in (parts | {"gap": parts["between"] - parts["within"]}).items():
                row |= with_interval(means, name, number)
            row |= test_gap(tables[0], alike, len(models), permutations, seed)
        else:
            row["untested"] = NO_FAMILIES
        both = known & np.isfinite(deepest[0])
        if depth < max(found) and both.sum() > 2:
            r = row_correlations(tables[:, both], deepest[:, both])
            low, high = interval_of(float(r[0]), r[1:], number)
            row |= {"r": float(r[0]), "r_low": low, "r_high": high}
        rows.append(row)
    return rows


def test_gap(
    table: np.ndarray, alike: np.ndarray, models: int, permutations: int, seed: int
) -> Row:
    """Test whether pairs of one family are nearer than those of shuffled families are."""
    if models < FEWEST_MODELS:
        return {"untested": too_few_models(models)}
    if not np.isfinite(table).all():
        return {"untested": "not all dissimilarities are known"}
    if all_equal(table):
        return {"untested": ALL_EQUAL}
    orders = orders_of(models, permutations, rng_of(seed, "depth", models))
    # The correlation with being of two families grows with the gap, as their numbers are fixed.
    apart = (~alike).astype(float)
    ((observed,),), null = permuted_correlations(apart[None], table[None, None], orders)
    found = test_result(observed, observed, null[:, 0, 0])
    return {"gap_p": found["p"], ARRANGEMENTS: found["arrangements"]}


def mean_of(tables: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Return the mean over some pairs of each row of tables (B, pairs), shape (B,)."""
    return tables[:, pairs].mean(axis=1) if pairs.any() else np.full(len(tables), np.nan)


def corrected(rows: Sequence[Row]) -> list[Row]:
    """Return the rows of all metrics with `gap_corrected`, over depths and metrics together: their
    families are shuffled in the same ways, and matrices of neighbouring depths are much alike.
    """
    rows = [dict(row) for row in rows]
    tested = [row for row in rows if ARRANGEMENTS in row]
    if tested:
        statistics = np.column_stack([row.pop(ARRANGEMENTS) for row in tested])
        for row, p, least in zip(tested, *step_down(statistics), strict=True):
            row |= {"gap_corrected": float(p), "untested": NEVER if least > LEVEL else ""}
    return rows


def conclude(layers: Sequence[Row], rows: Sequence[Row]) -> list[str]:
    """Say at which depth families part, and how much the matrix depends on the depth.

    Parameters
    ----------
    layers : list of dict
        With `LAYER_COLUMNS`.
    rows : list of dict
        Of `corrected`.
    """
    sentences = []
    if lacking := [row for row in layers if row["untested"]]:
        models = list(dict.fromkeys(row["model"] for row in lacking))
        sentences.append(f"Left out: {named(models)} ({lacking[0]['untested']}).")
    if not rows:
        kept = len(with_all_depths(layers))
        return [*sentences, f"Cannot tell: needs at least 2 models; found {kept}."]
    for metric in dict.fromkeys(row["metric"] for row in rows):
        own = sorted((row for row in rows if row["metric"] == metric), key=lambda row: row["depth"])
        sentences += [say_families(metric, own), say_changes(metric, own)]
    return list(dict.fromkeys(sentences))


def say_families(metric: str, rows: Sequence[Row]) -> str:
    """Say at which depths models of different families are farther apart than of one."""
    if why := next((row["untested"] for row in rows if row["untested"]), ""):
        return f"Cannot tell where families part: {why}."
    gaps = ", ".join(
        f"{row['gap']:+.3g} at {row['depth']:g} (95% interval {row['gap_low']:+.3g} to "
        f"{row['gap_high']:+.3g}; corrected p {row['gap_corrected']:.2g})"
        for row in rows
    )
    apart = [f"{row['depth']:g}" for row in rows if row["gap_corrected"] <= LEVEL]
    if len(apart) == len(rows):
        where = "models of different families are farther apart than of one at every depth"
    elif apart:
        where = f"models of different families are farther apart than of one at {named(apart)}"
    else:
        where = "no depth is found at which families differ more than shuffled ones would"
    return f"{metric}: {where}; dissimilarity between less within families: {gaps}."


def say_changes(metric: str, rows: Sequence[Row]) -> str:
    """Say how much the matrix of each depth is that of the deepest layer."""
    known = [row for row in rows[:-1] if np.isfinite(row["r"])]
    if not known:
        return "Cannot tell how matrices change with depth: needs at least 3 models."
    parts = ", ".join(
        f"{row['r']:.2f} at {row['depth']:g} ({row['r_low']:.2f} to {row['r_high']:.2f})"
        for row in known
    )
    return (
        f"{metric}: correlation of the matrix with that of depth {rows[-1]['depth']:g}, with its "
        f"95% interval: {parts}."
    )
