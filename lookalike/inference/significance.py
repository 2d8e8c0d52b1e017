"""What tests of hypotheses share: p values from permutations, and the correction of several p
values that are reported together.
"""

from collections.abc import Sequence
from itertools import islice
from itertools import permutations as all_orders
from math import factorial

import numpy as np

from lookalike.compare.redundancy import Representatives
from lookalike.compare.resampling import FEWEST_UNITS
from lookalike.core.types import Row

LEVEL = 0.05
# Fewer cannot be permuted in enough ways.
FEWEST_MODELS = 4
ONE_UNIT = "all images are of one unit, from which nothing can be concluded"
ALL_EQUAL = "all dissimilarities between models are equal"


def why_too_few(values: np.ndarray, units: np.ndarray) -> str:
    """Say why nothing can be concluded from values (n, pairs) of so few images, or units (n,) of
    them; empty if something can.
    """
    counted = np.isfinite(values).any(axis=1)
    images, number = int(counted.sum()), len(np.unique(units[counted]))
    if images < 2:
        return too_few_images(images)
    if number < 2:
        return ONE_UNIT
    if number < FEWEST_UNITS:
        return f"with {number} images (or units of these) nothing can be concluded"
    return ""


def permutation_p(observed: float, null: np.ndarray) -> float:
    """Return the share of permutations, the identity counted among them, that reach the observed
    statistic.

    Parameters
    ----------
    observed : float
    null : ndarray, shape (permutations,)
        NaN where a permutation has no statistic, which does not count.

    Returns
    -------
    float
        Never 0; NaN if nothing was observed. Values that differ by rounding alone count as equal.

    References
    ----------
    Phipson and Smyth 2010, doi:10.2202/1544-6115.1585
    """
    null = null[np.isfinite(null)]
    if not np.isfinite(observed):
        return np.nan
    tolerance = 1e-9 * max(abs(observed), np.abs(null).max(initial=0))
    return float((1 + (null >= observed - tolerance).sum()) / (1 + len(null)))


def min_attainable_p(observed: float, null: np.ndarray) -> float:
    """Return the p value that the most extreme of all arrangements of the models would have;
    parameters as for `permutation_p`.
    """
    everything = np.append(null[np.isfinite(null)], observed)
    return permutation_p(everything.max(), np.sort(everything)[:-1])


def standardised(observed: float, null: np.ndarray) -> np.ndarray:
    """Return the statistics of all arrangements of the models, first the one observed, less their
    mean and by their standard deviation, shape (1 + permutations,); 0 where they are equal but for
    rounding. Parameters as for `permutation_p`.
    """
    statistics = np.append(observed, null)
    spread = statistics.std()
    if spread <= 1e-9 * np.abs(statistics).max():
        return np.zeros_like(statistics)
    return (statistics - statistics.mean()) / spread


def orders_of(models: int, permutations: int, rng: np.random.Generator) -> np.ndarray:
    """Return permutations of models without the identity, shape (P, models).

    Where there are no more than asked for, these are all, so that p values are exact.
    """
    if factorial(models) - 1 <= permutations:
        return np.array(list(islice(all_orders(range(models)), 1, None)), int).reshape(-1, models)
    return np.array([rng.permutation(models) for _ in range(permutations)])


def holm(p: Sequence[float] | np.ndarray) -> np.ndarray:
    """Correct several p values, so that the chance of any false finding stays at the level.

    Parameters
    ----------
    p : array-like, shape (k,)
        NaN where nothing was tested, which does not count.

    Returns
    -------
    ndarray, shape (k,)

    References
    ----------
    Holm 1979, Scandinavian Journal of Statistics 6, 65-70
    """
    p = np.asarray(p, float)
    corrected, tested = np.full(len(p), np.nan), np.flatnonzero(np.isfinite(p))
    order = tested[np.argsort(p[tested], kind="stable")]
    corrected[order] = np.minimum(np.maximum.accumulate(p[order] * np.arange(len(order), 0, -1)), 1)
    return corrected


def step_down(statistics: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Correct several tests that permute the models in the same ways, so that the chance of any
    false finding stays at the level (Westfall and Young's step-down maxT).

    Each statistic is compared with the largest that an arrangement has in any test. What tests have
    in common is thus counted once: a test and its copy cost no more than the test.

    Parameters
    ----------
    statistics : ndarray, shape (arrangements, k)
        As of `standardised`; first those observed.

    Returns
    -------
    corrected : ndarray, shape (k,)
        p values.
    least : ndarray, shape (k,)
        The corrected p values that the most extreme arrangement of each test would have had, with
        the other tests as they are.

    References
    ----------
    Westfall and Young 1993, Resampling-based multiple testing
    """
    # Values that differ by rounding alone count as equal.
    observed, extreme = statistics[0] - 1e-9, statistics.max(axis=0) - 1e-9
    corrected, largest = np.empty(len(observed)), np.full(len(statistics), -np.inf)
    order = np.argsort(-observed, kind="stable")
    for test in order[::-1]:
        largest = np.maximum(largest, statistics[:, test])
        corrected[test] = (largest >= observed[test]).mean()
    corrected[order] = np.maximum.accumulate(corrected[order])
    # Tests that found something are out of the way of the others.
    found = corrected <= LEVEL
    largest = np.sort(statistics[:, ~found].max(axis=1, initial=-np.inf))
    least = (len(statistics) - np.searchsorted(largest, extreme)) / len(statistics)
    return corrected, np.where(found, corrected, least)


def enough_permutations(least: int, tests: int) -> int:
    """Return how many permutations let each of several tests, reported together, reach the level:
    the least number, doubled as often as needed.

    By doubling, one more test rarely changes the number, and with it all p values.
    """
    while LEVEL * (least + 1) < tests:
        least = 2 * (least + 1) - 1
    return least


def too_few_models(models: int, of: str = "", fewest: int = FEWEST_MODELS) -> str:
    """Say that so few models are too few for a test."""
    return f"needs at least {fewest} independent models{of}; found {models}"


def too_few_images(images: int) -> str:
    """Say that nothing can be concluded from so few images."""
    return f"with n = {images} image{'' if images == 1 else 's'} nothing can be concluded"


def correct_clades(clades: Sequence[Row]) -> list[Row]:
    """Correct the p values of the clades of a tree, in two steps: whether a clade is more than the
    main effects of its models, and, of those that are, whether it holds.

    That both steps together keep their level is by simulation: without groups, some clade passes in
    0 to 2.3% of trees, also where some maps are noisier (`bench/calibration`). The first step by
    itself does not, since the tree chose the clades.

    Parameters
    ----------
    clades : list of dict
        Of `describe_clades`.

    Returns
    -------
    list of dict
        With `residual_holm` and `si_holm`, which is NaN for clades that are not more.
    """
    rows = [row | {"si_holm": np.nan} for row in correct(clades, ["residual"], [])]
    more = [place for place, row in enumerate(rows) if row["residual_holm"] <= LEVEL]
    for place, row in zip(more, correct([rows[place] for place in more], ["si"], []), strict=True):
        rows[place] = row
    return rows


def correct(
    rows: Sequence[Row],
    tests: Sequence[str],
    family: Sequence[str],
    stands: Representatives | None = None,
) -> list[Row]:
    """Correct the p values of several tests for being reported together.

    Parameters
    ----------
    rows : list of dict
        Read from tables.
    tests : sequence of str
        NAME for a p value under `NAME_p`, which gets its corrected one under `NAME_holm`.
    family : sequence of str
        Columns; rows with equal values in these are corrected together.
    stands : mapping, optional
        Metrics of one ranking, as of `read_representatives`: tests of these are one test, with the
        largest of their p values.

    Returns
    -------
    list of dict
    """
    rows = [dict(row) for row in rows]
    families: dict[tuple[str, ...], dict[object, list[Row]]] = {}
    for row in rows:
        together = families.setdefault(tuple(row[column] for column in family), {})
        together.setdefault(subject_of(row, stands), []).append(row)
    for test in tests:
        before, after = (f"{test}_{name}" for name in ("p", "holm"))
        for together in families.values():
            largest = [
                max((p for row in same if np.isfinite(p := p_value(row, before))), default=np.nan)
                for same in together.values()
            ]
            for same, value in zip(together.values(), holm(largest), strict=True):
                for row in same:
                    row[after] = value if np.isfinite(p_value(row, before)) else np.nan
    return rows


def subject_of(row: Row, stands: Representatives | None) -> frozenset[tuple[str, str]] | int:
    """Return which matrices a test is about, by those that stand for them; without any, every row
    is about something else.
    """
    if stands is None:
        return id(row)
    keys = [(row["method"], row["metric"])]
    if "other_method" in row:
        keys.append((row["other_method"], row["other_metric"]))
    return frozenset(stands.get(key, key) for key in keys)


def p_value(row: Row, column: str) -> float:
    """Return a p value from a table, NaN where there is none."""
    return float(row[column] or "nan")


def is_significant(row: Row, test: str) -> bool:
    """Return whether the corrected p value of a test, in a table's row, is at most the level."""
    return float(row[f"{test}_holm"] or "nan") <= LEVEL
