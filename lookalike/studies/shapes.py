"""The shape of the per-image values of every pair: skewness, bimodality, and outlying images."""

from collections.abc import Sequence

import numpy as np

from lookalike.compare.image_table import ImageTable
from lookalike.compare.resampling import percentile_interval, unit_weights, units_of_pairs
from lookalike.core.condensed import CACHED, in_slices
from lookalike.core.types import Row

PAIR_COLUMNS = (
    "method",
    "metric",
    "model",
    "other",
    "images",
    "mean",
    "std",
    "median",
    "skewness",
    "skewness_low",
    "skewness_high",
    "bimodality",
    "bimodality_low",
    "bimodality_high",
    "skewed",
    "bimodal",
    "outlying",
)
IMAGE_COLUMNS = ("method", "metric", "image", "pairs", "outlying_in", "score", "outlying")
# The bimodality coefficient of a uniform distribution; those with two peaks have a larger one.
UNIFORM = 5 / 9
# A skewness that is said.
SKEWED = 1.0
# Of so few images, no shape is told.
FEWEST_UNITS = 8
# Of a normal distribution: standard deviation by median absolute deviation, and how much of the
# information the latter uses.
MAD, EFFICIENCY = 1.4826, 0.37
# The chance that some image of a pair is called outlying, if values are normal.
FALSE_ALARMS = 0.05


def describe_pairs(table: ImageTable, resamples: int, seed: int) -> list[Row]:
    """Describe the values of every pair.

    Parameters
    ----------
    table : ImageTable
    resamples, seed : int
        Of the units of images.

    Returns
    -------
    list of dict
        With `PAIR_COLUMNS`: mean, standard deviation (ddof 1) and median; `skewness` and
        `bimodality` coefficient, as of `shapes`, with 95% intervals; whether the pair is `skewed`,
        by more than 1 and surely, and `bimodal`, with a coefficient surely above that of a uniform
        distribution; and the names of its outlying images, the farthest first.

    References
    ----------
    Pfister et al. 2013, doi:10.3389/fpsyg.2013.00700
    """
    values = table.values
    drawn = unit_weights(table.units, resamples, seed)
    found = shapes(np.vstack([np.ones((1, len(values))), drawn]), values)
    units = units_of_pairs(values, table.units)
    enough = units >= FEWEST_UNITS
    columns: dict[str, np.ndarray] = {}
    for name, replicates in found.items():
        low, high = percentile_interval(replicates[1:], units)
        known = (replicates[0], low, high)
        columns |= {
            f"{name}{end}": np.where(enough, value, np.nan)
            for end, value in zip(("", "_low", "_high"), known, strict=True)
        }
    sure = (columns["skewness_low"] > 0) | (columns["skewness_high"] < 0)
    columns["skewed"] = (sure & (np.abs(columns["skewness"]) > SKEWED)).astype(int)
    columns["bimodal"] = (columns["bimodality_low"] > UNIFORM).astype(int)
    far = np.where(enough, outlyingness(values), np.nan)
    names, rows = table.names, []
    for pair, (one, other) in enumerate(zip(*np.triu_indices(len(names), 1), strict=True)):
        own = values[np.isfinite(values[:, pair]), pair]
        order = np.argsort(-np.nan_to_num(np.abs(far[:, pair])), kind="stable")
        outlying = [table.images[image] for image in order if np.abs(far[image, pair]) > 1]
        rows.append(
            {
                "method": table.key.method,
                "metric": table.key.metric,
                "model": names[one],
                "other": names[other],
                "images": len(own),
                "mean": float(own.mean()) if len(own) else np.nan,
                "std": float(own.std(ddof=1)) if len(own) > 1 else np.nan,
                "median": float(np.median(own)) if len(own) else np.nan,
                "outlying": "; ".join(outlying),
            }
            | {name: column[pair].item() for name, column in columns.items()}
        )
    return rows


def shapes(weights: np.ndarray, values: np.ndarray) -> dict[str, np.ndarray]:
    """Return `skewness` and `bimodality` coefficient of each pair under each row of weights.

    Parameters
    ----------
    weights : ndarray, shape (B, n)
        How often each image counts.
    values : ndarray, shape (n, pairs)
        NaN where an image does not count for a pair.

    Returns
    -------
    dict of ndarray, shape (B, pairs)
        Skewness G1 and excess kurtosis G2 are those of SAS and SPSS, without bias for normal
        values; the coefficient is (G1^2 + 1) / (G2 + 3 (n - 1)^2 / ((n - 2) (n - 3))): 1/3 for a
        normal distribution, 5/9 for a uniform and an exponential one, and at most 1, for two
        points. NaN for constant values, and fewer than four.
    """
    found = {name: np.empty((len(weights), values.shape[1])) for name in ("skewness", "bimodality")}
    for part in in_slices(values.shape[1], max(weights.shape), CACHED):
        own = values[:, part]
        used = np.isfinite(own)
        centre = np.where(used, own, 0).sum(axis=0) / np.maximum(used.sum(axis=0), 1)
        apart = np.where(used, own - centre, 0)
        # Powers of numbers near 1 lose nothing.
        scale = np.abs(apart).max(axis=0, initial=0)
        apart = apart / np.where(scale > 1e-12 * np.maximum(1, np.abs(centre)), scale, np.nan)
        with np.errstate(invalid="ignore", divide="ignore"):
            n = weights @ used.astype(float)
            first, second, third, fourth = (weights @ apart**power / n for power in range(1, 5))
            variance = second - first**2
            variance = np.where(variance > 1e-12, variance, np.nan)
            cubed = third - 3 * first * second + 2 * first**3
            to_fourth = fourth - 4 * first * third + 6 * first**2 * second - 3 * first**4
            n = np.where(n > 3, n, np.nan)
            skewness = cubed / variance**1.5 * np.sqrt(n * (n - 1)) / (n - 2)
            excess = (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * (to_fourth / variance**2 - 3) + 6)
            normal = 3 * (n - 1) ** 2 / ((n - 2) * (n - 3))
            found["skewness"][:, part] = skewness
            found["bimodality"][:, part] = (skewness**2 + 1) / (excess + normal)
    return found


def outlyingness(values: np.ndarray) -> np.ndarray:
    """Return how far each value is from its pair's median, in units of the distance from which on
    it is outlying, (n, pairs).

    Distances are in median absolute deviations of the values on the same side, so that a long tail
    does not make all of its images outlying. The limit lets 5% of pairs of normal values have one.

    References
    ----------
    Rousseeuw and Croux 1993, doi:10.1080/01621459.1993.10476408
    """
    from scipy.stats import t

    known = np.isfinite(values)
    some = known.any(axis=0)
    centre = np.full(values.shape[1], np.nan)
    centre[some] = np.nanmedian(values[:, some], axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        apart = values - centre
        scores = np.zeros_like(values)
        for side in (-1, 1):
            away = np.where(side * apart >= 0, side * apart, np.nan)
            spread = np.full(len(centre), np.nan)
            spread[some] = MAD * np.nanmedian(away[:, some], axis=0)
            spread[spread <= 0] = np.nan
            scores = np.where(side * apart > 0, apart / spread, scores)
        n = np.maximum(known.sum(axis=0), 2)
        limit = t.ppf(1 - FALSE_ALARMS / (2 * n), np.maximum(EFFICIENCY * (n / 2 - 1), 1))
        return np.where(known, scores / limit, np.nan)


def describe_images(table: ImageTable) -> list[Row]:
    """Return a row of every image, that which is outlying in most pairs first.

    Returns
    -------
    list of dict
        With `IMAGE_COLUMNS`: of how many `pairs` it has a value; in how many of these it is
        outlying; its median `score` over them, as of `outlyingness`, above 0 where models differ
        more than on other images; and whether it is `outlying` as such, in more than half of them.
        With fewer than 8 units of images, none is.
    """
    scores = outlyingness(table.values)
    if int(table.units.max(initial=-1)) + 1 < FEWEST_UNITS:
        scores[:] = np.nan
    counts = (np.abs(scores) > 1).sum(axis=1)
    rows = []
    for image in np.argsort(-counts, kind="stable").tolist():
        own = scores[image, np.isfinite(scores[image])]
        rows.append(
            {
                "method": table.key.method,
                "metric": table.key.metric,
                "image": table.images[image],
                "pairs": int(np.isfinite(table.values[image]).sum()),
                "outlying_in": int(counts[image]),
                "score": float(np.median(own)) if len(own) else np.nan,
                "outlying": int(2 * counts[image] > len(own)),
            }
        )
    return rows


def say_shapes(pairs: Sequence[Row], images: Sequence[Row], most: int = 3) -> str:
    """Say how many pairs are bimodal or skewed, and which images are outlying."""
    bimodal = sorted(
        (row for row in pairs if row["bimodal"]), key=lambda row: -row["bimodality_low"]
    )
    skewed = sum(row["skewed"] for row in pairs)
    outlying = [row for row in images if row["outlying"]]
    text = f"of {len(pairs)} pairs, {len(bimodal)} have values in two groups"
    if bimodal:
        names = [f"{row['model']} and {row['other']}" for row in bimodal[:most]]
        more = f" and {len(bimodal) - most} more" if len(bimodal) > most else ""
        text += f" ({', '.join(names)}{more}: bimodality coefficient surely above 5/9)"
    text += f", {skewed} are skewed by more than 1; "
    if not outlying:
        return f"{text}no image is outlying in more than half of the pairs"
    shown = [f"{row['image']} ({row['outlying_in']} of {row['pairs']})" for row in outlying[:most]]
    more = f" and {len(outlying) - most} more" if len(outlying) > most else ""
    return f"{text}outlying in more than half of the pairs: {', '.join(shown)}{more}"
