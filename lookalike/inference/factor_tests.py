"""What explains the matrices? Tests of every factor of the models, and which of them are claims."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from lookalike.compare.dissimilarities import Dissimilarities, Key
from lookalike.core.memoising import sharing
from lookalike.core.seeding import rng_of
from lookalike.core.types import Row
from lookalike.inference.factors import (
    PREDICTIONS,
    RATIOS,
    are_numbers,
    control_of,
    describe_factor,
    fill,
    why_control_untested,
    why_factor_untested,
    why_matrix_untested,
)
from lookalike.inference.mantel import mantel, partial_mantel
from lookalike.inference.permutation_tests import anosim, permanova, permdisp
from lookalike.inference.significance import orders_of, step_down

COLUMNS = (
    "method",
    "metric",
    "subset",
    "planned",
    "factor",
    "test",
    "given",
    "models",
    "levels",
    "statistic",
    "low",
    "high",
    "r2",
    "p",
    "least_p",
    "corrected",
    "least_corrected",
    "together",
    "untested",
)
# Not a column: what a claim is corrected by.
ARRANGEMENTS = "arrangements"


def factor_tests(
    matrices: Sequence[Dissimilarities],
    factors: Mapping[str, Mapping[str, str]],
    predictions: tuple[np.ndarray, Sequence[str]] | None,
    permutations: int,
    seed: int,
    hypotheses: Sequence[Mapping[str, str]] = (),
) -> list[Row]:
    """Run every test of every factor on every matrix, and correct what is reported together.

    One test of each factor is a claim, and gets a corrected p value: PERMANOVA where the factor has
    levels, Mantel's test where it is a number. All claims about one subset of the images are
    corrected together, but for those of a planned hypothesis, which are corrected by themselves.

    Parameters
    ----------
    matrices : sequence of Dissimilarities
        Of independent models; all known.
    factors : dict
        As `factors_of` returns them. Where all values are numbers, models differ by their
        difference, else by being different.
    predictions : (ndarray, sequence of str), optional
        How differently models predict, shape (k, k), and their names. None where no model predicts.
    permutations : int
        Of the models.
    seed : int
    hypotheses : sequence of dict
        Planned: `factor`, and `method` and `metric` where it is not about all of them.

    Returns
    -------
    list of dict
        With `COLUMNS`. `planned` is the number of a hypothesis, from 1 on. `test` is `mantel`,
        `partial_mantel` (given how the models predict; for the predictions, given the family), and
        for factors with levels `anosim`, `permanova` and `permdisp`; `statistic` is Spearman's rho,
        R, pseudo-F and F, `low` and `high` the bounds of its 95% interval over images, `r2`
        PERMANOVA's share of the variance; `p` is one-sided, and `least_p` the smallest that it can
        be; `corrected` and `least_corrected` are those of claims after `step_down`, of as many
        as `together` says; `untested` says why there is no test.
    """
    asked = [*([PREDICTIONS] if predictions else []), *factors]
    permuted, rows = permuted_models(matrices, permutations, seed), []
    for matrix in matrices:
        with sharing():
            rows += [
                dict.fromkeys(COLUMNS)
                | matrix.key._asdict()
                | {"planned": planned_as(matrix.key, factor, hypotheses), "factor": factor}
                | found
                for factor in asked
                for found in tests_of_factor(factor, matrix, factors, predictions, permuted)
            ]
    return correct_claims(rows)


def permuted_models(
    matrices: Sequence[Dissimilarities], permutations: int, seed: int
) -> tuple[Sequence[str], np.ndarray]:
    """Return the models of several matrices, and permutations of them, shape (P, models): one draw
    for all factors and matrices, which keeps what these have in common.
    """
    models = list(dict.fromkeys(name for matrix in matrices for name in matrix.names))
    return models, orders_of(len(models), permutations, rng_of(seed, "factors", len(models)))


def planned_as(key: Key, factor: str, hypotheses: Sequence[Mapping[str, str]]) -> int | None:
    """Return the number of the hypothesis that a test is about, from 1 on."""
    about = {"factor": factor, "method": key.method, "metric": key.metric}
    for number, hypothesis in enumerate(hypotheses, start=1):
        if hypothesis.items() <= about.items():
            return number
    return None


def tests_of_factor(
    factor: str,
    matrix: Dissimilarities,
    factors: Mapping[str, Mapping[str, str]],
    predictions: tuple[np.ndarray, Sequence[str]] | None,
    permuted: tuple[Sequence[str], np.ndarray],
) -> list[Row]:
    """Run the tests of one factor on one matrix; the claim has its `ARRANGEMENTS`.

    Parameters
    ----------
    factor, matrix, factors, predictions
        As for `factor_tests`.
    permuted : (sequence of str, ndarray)
        Names of models, and permutations of these, shape (P, models).
    """
    part, known, levels, differences = models_by_factor(factor, matrix, factors, predictions)
    counts = Counter(levels or ()).most_common()
    about = {
        "models": len(part),
        "levels": ", ".join(f"{level} {count}" for level, count in counts),
    }
    reason = why_matrix_untested(part.values, matrix.images)
    reason = reason or why_factor_untested(factor, levels, differences)
    if reason:
        return [about | {"untested": reason}]
    orders = orders_within(*permuted, part.names)
    # The factor is permuted, not the matrix: alike for numbers and for levels.
    found = {"mantel": mantel(differences, part.values, orders)}
    given, control = control_of(factor, factors, part.names, known)
    if given in factors or (given == PREDICTIONS and predictions):
        reason = why_control_untested(given, control)
        found["partial_mantel"] = {"given": given} | (
            {"untested": reason}
            if reason
            else partial_mantel(
                part.values, differences, control, part.complete_replicates, part.fewest_units
            )
        )
    if levels is not None:
        codes = np.unique(levels, return_inverse=True)[1]
        found |= {
            "anosim": anosim(part.values, codes, orders),
            "permanova": permanova(part.values, codes, orders),
            "permdisp": permdisp(part.values, codes, orders),
        }
    claim = claim_of(levels)
    for test, result in found.items():
        if test != claim:
            result.pop(ARRANGEMENTS, None)
    return [about | {"test": test} | result for test, result in found.items()]


def models_by_factor(
    factor: str,
    matrix: Dissimilarities,
    factors: Mapping[str, Mapping[str, str]],
    predictions: tuple[np.ndarray, Sequence[str]] | None,
) -> tuple[Dissimilarities, np.ndarray, Sequence[str] | None, np.ndarray]:
    """Return the part of a matrix whose models have a value of a factor, how differently they
    predict, their levels or None, and how far they are apart by the factor; parameters as for
    `tests_of_factor`.
    """
    known, given_names = predictions or (np.empty((0, 0)), [])
    known = fill(known, given_names, matrix.names)
    has_value = np.array(
        [
            np.isfinite(known[index, index]) if factor == PREDICTIONS else name in factors[factor]
            for index, name in enumerate(matrix.names)
        ],
        bool,
    )
    part = matrix.of(np.array(matrix.names)[has_value].tolist())
    known = known[np.ix_(has_value, has_value)]
    levels, differences = (
        (None, known)
        if factor == PREDICTIONS
        else describe_factor(
            [factors[factor][name] for name in part.names],
            factor in RATIOS,
            # Decided once for all matrices, whichever models these hold.
            not are_numbers(factors[factor].values()),
        )
    )
    return part, known, levels, differences


def claim_of(levels: object) -> str:
    """Return the test that is the claim of a factor, by its levels, if it has any."""
    return "permanova" if levels else "mantel"


def orders_within(models: Sequence[str], orders: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Return how permutations of models (P, models) permute those with some names."""
    if tuple(names) == tuple(models):
        return orders
    chosen = orders[:, [models.index(name) for name in names]]
    return np.argsort(np.argsort(chosen, axis=1), axis=1)


def correct_claims(rows: Sequence[Row]) -> list[Row]:
    """Return rows with the corrected p values of claims: those about one subset of the images
    together, but for planned hypotheses, each by itself.
    """
    families: dict[tuple[str, int | None], list[Row]] = {}
    for row in rows:
        if ARRANGEMENTS in row:
            families.setdefault((row["subset"], row["planned"]), []).append(row)
    for family in families.values():
        corrected = step_down(np.column_stack([row.pop(ARRANGEMENTS) for row in family]))
        for row, p, least in zip(family, *corrected, strict=True):
            row |= {
                "corrected": float(p),
                "least_corrected": float(least),
                "together": len(family),
            }
    return list(rows)
