"""The width of intervals by some images, and the number of images that a wanted width needs."""

from collections.abc import Sequence

import numpy as np

from lookalike.compare.image_table import ImageTable
from lookalike.compare.resampling import bootstrap, widening
from lookalike.core.types import Row

# Of the images of a draw, for the spread of its dissimilarities; of all images, with more care.
RESAMPLES, RESAMPLES_OF_ALL = 100, 1000
# Pairs on which widths are averaged, where there are more.
MOST_PAIRS = 2000
# Standard errors on either side of a value within its 95% interval.
NORMAL = 1.96


def width_of(
    table: ImageTable, aggregate: str, chosen: np.ndarray, resamples: int, seed: int
) -> float:
    """Return the width of the 95% interval of a dissimilarity by some of the images, bool
    (images,), on average over the pairs.
    """
    pairs = table.values.shape[1]
    used = np.linspace(0, pairs - 1, min(pairs, MOST_PAIRS)).astype(int)
    numbers = np.unique(table.units[chosen], return_inverse=True)[1]
    replicates = bootstrap(table.values[chosen][:, used], aggregate, resamples, seed, numbers)
    with np.errstate(invalid="ignore"):
        errors = replicates.std(axis=0, ddof=1)
    known = errors[np.isfinite(errors)]
    if not len(known):
        return np.nan
    return float(2 * NORMAL * widening(numbers.max() + 1) * known.mean())


def needed_images(
    table: ImageTable, aggregate: str, draws: Sequence[Row], *, width: float, seed: int
) -> Row:
    """Return how many units have intervals of a width, as a share of chance, with an interval."""
    units = int(table.units.max()) + 1
    every = np.ones(len(table), bool)
    own = width_of(table, aggregate, every, RESAMPLES_OF_ALL, seed)
    known = table.chance[np.isfinite(table.chance)]
    if not len(known) or known.mean() <= 0 or np.isnan(own):
        return {"width": own, "untested": "chance is not known"}
    chance = float(known.mean())
    half = [row for row in draws if row["n"] == units // 2]
    spreads = np.array([spread_of(row["width"], row["n"]) for row in half])
    spreads = spreads[np.isfinite(spreads) & (spreads > 0)]
    spread, wanted = spread_of(own, units), width * chance
    error = float(np.log(spreads).std(ddof=1)) if len(spreads) > 1 else 0.0
    low, needed, high = (
        enough(spread * np.exp(side * NORMAL * error), wanted) for side in (-1, 0, 1)
    )
    return {
        "chance": chance,
        "width": own,
        "wanted": wanted,
        "needed": needed,
        "needed_low": low,
        "needed_high": high,
    }


def spread_of(width: float, units: int) -> float:
    """Return the standard deviation of single units behind the width of an interval."""
    return width / width_for(units)


def enough(spread: float, wanted: float) -> int:
    """Return the smallest number of units whose interval is as narrow as wanted."""
    n = max(2, int((2 * NORMAL * spread / wanted) ** 2))
    while spread * width_for(n) > wanted:
        n += 1
    return n


def width_for(units: int) -> float:
    """Return the width of a 95% interval of a mean of so many units with standard deviation 1,
    2 t(n - 1) / sqrt(n).
    """
    return 2 * NORMAL * float(widening(units)) * np.sqrt(units - 1) / units
