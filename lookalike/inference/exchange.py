"""Permutations of the models' labels within units of images, for all permutations at once."""

from collections.abc import Iterator

import numpy as np

from lookalike.compare import laws
from lookalike.compare.adjusting import without_image_effects
from lookalike.core.condensed import MANY_MODELS, models_of, pair_numbers

# Values of single images that are permuted at once; of many models, values of pairs.
AT_ONCE = 4_000_000


def exchangeable(values: np.ndarray, units: np.ndarray) -> np.ndarray:
    """Return which models may be exchanged in each unit: those that lack the same values, and not
    all.

    Then a permutation leaves every pair as many images as it has, and a lack of images cannot pass
    for structure.

    Parameters
    ----------
    values : ndarray, shape (n, pairs)
        NaN where an image does not count for a pair.
    units : ndarray of int, shape (n,)
        Numbered from 0.

    Returns
    -------
    ndarray of int, shape (units, models)
        Models of equal numbers may be exchanged in all images of the unit.
    """
    models, number = models_of(values), int(units.max()) + 1
    if np.isfinite(values).all():
        return np.zeros((number, models), int)
    rows, columns = np.triu_indices(models, 1)
    there = np.zeros((len(values), models, models))
    there[:, rows, columns] = there[:, columns, rows] = np.isfinite(values)
    partners = there.sum(axis=2)
    # With how many of the others only one of two models has a value, twice what they have in common
    # left out; each is no partner of its own.
    differ = partners[:, :, None] + partners[:, None] - 2 * there @ there - 2 * there
    apart, known = np.zeros((number, models, models), bool), np.zeros((number, models), bool)
    np.logical_or.at(apart, units, differ > 0.5)
    np.logical_or.at(known, units, partners > 0)
    apart |= ~known[:, :, None] & ~np.eye(models, dtype=bool)
    # The first model that may be exchanged with each.
    return (~apart).argmax(axis=2)


def movable(classes: np.ndarray) -> float:
    """Return the share of models, over all units, that may be exchanged with another."""
    same = classes[:, :, None] == classes[:, None]
    return float((same.sum(axis=2) > 1).mean())


def orders(classes: np.ndarray, permutations: int, rng: np.random.Generator) -> np.ndarray:
    """Return models in random order, within the classes of each unit.

    Parameters
    ----------
    classes : ndarray of int, shape (units, models)
    permutations : int
    rng : Generator

    Returns
    -------
    ndarray of int, shape (permutations, units, models)
        Which model takes the place of each.
    """
    places = np.broadcast_to(classes.argsort(axis=1, kind="stable"), (permutations, *classes.shape))
    drawn = (classes + rng.random(places.shape)).argsort(axis=2)
    found = np.empty_like(drawn)
    np.put_along_axis(found, places, drawn, axis=2)
    return found


def batches(
    classes: np.ndarray, units: np.ndarray, permutations: int, rng: np.random.Generator
) -> Iterator[np.ndarray]:
    """Yield permutations of the models of every image, shapes (P, n, models), as many at once as
    fit into memory.
    """
    models = classes.shape[1]
    cells = (1 if models > MANY_MODELS else len(units)) * models**2 // 2
    size = max(1, AT_ONCE // cells)
    for start in range(0, permutations, size):
        yield orders(classes, min(size, permutations - start), rng)[:, units]


def permuted_means(values: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Return the mean values of all pairs under permutations of the models within images.

    Parameters
    ----------
    values : ndarray, shape (n, pairs)
        NaN where an image does not count for a pair; means are then adjusted for image effects.
    order : ndarray of int, shape (P, n, models)
        Which leave what is missing where it is.

    Returns
    -------
    ndarray, shape (P, pairs)
    """
    n, pairs = values.shape
    used = np.isfinite(values)
    if order.shape[2] > MANY_MODELS:
        from lookalike.inference.exchange_loops import permuted_sums

        totals = permuted_sums(np.where(used, values, 0), order)
        if used.all():
            return totals / n
        return without_image_effects(
            totals / used.sum(axis=0), np.where(used, values, 0).sum(axis=1), used, np.ones((1, n))
        )
    rows, columns = np.triu_indices(order.shape[2], 1)
    # Every image's values in one row, which are taken by their places in it.
    places = pair_numbers(order.shape[2])[order[:, :, rows], order[:, :, columns]]
    places += (np.arange(n) * pairs)[:, None]
    moved = np.where(used, values, 0).ravel().take(places)
    if used.all():
        return moved.mean(axis=1)
    means = moved.sum(axis=1) / used.sum(axis=0)
    sums = np.where(used, values, 0).sum(axis=1)
    return without_image_effects(means, sums, used, np.ones((1, n)))


def permuted_main_effects(values: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Return the main effects (P, models) of the means of `permuted_means`; of many models without
    these, since the sums over the pairs of each model move with it.
    """
    models = order.shape[2]
    if models <= MANY_MODELS or not np.isfinite(values).all():
        return laws.main_effects(permuted_means(values, order))
    own = laws.sums_of_models(values - values.mean(axis=1, keepdims=True))
    moved = np.take_along_axis(own[None], order, axis=2).mean(axis=1)
    return moved / (models - 2)
