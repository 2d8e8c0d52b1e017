"""Factors of the models: which there are, how models differ by them, and which cannot be tested."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import factorial, prod

import numpy as np

from lookalike.core.condensed import all_equal, condensed
from lookalike.core.types import Row
from lookalike.inference.significance import (
    ALL_EQUAL,
    FEWEST_MODELS,
    LEVEL,
    too_few_images,
    too_few_models,
)

# Factors of models.csv, next to the config's own. The other columns identify models, or follow from
# these.
FACTORS = ("family", "native_grid", "parameters", "accuracy")
# Models differ by the ratio of these.
RATIOS = ("parameters",)
PREDICTIONS, FAMILY = "predictions", "family"
# Of a model whose family is not given.
UNKNOWN_FAMILY = "unknown"


def factors_of(rows: Sequence[Row], own: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return the factors of the models, as text.

    Parameters
    ----------
    rows : list of dict
        Of `models.csv`.
    own : list of str
        Factors that the config gives.

    Returns
    -------
    dict
        From a factor that is known of any model to a dict from model to its value; models without
        a value are left out.
    """
    found = {
        factor: {row["model"]: row[factor] for row in rows if is_known(row[factor])}
        for factor in (*FACTORS, *own)
        if rows and factor in rows[0]
    }
    return {factor: values for factor, values in found.items() if values}


def is_known(value: str) -> bool:
    """Return whether a cell of models.csv holds a value: it is not empty, `unknown`, or a number
    that is not finite.
    """
    try:
        return bool(value) and bool(np.isfinite(float(value)))
    except ValueError:
        return value != UNKNOWN_FAMILY


def fill(matrix: np.ndarray, known: Sequence[str], names: Sequence[str]) -> np.ndarray:
    """Return a matrix of some models (k, k) for others (m, m), NaN for those that it does not
    hold.
    """
    indices = [known.index(name) if name in known else len(known) for name in names]
    return np.pad(matrix, (0, 1), constant_values=np.nan)[np.ix_(indices, indices)]


def are_numbers(values: Iterable[str]) -> bool:
    """Return whether all values of a factor are numbers."""
    try:
        list(map(float, values))
    except ValueError:
        return False
    return True


def describe_factor(
    values: Sequence[str], by_ratio: bool, has_levels: bool
) -> tuple[Sequence[str] | None, np.ndarray]:
    """Return the level of every model, or None for a factor of numbers, and the differences between
    models, shape (m, m).
    """
    if has_levels:
        levels = np.array(values)
        return values, (levels[:, None] != levels).astype(float)
    numbers = np.array([float(value) for value in values])
    numbers = np.log(numbers) if by_ratio and (numbers > 0).all() else numbers
    return None, np.abs(numbers[:, None] - numbers)


def control_of(
    factor: str,
    factors: Mapping[str, Mapping[str, str]],
    names: Sequence[str],
    predictions: np.ndarray,
) -> tuple[str, np.ndarray]:
    """Return what a partial Mantel test of a factor takes as given, and the differences between
    models by it, shape (m, m), NaN where that is not known.
    """
    if factor != PREDICTIONS:
        return PREDICTIONS, predictions
    families = [factors.get(FAMILY, {}).get(name, "") for name in names]
    return FAMILY, describe_factor(families, False, True)[1] if all(families) else np.full_like(
        predictions, np.nan
    )


def why_control_untested(given: str, differences: np.ndarray) -> str:
    """Say why a factor cannot be tested given another; empty if it can."""
    values = condensed(differences)
    if not np.isfinite(values).all():
        return f"some of these models have no {given}"
    return f"by {given}, all models are as far apart" if np.ptp(values) == 0 else ""


def why_matrix_untested(matrix: np.ndarray, images: int | None) -> str:
    """Say why no factor of these models can be tested; empty if one can."""
    if images is not None and images < 2 <= len(matrix):
        return too_few_images(images)
    if len(matrix) < FEWEST_MODELS:
        return too_few_models(len(matrix), of=" whose value is known")
    return ALL_EQUAL if all_equal(condensed(matrix)) else ""


def why_factor_untested(factor: str, levels: Sequence[str] | None, differences: np.ndarray) -> str:
    """Say why a factor cannot be tested; empty if it can."""
    if np.ptp(condensed(differences)) == 0:
        if levels is None:
            return (
                "all models differ in as many predictions"
                if factor == PREDICTIONS
                else f"the {factor} of all models is the same"
            )
        return (
            f"the {factor} of all models is {levels[0]}"
            if len(set(levels)) == 1
            else f"no two models are of one {factor}"
        )
    if levels is not None and (smallest := 1 / relabellings(levels)) > LEVEL:
        return f"with so few models in a {factor} no p value can be below {smallest:.2g}"
    return ""


def relabellings(levels: Sequence[str]) -> int:
    """Return how many different partitions the permutations of the models give."""
    sizes = Counter(levels).values()
    return (
        factorial(len(levels))
        // prod(map(factorial, sizes))
        // prod(map(factorial, Counter(sizes).values()))
    )
