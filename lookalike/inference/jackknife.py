"""What single parts of the images say of a statistic, by the jackknife."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lookalike.core.seeding import rng_of
from lookalike.inference.significance import LEVEL, permutation_p

# Places of parts that are shuffled at once.
AT_ONCE = 4_000_000


class Local(NamedTuple):
    """What each part of the images by itself says of a statistic: its jackknife pseudo-value, with
    the number of its images and the first of them, each of shape (p,).
    """

    values: np.ndarray
    sizes: np.ndarray
    first: np.ndarray

    def of(self, kept: np.ndarray) -> Local:
        """Return those of some parts."""
        return Local(*(column[kept] for column in self))


def local_effects(whole: float, without: np.ndarray, parts: np.ndarray) -> Local:
    """Return local effects, from a statistic without each part (p,), and the part of every image
    that counts (n,).
    """
    _, first, sizes = np.unique(parts, return_index=True, return_counts=True)
    values = whole + (whole - without) * (len(parts) - sizes) / sizes
    return Local(values, sizes.astype(float), first)


def class_test(local: Local, labels: np.ndarray, permutations: int, seed: int) -> float:
    """Return the p value of the hypothesis that a statistic is the same in all classes.

    Classes are shuffled over the parts of the images; what is compared is the variance between
    classes of the local effects.

    Parameters
    ----------
    local : Local
        Of p parts.
    labels : ndarray of int, shape (p,)
        Their classes; those of -1 do not count.
    permutations : int
    seed : int

    Returns
    -------
    float
        NaN where no class has two parts, or a local effect is not known.
    """
    local, labels = local.of(labels >= 0), labels[labels >= 0]
    classes, labels = np.unique(labels, return_inverse=True)
    number, sizes = len(labels), local.sizes
    if not np.isfinite(local.values).all() or not 1 < len(classes) < number:
        return np.nan
    centred = sizes * (local.values - (sizes @ local.values) / sizes.sum())
    member, rng = np.eye(len(classes))[labels], rng_of(seed, "classes", number)
    null: list[float] = []
    at_once = max(1, AT_ONCE // number)
    for start in range(0, permutations, at_once):
        drawn = (min(at_once, permutations - start), number)
        null += between(rng.random(drawn).argsort(axis=1), centred, sizes, member).tolist()
    (observed,) = between(np.arange(number)[None], centred, sizes, member)
    return permutation_p(observed, np.array(null))


def between(
    order: np.ndarray, centred: np.ndarray, sizes: np.ndarray, member: np.ndarray
) -> np.ndarray:
    """Return the sum of squares between classes (P,) of parts in some orders (P, p).

    Parameters
    ----------
    order : ndarray of int, shape (P, p)
    centred : ndarray, shape (p,)
        Local effects less their mean, times the sizes.
    sizes : ndarray, shape (p,)
    member : ndarray, shape (p, classes)
        Of which class each place is.
    """
    return ((centred[order] @ member) ** 2 / (sizes[order] @ member)).sum(axis=1)


def clear_by_jackknife(value: float, local: Local) -> bool:
    """Return whether the 95% interval of a statistic lies above 0, by its local effects."""
    from scipy.special import stdtrit

    number, sizes = len(local.sizes), local.sizes
    if number < 2:
        return False
    centred = sizes * (local.values - (sizes @ local.values) / sizes.sum())
    error = np.sqrt(number / (number - 1) * (centred**2).sum()) / sizes.sum()
    return bool(value - stdtrit(number - 1, 1 - LEVEL / 2) * error > 0)


def largest_share(units: int) -> float:
    """Return which share of the variance of normal values the most extreme of them exceeds in one
    sample of 20: Grubbs's critical value, as a share.
    """
    from scipy.special import stdtrit

    if units < 3:
        return 1.0
    t = stdtrit(units - 2, 1 - LEVEL / (2 * units)) ** 2
    return float((units - 1) / units * t / (units - 2 + t))
