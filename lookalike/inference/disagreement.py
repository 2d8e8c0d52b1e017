"""How far models disagree on each image, and whether that is a property of the images."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from lookalike.compare.image_table import ImageTable
from lookalike.compare.resampling import unit_weights, with_interval
from lookalike.core.seeding import rng_of
from lookalike.core.types import Row
from lookalike.inference.significance import FEWEST_MODELS, too_few_models, why_too_few

# Of the models into halves; and of the images, for intervals.
SPLITS, RESAMPLES = 20, 500


def mean_dissimilarity(table: ImageTable) -> np.ndarray:
    """Return the mean over all pairs of models on each image, shape (n,); NaN where none counts."""
    known = np.isfinite(table.values)
    sums, counts = np.where(known, table.values, 0).sum(axis=1), known.sum(axis=1)
    return np.divide(sums, counts, out=np.full(len(table), np.nan), where=counts > 0)


def chance_of(table: ImageTable) -> float:
    """Return the mean dissimilarity of maps of different images; NaN where it is not known, or
    0.
    """
    known = table.chance[np.isfinite(table.chance)]
    return float(known.mean()) if known.any() else np.nan


def disagreements(tables: Sequence[ImageTable], images: int | None = None) -> np.ndarray:
    """Return how far models disagree on each image.

    Parameters
    ----------
    tables : list of ImageTable
        Of independent models, on the same images; one of each method.
    images : int, optional
        Their number, for the case that there is no table.

    Returns
    -------
    ndarray, shape (n,)
        The mean over all pairs of models, as a share of the mean dissimilarity of maps of different
        images, then over the methods: 0 where all maps are equal, about 1 where they have no more
        in common than maps of different images. NaN where no pair counts.
    """
    if not tables:
        return np.full(images or 0, np.nan)
    shares = np.array([mean_dissimilarity(table) / chance_of(table) for table in tables])
    known = np.isfinite(shares)
    sums, counts = np.where(known, shares, 0).sum(axis=0), known.sum(axis=0)
    return np.divide(sums, counts, out=np.full(len(sums), np.nan), where=counts > 0)


def agreement_of_halves(tables: Sequence[ImageTable], seed: int) -> Row:
    """Return how alike random halves of the models order the images: the mean correlation of the
    disagreement within either half, as `halves` with its interval; and `untested`, why it is not
    known, or empty.
    """
    about: Row = {"halves": np.nan, "halves_low": np.nan, "halves_high": np.nan}
    names = sorted(set.intersection(*(set(table.names) for table in tables)) if tables else ())
    if len(names) < FEWEST_MODELS:
        return about | {"untested": too_few_models(len(names))}
    if reason := why_too_few(disagreements(tables)[:, None], tables[0].units):
        return about | {"untested": reason}
    rng = rng_of(seed, "halves of models", len(names))
    sides = []
    for _ in range(SPLITS):
        order = rng.permutation(names).tolist()
        parts = (order[: len(names) // 2], order[len(names) // 2 :])
        sides.append([disagreements([table.of(part) for table in tables]) for part in parts])
    return about | correlate(sides, "halves", tables[0].units, seed) | {"untested": ""}


def agreement_of_methods(tables: Sequence[ImageTable], seed: int) -> Row:
    """Return the mean correlation of the disagreement by any two methods, as `methods` with its
    interval.
    """
    sides = [*combinations([mean_dissimilarity(table) for table in tables], 2)]
    return correlate(sides, "methods", tables[0].units, seed)


def correlate(
    sides: Sequence[Sequence[np.ndarray]], name: str, units: np.ndarray, seed: int
) -> Row:
    """Return the mean over pairs of vectors (n,) of Pearson's correlation, with its interval over
    resamples of the units (n,) of the images.
    """
    weights = np.vstack([np.ones(len(units)), unit_weights(units, RESAMPLES, seed)])
    found = [correlations(weights, *pair) for pair in sides]
    return with_interval(np.mean(found, axis=0), name, len(np.unique(units)))


def correlations(weights: np.ndarray, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return Pearson's correlation of two vectors (n,) under each row of weights (B, n); images
    without a value in either do not count.
    """
    known = np.isfinite(one) & np.isfinite(other)
    x, y, w = one[known] - one[known].mean(), other[known] - other[known].mean(), weights[:, known]
    with np.errstate(divide="ignore", invalid="ignore"):
        total = w.sum(axis=1)
        mean_x, mean_y = w @ x / total, w @ y / total
        shared = w @ (x * y) / total - mean_x * mean_y
        spread = (w @ x**2 / total - mean_x**2) * (w @ y**2 / total - mean_y**2)
        found: np.ndarray = shared / np.sqrt(spread)
    return found
