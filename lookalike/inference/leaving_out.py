"""The influence of single images and classes on what is found in a matrix: dependence on the image,
groups, and factors.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from lookalike.compare import laws
from lookalike.compare.aggregation import dissimilarities_of, weighted_dissimilarities
from lookalike.compare.calibration import mean_of_derangements
from lookalike.compare.dissimilarities import Dissimilarities
from lookalike.compare.image_table import ImageTable
from lookalike.core.cards import Metric
from lookalike.core.condensed import condensed, square
from lookalike.core.types import Row
from lookalike.inference.dependence import dependence_under, dependence_within
from lookalike.inference.factor_tests import (
    claim_of,
    models_by_factor,
    orders_within,
    permuted_models,
)
from lookalike.inference.influence import ALL, Statistic, influence
from lookalike.inference.mantel import centred_units, mantel
from lookalike.inference.permutation_tests import permanova, ranks_of, same_level
from lookalike.inference.sampled import describe_sample
from lookalike.inference.significance import LEVEL, holm, is_significant, p_value
from lookalike.inference.structure import grouping_under, groups_at

# Of each matrix so many findings can be corrected together: dependence, groups, and ten factors.
# With more, fewer of them can be said to hang on few classes.
FINDINGS_A_MATRIX = 12
DEPENDENCE, GROUPS, FACTOR = "dependence", "groups", "factor"


def matrix_influence(
    table: ImageTable,
    metric: Metric,
    result: Row,
    about: Sequence[Row],
    permutations: int,
    seed: int,
) -> list[Row]:
    """Return the influence of images and classes on dependence on the image and on groups.

    The groups are those that are found on all images; main effects are fitted again.

    Parameters
    ----------
    table : ImageTable
        Of independent models.
    metric : Metric
    result : dict
        What `image_dependence` and `structure_test` return.
    about : list of dict
        `images/units.csv`.
    permutations : int
    seed : int

    Returns
    -------
    list of dict
        As of `influence`, for each statistic that there is.
    """
    sample = describe_sample(table.images, table.units, about)
    counted = np.isfinite(table.values).any(axis=1)
    rows = []
    if not result["dependence_untested"]:
        found = influence(
            lambda weights: dependence_under(table, weights),
            sample,
            counted,
            found=result["dependence_low"] > 0,
            permutations=FINDINGS_A_MATRIX * permutations,
            seed=seed,
            alone=lambda weights: dependence_within(table, weights),
        )
        rows += [row | table.key._asdict() | {"question": DEPENDENCE} for row in found]
    if not result["unresolved"]:
        near, far = (
            dissimilarities_of(values, "mean")[None]
            for values in (table.values, mean_of_derangements(table.chance))
        )
        groups = groups_at(laws.residuals(near, far, metric.law)[0], int(result["groups"]))
        found = influence(
            lambda weights: grouping_under(table, metric.law, groups, weights),
            sample,
            counted,
            found=result["grouping_p"] <= LEVEL,
            permutations=FINDINGS_A_MATRIX * permutations,
            seed=seed,
        )
        rows += [row | table.key._asdict() | {"question": GROUPS} for row in found]
    return rows


def influence_on_factors(
    tables: Iterable[ImageTable],
    matrices: Sequence[Dissimilarities],
    tests: Sequence[Row],
    factors: Mapping[str, Mapping[str, str]],
    predictions: tuple[np.ndarray, Sequence[str]] | None,
    about: Sequence[Row],
    aggregate: str,
    *,
    permutations: int,
    enough: int,
    seed: int,
) -> list[Row]:
    """Return the influence of images and classes on the factors of all matrices.

    Parameters
    ----------
    tables : iterable of ImageTable
    matrices, factors, predictions, permutations, seed
        As for `factor_tests`; among the matrices is that of each table.
    tests : sequence of dict
        What `factor_tests` returned for these.
    about, aggregate, enough
        As for `factor_influence`, where `enough` is the number of permutations.
    """
    by_key = {matrix.key: matrix for matrix in matrices}
    permuted = permuted_models(matrices, permutations, seed)
    return [
        row
        for table in tables
        for row in factor_influence(
            table,
            by_key[table.key],
            [test for test in tests if table.key._asdict().items() <= test.items()],
            factors,
            predictions,
            permuted,
            about,
            aggregate,
            enough,
            seed,
        )
    ]


def factor_influence(
    table: ImageTable,
    matrix: Dissimilarities,
    tests: Iterable[Row],
    factors: Mapping[str, Mapping[str, str]],
    predictions: tuple[np.ndarray, Sequence[str]] | None,
    permuted: tuple[Sequence[str], np.ndarray],
    about: Sequence[Row],
    aggregate: str,
    permutations: int,
    seed: int,
) -> list[Row]:
    """Return the influence of images and classes on the effect of each factor that is tested.

    An effect is clear while its test, by permutation of models, finds it. Factors, and how
    differently models predict, stay as they are.

    Parameters
    ----------
    table : ImageTable
    matrix : Dissimilarities
        Of the table, as tested.
    tests : iterable of dict
        The rows of `factor_tests` about it.
    factors, predictions : dict; (ndarray, sequence of str) or None
        As for `factor_tests`.
    permuted : (sequence of str, ndarray)
        Names of models, and permutations of these, shape (P, models).
    about : list of dict
        `images/units.csv`.
    aggregate : {"mean", "mean_std"}
    permutations : int
        As many as let the tests of all matrices reach the level.
    seed : int
    """
    sample, rows = describe_sample(table.images, table.units, about), []
    for test in tests:
        factor = test["factor"]
        part, _, levels, differences = models_by_factor(factor, matrix, factors, predictions)
        if test["test"] != claim_of(levels) or test["untested"]:
            continue
        values = table.of(part.names).values
        orders = orders_within(*permuted, part.names)
        codes = None if levels is None else np.unique(levels, return_inverse=True)[1]
        statistic, is_clear = claim_under(values, aggregate, differences, codes, orders)
        found = influence(
            statistic,
            sample,
            np.isfinite(values).any(axis=1),
            found=test["corrected"] <= LEVEL,
            permutations=FINDINGS_A_MATRIX * permutations,
            seed=seed,
            # The mean over all permutations of the models.
            zero=0.0 if codes is None else codes.max() / (len(codes) - 1),
            is_clear=is_clear,
        )
        about_factor = table.key._asdict() | {"question": FACTOR, "subject": factor}
        rows += [row | about_factor for row in found]
    return rows


def claim_under(
    values: np.ndarray,
    aggregate: str,
    differences: np.ndarray,
    codes: np.ndarray | None,
    orders: np.ndarray,
) -> tuple[Statistic, Callable[[float, np.ndarray], bool]]:
    """Return the effect of a factor, and whether its test finds it, as functions of weights of the
    images as `influence` takes them.

    Parameters
    ----------
    values : ndarray, shape (n, pairs)
    aggregate : {"mean", "mean_std"}
    differences : ndarray, shape (m, m)
        Between models by the factor.
    codes : ndarray of int, shape (m,), or None
        Its levels, where it has any.
    orders : ndarray of int, shape (P, m)
    """

    def statistic(weights: np.ndarray) -> np.ndarray:
        found = weighted_dissimilarities(weights, values, aggregate)
        return correlations(found, differences) if codes is None else shares(found, codes)

    def is_clear(left: float, weights: np.ndarray) -> bool:
        (found,) = weighted_dissimilarities(weights[None], values, aggregate)
        full = square(found, orders.shape[1])
        if codes is None:
            return bool(mantel(differences, full, orders)["p"] <= LEVEL)
        return bool(permanova(full, codes, orders)["p"] <= LEVEL)

    return statistic, is_clear


def correlations(matrices: np.ndarray, differences: np.ndarray) -> np.ndarray:
    """Return Spearman's rho of `mantel`, shape (B,), of condensed matrices (B, pairs); NaN where a
    dissimilarity is not known, or all are equal.
    """
    found = np.full(len(matrices), np.nan)
    known = np.isfinite(matrices).all(axis=1)
    if known.any():
        ranks, other = ranks_of(matrices[known]), ranks_of([condensed(differences)])
        with np.errstate(invalid="ignore", divide="ignore"):
            found[known] = (centred_units(ranks) @ centred_units(other).T)[:, 0]
    return found


def shares(matrices: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Return R² of `permanova`, shape (B,), of condensed matrices (B, pairs) and levels (m,); NaN
    where a dissimilarity is not known.
    """
    first = np.triu_indices(len(codes), 1)[0]
    weights = same_level(codes[None])[0] / np.bincount(codes)[codes[first]]
    squares = matrices**2
    with np.errstate(invalid="ignore", divide="ignore"):
        return 1 - squares @ weights / (squares.sum(axis=1) / len(codes))


def correct_classes(rows: Sequence[Row], structure: Sequence[Row]) -> list[Row]:
    """Correct whether findings differ between classes.

    Parameters
    ----------
    rows : list of dict
        Of all matrices, as of `influence`, or read from tables.
    structure : list of dict
        `inference/structure.csv`, with the corrected p values by which groups are found.

    Returns
    -------
    list of dict
        With `class_holm`, by Holm's method for all findings about one subset of the images.
    """
    keys = ("method", "metric", "subset")
    grouped = {
        tuple(row[name] for name in keys) for row in structure if is_significant(row, "grouping")
    }
    rows = [dict(row) for row in rows]
    families: dict[str, list[Row]] = {}
    for row in rows:
        if row["part"] == ALL:
            if row["question"] == GROUPS:
                row["found"] = int(tuple(row[name] for name in keys) in grouped)
            if int(row["found"]):
                families.setdefault(row["subset"], []).append(row)
    for family in families.values():
        corrected = holm([p_value(row, "class_p") for row in family])
        for row, p in zip(family, corrected, strict=True):
            row["class_holm"] = float(p)
    return rows
