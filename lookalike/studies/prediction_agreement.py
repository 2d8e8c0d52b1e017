"""Does looking alike go with predicting alike? What models predict, against every matrix."""

from collections.abc import Sequence

import numpy as np

from lookalike.compare.dissimilarities import Dissimilarities
from lookalike.compare.resampling import unit_weights
from lookalike.core.condensed import all_equal, condensed, square
from lookalike.core.seeding import rng_of
from lookalike.core.types import Row
from lookalike.inference.mantel import permuted_correlations
from lookalike.inference.significance import (
    ALL_EQUAL,
    FEWEST_MODELS,
    correct,
    enough_permutations,
    is_significant,
    orders_of,
    permutation_p,
    too_few_models,
)
from lookalike.studies.correlations import interval_of, row_correlations
from lookalike.studies.same_predictions import Predictions

COLUMNS = (
    "method",
    "metric",
    "subset",
    "models",
    "pairs",
    "r",
    "r_low",
    "r_high",
    "r_p",
    "r_holm",
    "r_with_diagonal",
    "untested",
)
OF_MODELS = " that predict classes and whose dissimilarities are all known"
EQUALLY_OFTEN = "all pairs of models predict the same class equally often"


def correlate_matrices(
    matrices: Sequence[Dissimilarities], predictions: Predictions, permutations: int, seed: int
) -> list[Row]:
    """Correlate the share of the images on which two models predict the same class with how alike
    they look, in every matrix.

    Parameters
    ----------
    matrices : list of Dissimilarities
        Whose replicates are of resamples by this seed.
    predictions : Predictions
        Models that either lacks are left out.
    permutations : int
        At least so many; more where the number of matrices needs them.
    seed : int

    Returns
    -------
    list of dict
        With `COLUMNS`: Pearson's `r` of the shares with similarity, the dissimilarity times -1,
        over pairs of different models; the bounds of its 95% interval for as many other images,
        where there are images, whose predictions and maps are resampled together by units; Mantel's
        one-sided p value `r_p`, and Holm's over the matrices. `r_with_diagonal` is the same over
        all cells of both square matrices: there, every model predicts and looks like itself, which
        adds as many perfect pairs as there are models. `untested`: why there is no r, or empty.

    References
    ----------
    Mantel 1967, Cancer Research 27, 209-220
    """
    permutations = enough_permutations(permutations, len(matrices))
    rows = [correlate(matrix, predictions, permutations, seed) for matrix in matrices]
    return correct(rows, ["r"], [])


def correlate(
    matrix: Dissimilarities, predictions: Predictions, permutations: int, seed: int
) -> Row:
    """Return the row of one matrix, not corrected yet."""
    about = dict.fromkeys(COLUMNS, np.nan) | matrix.key._asdict() | {"untested": ""}
    matrix = matrix.of(name for name in predictions.names if name in matrix.names).without_unknown()
    predictions = predictions.of(matrix.names)
    m, images = len(matrix), len(predictions.classes)
    about |= {"models": m, "pairs": m * (m - 1) // 2}
    (shares,) = predictions.shares(np.ones((1, images)))
    if predictions.untested:
        return about | {"untested": predictions.untested}
    if m < FEWEST_MODELS:
        return about | {"untested": too_few_models(m, of=OF_MODELS)}
    if all_equal(matrix.condensed) or all_equal(shares):
        why = ALL_EQUAL if all_equal(matrix.condensed) else EQUALLY_OFTEN
        return about | {"untested": why}
    alike = -matrix.condensed
    orders = orders_of(m, permutations, rng_of(seed, "prediction_agreement", m))
    ((observed,),), null = permuted_correlations(shares[None], alike[None, None], orders)
    resampled = predictions.shares(
        unit_weights(predictions.units, len(matrix.replicates), seed)[: len(matrix.replicates)]
    )
    replicates = row_correlations(resampled, -matrix.replicates)
    cells = np.array([square(shares, m, 1.0).ravel(), square(alike, m, 0.0).ravel()])
    units = int(predictions.units.max()) + 1
    low, high = interval_of(float(observed), replicates, units)
    return about | {
        "r": float(observed),
        "r_low": low,
        "r_high": high,
        "r_p": permutation_p(float(observed), null[:, 0, 0]),
        "r_with_diagonal": float(np.corrcoef(cells)[0, 1]),
    }


def conclude(
    predictions: Predictions, pairs: Sequence[Row], correlations: Sequence[Row]
) -> list[str]:
    """Say who predicts alike, and in which matrices looking alike goes with it.

    Parameters
    ----------
    predictions : Predictions
    pairs : list of dict
        Of `compare_pairs`.
    correlations : list of dict
        Of `correlate_matrices`.
    """
    return [*say_pairs(predictions, pairs), *map(say_correlation, correlations)]


def say_pairs(predictions: Predictions, pairs: Sequence[Row]) -> list[str]:
    """Say how often models predict the same, and whether they err on the same images."""
    if predictions.untested or not pairs:
        why = predictions.untested or too_few_models(len(predictions.names), fewest=2)
        return [f"Cannot tell who predicts alike: {why}."]
    same, every = sum(row["same"] for row in pairs), sum(row["images"] for row in pairs)
    about = f"{len(predictions.names)} models, {pairs[0]['images']} images"
    ordered = sorted(pairs, key=lambda row: row["share_same"])
    text = (
        f"Two models predict the same class in {same:,} of {every:,} cases ({same / every:.1%}), "
        f"and different ones in {every - same:,} ({about})"
    )
    if len(pairs) > 1:
        text += f": most often {name_pair(ordered[-1])}, least often {name_pair(ordered[0])}"
    known = [row for row in pairs if np.isfinite(row["kappa"])]
    if not known:
        return [f"{text}.", "Cannot tell who errs alike: no image has a label, or no model errs."]
    clear = sum(row["kappa_low"] > 0 for row in known)
    kappa = np.mean([row["kappa"] for row in known])
    return [
        f"{text}.",
        f"They are right and wrong on the same images beyond what their accuracies give by chance "
        f"in {clear} of {len(known)} pairs (Cohen's kappa {kappa:.2f} on average; those whose 95% "
        f"interval over images lies above 0).",
    ]


def name_pair(row: Row) -> str:
    """Return the names of a pair with its share and interval."""
    interval = f"{row['share_same_low']:.2f} to {row['share_same_high']:.2f}"
    return f"{row['model']} and {row['other']} ({row['share_same']:.2f}, 95% interval {interval})"


def say_correlation(row: Row) -> str:
    """Say whether looking alike goes with predicting alike in one matrix."""
    name = f"{row['method']}, {row['metric']}, {row['subset']} images"
    if row["untested"]:
        why = row["untested"]
        return f"{name}: cannot tell whether looking alike goes with predicting alike: {why}."
    interval = f"95% interval over images {interval_text(row)}"
    found = (
        "models that predict alike look alike"
        if is_significant(row, "r")
        else "no evidence that models that predict alike look alike"
    )
    return (
        f"{name}: {found} (r = {row['r']:.2f} off the diagonal, {interval}; p = "
        f"{row['r_holm']:.3f} by Mantel's test after Holm, {row['pairs']} pairs); with the "
        f"diagonal, which the notebook counted, r would be {row['r_with_diagonal']:.2f}."
    )


def interval_text(row: Row) -> str:
    """Return the interval of a correlation; user-supplied matrices have no images to resample."""
    if np.isnan(row["r_low"]):
        return "unknown"
    return f"{row['r_low']:.2f} to {row['r_high']:.2f}"


def summary_table(correlations: Sequence[Row]) -> list[Row]:
    """Return the correlations as the short table of the report."""
    return [
        {
            "matrix": f"{row['method']}, {row['metric']}, {row['subset']} images",
            "r off the diagonal": f"{row['r']:.2f}",
            "95% interval over images": interval_text(row),
            "p (Mantel, Holm)": f"{row['r_holm']:.3f}",
            "r with the diagonal, as the notebook counted": f"{row['r_with_diagonal']:.2f}",
        }
        for row in correlations
        if not row["untested"]
    ]


def shares_and_dissimilarities(
    matrix: Dissimilarities, predictions: Predictions
) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """Return both for every pair of the models that matrix and predictions have in common, each of
    shape (pairs,), and the names of these models.
    """
    names = tuple(name for name in predictions.names if name in matrix.names)
    (shares,) = predictions.of(names).shares(np.ones((1, len(predictions.classes))))
    return shares, condensed(matrix.of(names).values), names
