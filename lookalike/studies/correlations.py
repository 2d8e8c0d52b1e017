"""Correlations of resampled matrices, and their intervals over other images."""

import numpy as np

from lookalike.compare.resampling import widening
from lookalike.inference.mantel import centred_units

# Standard errors on either side of a value within its 95% interval.
NORMAL = 1.96
# Correlations nearer to 1 have no finite z.
LARGEST_R = 1 - 1e-12


def row_correlations(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return Pearson's correlation of the rows of two tables (B, pairs), shape (B,); NaN where
    either row is constant or has an unknown value.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.einsum("bp,bp->b", centred_units(one), centred_units(other))


def interval_of(
    observed: float, replicates: np.ndarray, units: int, largest: float = LARGEST_R
) -> tuple[float, float]:
    """Return the bounds of the 95% interval of a correlation over other images, as many.

    The images' noise makes a correlation smaller than that of endless images, and that of a
    resample, which has it twice, smaller still: the percentiles of the resamples lie too low. Their
    spread is right. So the interval is so much around the value observed, on Fisher's scale z; a
    correlation of 1 has the z of the `largest` one that is not 1.
    """
    known = replicates[np.isfinite(replicates)]
    if 2 * len(known) <= len(replicates):
        return np.nan, np.nan
    z, *drawn = np.arctanh(np.clip([observed, *known], -largest, largest))
    half = NORMAL * float(widening(units)) * np.std(drawn)
    low, high = np.tanh([z - half, z + half])
    return min(float(low), observed), max(float(high), observed)
