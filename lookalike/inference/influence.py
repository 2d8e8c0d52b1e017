"""How much does a finding rest on single images and classes? Its statistic without each of them."""

from collections.abc import Callable, Sequence

import numpy as np

from lookalike.core.condensed import ROUNDING
from lookalike.core.types import Row
from lookalike.inference.jackknife import (
    class_test,
    clear_by_jackknife,
    largest_share,
    local_effects,
)
from lookalike.inference.sampled import Sampled

# From weights of the images (B, n) to the values of a statistic (B,).
Statistic = Callable[[np.ndarray], np.ndarray]

COLUMNS = (
    "method",
    "metric",
    "subset",
    "question",
    "subject",
    "found",
    "part",
    "name",
    "value",
    "change",
    "errors",
    "share",
    "carries",
    "units",
    "classes",
    "hangs",
    "hanging",
    "class_p",
    "class_holm",
)
# What a row is about: all images, all but those of a class, those of a class alone, all but a unit.
ALL, WITHOUT, ONLY, UNIT = "all", "without", "only", "unit"
# So many of the most influential units are named.
NAMED = 3
# A unit carries a finding if it makes up more of the jackknife variance than all others.
CARRIES = 0.5
# An effect has vanished if less than this share of it is left, and that is not clear.
LEFT = 0.5
# Weights of images at once, as many as fit into memory.
AT_ONCE = 1_000_000


def influence(
    statistic: Statistic,
    sample: Sampled,
    counted: np.ndarray,
    *,
    found: bool,
    permutations: int,
    seed: int,
    zero: float = 0.0,
    alone: Statistic | None = None,
    is_clear: Callable[[float, np.ndarray], bool] | None = None,
) -> list[Row]:
    """Return a statistic without each class, in each class alone, and without the most influential
    units of images.

    A finding hangs on a number of classes, the smallest whose removal makes its effect vanish: less
    than half of it is left, and that is not clear. Classes are removed one after another, the one
    first without which the statistic is lowest. Whether the effect differs between classes at all
    is tested apart, with the classes of images shuffled: where it does not, such a number is noise.

    Parameters
    ----------
    statistic : function
        From weights of the images (B, n) to values (B,).
    sample : Sampled
    counted : ndarray of bool, shape (n,)
        Which images have any value.
    found : bool
        Whether the statistic is a finding; else it hangs on nothing, and no class is tested.
    permutations : int
        Of the classes.
    seed : int
    zero : float
        The value that the statistic has without any effect.
    alone : function, optional
        The statistic for few images, where it is not the same.
    is_clear : function, optional
        From what is left of the effect, and weights of the images (n,), to whether it is clear; by
        default, whether its jackknife interval lies above 0.

    Returns
    -------
    list of dict
        With `COLUMNS`; the first five and `class_holm` are for the caller. First of `ALL` images,
        with the numbers of `units` and `classes`, `hangs`, the number of classes on which a
        finding hangs (all, if it never vanishes; None, if that is not known), `hanging`, their
        names where these are not all, and `class_p`. Then `WITHOUT` each class and with it `ONLY`;
        then of the `NAMED` most influential units: `change` of the value without it, as such and in
        standard `errors` (by the jackknife over units), its `share` of the jackknife variance, and
        whether it `carries` the finding: this share is more than half, and more than the largest of
        equal units would have in one of 20 samples (Grubbs's test).

    References
    ----------
    Efron and Stein 1981, doi:10.1214/aos/1176345462; Grubbs 1950, doi:10.1214/aoms/1177729885
    """
    (whole,) = statistic(np.ones((1, len(counted))))
    units, without = without_each(statistic, sample.units, counted)
    classes, left = without_each(statistic, sample.labels, counted)
    first = {
        "found": int(found),
        "part": ALL,
        "value": float(whole),
        "units": len(units),
        "classes": len(classes),
    }
    rows = [first]
    if len(classes) > 1:
        of_classes = (classes[:, None] == sample.labels).astype(float)
        names = [sample.classes[label] for label in classes]
        rows += [
            {"part": WITHOUT, "name": name, "value": float(value), "change": float(value - whole)}
            for name, value in zip(names, left, strict=True)
        ]
        rows += [
            {"part": ONLY, "name": name, "value": float(value)}
            for name, value in zip(names, (alone or statistic)(of_classes), strict=True)
        ]
        if found:
            same = np.array_equal(sample.units, sample.parts)
            parts, changed = (
                (units, without) if same else without_each(statistic, sample.parts, counted)
            )
            local = local_effects(whole, changed, np.searchsorted(parts, sample.parts[counted]))
            places = np.flatnonzero(counted)[local.first]
            first["class_p"] = class_test(local, sample.labels[places], permutations, seed)
            order = np.argsort(left, kind="stable")
            hangs = hangs_on(
                alone or statistic,
                of_classes[order],
                (whole, zero),
                is_clear
                or (lambda left, kept: clear_by_jackknife(left, local.of(kept[places] > 0))),
            )
            first["hangs"] = hangs
            if hangs is not None and hangs < len(classes):
                first["hanging"] = ", ".join(names[place] for place in order[:hangs])
    rows += unit_rows(whole, without, [sample.names[unit] for unit in units])
    return [dict.fromkeys(COLUMNS) | row for row in rows]


def without_each(
    statistic: Statistic, numbers: np.ndarray, counted: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers that images have, but for -1, and a statistic without those of each.

    Parameters
    ----------
    statistic : function
    numbers : ndarray of int, shape (n,)
    counted : ndarray of bool, shape (n,)
        Images that do not count have no number.
    """
    known = np.unique(numbers[counted & (numbers >= 0)])
    # As many at once as fit into memory.
    size = max(1, AT_ONCE // max(1, len(numbers)))
    values = [
        statistic((known[start : start + size, None] != numbers).astype(float))
        for start in range(0, len(known), size)
    ]
    return known, np.concatenate([np.empty(0), *values])


def unit_rows(whole: float, without: np.ndarray, names: Sequence[str]) -> list[Row]:
    """Return a row of each of the most influential units, from a statistic without each of all."""
    number = len(without)
    if number < 2 or not np.isfinite(without).all():
        return []
    squares = (without - without.mean()) ** 2
    error = np.sqrt((number - 1) / number * squares.sum())
    if error <= ROUNDING * max(1, abs(whole)):
        return []
    shares, limit = squares / squares.sum(), max(CARRIES, largest_share(number))
    return [
        {
            "part": UNIT,
            "name": names[unit],
            "value": float(without[unit]),
            "change": float(without[unit] - whole),
            "errors": float((without[unit] - whole) / error),
            "share": float(shares[unit]),
            "carries": int(shares[unit] > limit),
        }
        for unit in np.argsort(-shares, kind="stable")[:NAMED]
    ]


def hangs_on(
    statistic: Statistic,
    of_classes: np.ndarray,
    effect: tuple[float, float],
    is_clear: Callable[[float, np.ndarray], bool],
) -> int | None:
    """Return the smallest number of classes, taken in their order, without which an effect has
    vanished: their number, if it never does; None, if the statistic is not known without some.

    Parameters
    ----------
    statistic : function
    of_classes : ndarray, shape (classes, n)
        Which images are of each.
    effect : (float, float)
        The value of the statistic, and the one that it would have without an effect.
    is_clear : function
        From what is left of the effect, and weights of the images (n,).
    """
    whole, zero = effect
    weights = np.clip(1 - np.cumsum(of_classes, axis=0)[:-1], 0, 1)
    for removed, value in enumerate(statistic(weights), start=1):
        if not np.isfinite(value):
            return None
        if value - zero < LEFT * (whole - zero) and not is_clear(
            value - zero, weights[removed - 1]
        ):
            return removed
    return len(of_classes)
