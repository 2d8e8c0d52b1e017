"""What models predict of the same images: how often every two of them predict, and err, alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from lookalike.compare.resampling import percentile_interval, unit_weights
from lookalike.core.condensed import CACHED, in_slices, square
from lookalike.core.errors import InputError
from lookalike.core.types import Row
from lookalike.models.predictions import check_classes, predicted_classes

PAIR_COLUMNS = (
    "model",
    "other",
    "images",
    "same",
    "different",
    "share_same",
    "share_same_low",
    "share_same_high",
    "both_right",
    "both_wrong",
    "kappa",
    "kappa_low",
    "kappa_high",
)
DIFFERENT_CLASSES = "the models know different classes"


@dataclass(frozen=True, eq=False)
class Predictions:
    """What independent models predict of the same images.

    Attributes
    ----------
    classes : ndarray of str, shape (n, m)
    right : ndarray, shape (n, m)
        1 where the class is the image's label, 0 where it is not, NaN where the image has no label
        or the model does not know all labels.
    names : tuple of str
        Of the models.
    units : ndarray of int, shape (n,)
        Which images belong together, numbered from 0.
    untested : str
        Why predictions cannot be compared, or empty.
    """

    classes: np.ndarray
    right: np.ndarray
    names: tuple[str, ...]
    units: np.ndarray
    untested: str = ""

    def of(self, names: Sequence[str]) -> Predictions:
        """Return the part of some models, in the order given."""
        chosen = [self.names.index(name) for name in names]
        return replace(
            self, classes=self.classes[:, chosen], right=self.right[:, chosen], names=tuple(names)
        )

    def same(self, pairs: slice = slice(None)) -> np.ndarray:
        """Return where both models of each pair predict the same class, 1 or 0, (n, pairs); the
        pairs are those of `np.triu_indices`.
        """
        first, second = (side[pairs] for side in np.triu_indices(len(self.names), 1))
        return (self.classes[:, first] == self.classes[:, second]).astype(float)

    def shares(self, weights: np.ndarray) -> np.ndarray:
        """Return the share of the images on which the models of each pair predict the same class,
        shape (B, pairs), under each row of weights (B, n); NaN where it cannot be told.
        """
        pairs = len(self.names) * (len(self.names) - 1) // 2
        found = np.full((len(weights), pairs), np.nan)
        if not self.untested:
            counts = weights.sum(axis=1, keepdims=True)
            for part in in_slices(pairs, max(weights.shape), CACHED):
                found[:, part] = weights @ self.same(part) / counts
        return found


def gather_predictions(
    found: Mapping[str, Mapping[str, np.ndarray]], names: Sequence[str], units: Mapping[str, int]
) -> Predictions:
    """Put the predictions of models together.

    Parameters
    ----------
    found : dict
        From a file's path to what `predict_images` wrote, in the order of the names.
    names : list of str
    units : dict
        From an image to the number of its unit.
    """
    images = next(iter(found.values()))["images"].tolist()
    classes, untested = predicted_classes(found, images), ""
    try:
        check_classes(found)
    except InputError as error:
        print(error)
        untested = DIFFERENT_CLASSES
    right = np.full(classes.shape, np.nan)
    for model, arrays in enumerate(found.values()):
        labelled = arrays["labels"] != ""
        if set(arrays["labels"][labelled].tolist()) <= set(arrays["classes"].tolist()):
            right[labelled, model] = (classes[:, model] == arrays["labels"])[labelled]
    numbers = np.array([units[image] for image in images], int)
    return Predictions(classes, right, tuple(names), numbers, untested)


def compare_pairs(predictions: Predictions, resamples: int, seed: int) -> list[Row]:
    """Compare the predictions of every two models.

    Parameters
    ----------
    predictions : Predictions
    resamples, seed : int
        Of the units of images.

    Returns
    -------
    list of dict
        With `PAIR_COLUMNS`: on how many `images` both predict the `same` class and `different`
        ones; of the images with labels, on how many `both_right` and `both_wrong` they are; and
        Cohen's `kappa` of being right: 0 if they are right on the same images as often as two such
        accuracies have it by chance, 1 if always. NaN where there are no labels or no model errs.
        Shares and kappas have 95% intervals over the units of images.

    References
    ----------
    Cohen 1960, doi:10.1177/001316446002000104; Geirhos, Meding and Wichmann 2020, arXiv:2006.16736
    """
    images = len(predictions.classes)
    number = np.array([int(predictions.units.max(initial=-1)) + 1])
    drawn = unit_weights(predictions.units, resamples, seed)
    weights = np.vstack([np.ones((1, images)), drawn])
    first, second = np.triu_indices(len(predictions.names), 1)
    found: dict[str, np.ndarray] = {}
    for name, values in (
        ("share_same", predictions.shares(weights)),
        ("kappa", kappas(weights, predictions.right)),
    ):
        low, high = percentile_interval(values[1:], np.repeat(number, len(first)))
        least = 0 if name == "share_same" else -1
        found |= {
            name: values[0],
            f"{name}_low": np.maximum(low, least),
            f"{name}_high": np.minimum(high, 1),
        }
    right = predictions.right
    both = {
        name: (right[:, first] == value) & (right[:, second] == value)
        for name, value in (("both_right", 1), ("both_wrong", 0))
    }
    found |= {name: counted.sum(axis=0) for name, counted in both.items()}
    names, rows = predictions.names, []
    for pair, (one, other) in enumerate(zip(first, second, strict=True)):
        about = {"model": names[one], "other": names[other], "images": images}
        same = np.nan if predictions.untested else round(found["share_same"][pair] * images)
        about |= {"same": same, "different": images - same}
        rows.append(about | {name: values[pair].item() for name, values in found.items()})
    return rows


def kappas(weights: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return Cohen's kappa of the columns of a table of 0 and 1 (n, m), NaN where a row does not
    count, for each pair under each row of weights (B, n), shape (B, pairs).
    """
    first, second = np.triu_indices(right.shape[1], 1)
    found = np.empty((len(weights), len(first)))
    for part in in_slices(len(first), max(weights.shape), CACHED):
        one, other = right[:, first[part]], right[:, second[part]]
        used = (np.isfinite(one) & np.isfinite(other)).astype(float)
        with np.errstate(invalid="ignore", divide="ignore"):
            counts = weights @ used
            alike = weights @ ((one == other) * used) / counts
            p, q = (weights @ np.where(used > 0, side, 0) / counts for side in (one, other))
            by_chance = p * q + (1 - p) * (1 - q)
            found[:, part] = np.where(
                1 - by_chance > 1e-12, (alike - by_chance) / (1 - by_chance), np.nan
            )
    return found


def share_matrix(pairs: Sequence[Row], models: int) -> np.ndarray:
    """Return the shares of same predictions as a matrix (m, m), 1 on the diagonal."""
    return square(np.array([row["share_same"] for row in pairs], float), models, 1.0)
