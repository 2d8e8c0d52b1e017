"""What pruning does to held-out predictions and to maps: each pruned model compared with what it
was, and with pruning at random.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from lookalike.compare.dissimilarities import Dissimilarities, Key
from lookalike.compare.resampling import with_interval, with_intervals
from lookalike.core import io
from lookalike.core.condensed import ROUNDING, pair_numbers
from lookalike.core.seeding import rng_of
from lookalike.core.types import Row
from lookalike.models.heldout import measure_errors, resample

PRUNING_COLUMNS = (
    "model",
    "channels",
    "dropped",
    "n",
    "criterion",
    "error",
    "against",
    "draws",
    "other",
    "difference",
    "difference_low",
    "difference_high",
)
MAP_COLUMNS = (
    *Key._fields,
    "model",
    "draws",
    "others",
    *(
        f"{name}{end}"
        for name in ("pruned", "random", "difference")
        for end in ("", "_low", "_high")
    ),
)


def measure_heads(
    predictions: Mapping[str, tuple[Sequence[str], np.ndarray, np.ndarray]],
    sidecars: Mapping[str, Row],
    variants: Mapping[str, Row],
    resamples: int,
    seed: int,
    alignments: Mapping[str, np.ndarray] | None = None,
) -> tuple[list[Row], list[Row]]:
    """Measure every head on held-out images, and compare every pruned one with its model and with
    pruning at random.

    Parameters
    ----------
    predictions : dict
        From a model to images, scores (n,) and predictions (n,), of the same images for all.
    sidecars : dict
        From a model to the sidecar of its checkpoint.
    variants : dict
        From a pruned variant to `pruned_from` and `draw`, 0 for the one by score.
    resamples : int
    seed : int
    alignments : dict, optional
        From a model to r^2 of its similarities with human ones, of the same images and resamples,
        where channels are ranked by alignment.

    Returns
    -------
    heads : list of dict
        `model`, `pruned_from`, `draw`, `dropped` of `channels`, `n`, and with 95% bootstrap
        intervals over the images `rmse`, `pearson`, `spearman` and, if it is given, `alignment`.
    pruning : list of dict
        A row for each pruned model `against` its baseline, and against random pruning: both errors
        by the `criterion` that ranked the channels, and by how much the pruned one's is larger,
        with an interval over images, the same for both, and over the random `draws`.
    """
    (first, (images, scores, _)), *rest = predictions.items()
    for model, (own, _, _) in rest:
        io.same_images(images, own, first, model)
    indices = resample(len(images), resamples, seed)
    errors = {
        model: measure_errors(scores, predicted, indices)
        for model, (_, _, predicted) in predictions.items()
    }
    if alignments:
        errors = {
            model: found | {"alignment": alignments[model]} for model, found in errors.items()
        }
    about = {model: {**count_channels(sidecars[model]), "n": len(images)} for model in errors}
    no_variant = {"pruned_from": None, "draw": None}
    heads = [
        {"model": model}
        | variants.get(model, no_variant)
        | about[model]
        | with_intervals(found, len(images))
        for model, found in errors.items()
    ]
    criterion = "1 - r² of similarities" if alignments else "RMSE"
    error = {
        model: 1 - found["alignment"] if alignments else found["rmse"]
        for model, found in errors.items()
    }
    pruning = []
    for model, pruned, draws in families(variants):
        given = {"model": model, **about[pruned], "criterion": criterion, "error": error[pruned][0]}
        for against, names in (("baseline", [model]), ("random", draws)):
            if names:
                others = np.stack([error[name] for name in names])
                differences = error[pruned] - others
                difference = with_interval(
                    differences[0] if against == "baseline" else over_draws(differences, seed),
                    "difference",
                    len(images),
                )
                pruning.append(
                    given
                    | {"against": against, "draws": len(names), "other": others[:, 0].mean()}
                    | difference
                )
    return heads, pruning


def families(variants: Mapping[str, Row]) -> list[tuple[str, str, list[str]]]:
    """Return every model that is pruned, with its variant by score and the names of its random
    ones.
    """
    chosen = {about["pruned_from"]: name for name, about in variants.items() if about["draw"] == 0}
    return [
        (
            model,
            pruned,
            [
                name
                for name, about in variants.items()
                if about["pruned_from"] == model and about["draw"]
            ],
        )
        for model, pruned in chosen.items()
    ]


def count_channels(sidecar: Row) -> Row:
    """Return how many channels a model lacks, and of how many, which is not known of a whole
    one.
    """
    pruned = sidecar.get("pruned", {"channels": None, "dropped": []})
    return {"channels": pruned["channels"], "dropped": len(pruned["dropped"])}


def over_draws(values: np.ndarray, seed: int) -> np.ndarray:
    """Average over random draws, which are themselves a sample of all possible draws.

    Parameters
    ----------
    values : ndarray, shape (draws, 1 + B)
        Of the images themselves, then of their resamples; draws without a value do not count.
    seed : int

    Returns
    -------
    ndarray, shape (1 + B,)
        The mean; in every resample moved by what other draws might have given, by Student's t. One
        draw says nothing of others, so that its resamples are NaN.
    """
    values = values[np.isfinite(values[:, 0])]
    count = len(values)
    if not count:
        return np.full(values.shape[1], np.nan)
    means = values.mean(axis=0)
    if count == 1:
        means[1:] = np.nan
    else:
        moves = rng_of(seed, "draws", count).standard_t(count - 1, size=len(means) - 1)
        means[1:] += moves * values[:, 0].std(ddof=1) / np.sqrt(count)
    return means


def compare_variants(
    matrix: Dissimilarities, variants: Mapping[str, Row], origins: Mapping[str, str], seed: int
) -> list[Row]:
    """Compare the maps of every model with those of its pruned variants, in one matrix.

    Parameters
    ----------
    matrix : Dissimilarities
    variants : dict
        As for `measure_heads`.
    origins : dict
        From a model to the one that it is a variant or a replicate of, or to itself.
    seed : int

    Returns
    -------
    list of dict
        With `MAP_COLUMNS`, for each model of the matrix that is pruned: the dissimilarity of its
        maps to those `pruned` by score, to those pruned at `random` (mean over those of the `draws`
        that have one), the `difference` of both, each with a 95% interval over images and draws;
        and `others`, the mean dissimilarity of models of different origin.
    """
    names = matrix.names
    rows, columns = np.triu_indices(len(names), 1)
    origin = np.array([origins[name] for name in names])
    values = np.vstack([matrix.condensed, matrix.replicates])
    values[np.abs(values) <= ROUNDING] = 0
    others = values[0, (origin[rows] != origin[columns]) & np.isfinite(values[0])]
    mean = float(others.mean()) if len(others) else np.nan
    found = []
    for model, pruned, draws in families(variants):
        # Not every method has all models.
        if not {model, pruned} <= set(names):
            continue
        draws = [name for name in draws if name in names]
        to = dict(zip(names, pair_numbers(len(names))[names.index(model)], strict=True))
        by_score = values[:, to[pruned]]
        at_random = (
            values[:, [to[name] for name in draws]].T
            if draws
            else np.full((1, len(values)), np.nan)
        )
        compared = {
            "pruned": by_score,
            "random": over_draws(at_random, seed).clip(min=0),
            "difference": over_draws(by_score - at_random, seed),
        }
        about = {
            "model": model,
            "draws": int(np.isfinite(at_random[:, 0]).sum()),
            "others": mean,
        }
        units = matrix.units_of(model, pruned)
        found.append(matrix.key._asdict() | about | with_intervals(compared, units))
    return found
