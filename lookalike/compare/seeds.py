"""What other seeds might have given: intervals over images and seeds, from replicates."""

from collections.abc import Mapping, Sequence

import numpy as np

from lookalike.compare.dissimilarities import Dissimilarities, Key
from lookalike.compare.resampling import INTERVAL, percentile_interval
from lookalike.core.condensed import pair_numbers
from lookalike.core.types import Row

COLUMNS = (
    *Key._fields,
    "model",
    "other_model",
    "value",
    "weights_low",
    "weights_high",
    "seeds_low",
    "seeds_high",
    "seeds_share",
    "replicated",
)
# Of the seeds of a single model nothing can be concluded about those of others.
FEWEST_REPLICATED = 2


def compare_seeds(matrix: Dissimilarities, replicates: Mapping[str, str]) -> list[Row]:
    """Return the dissimilarity of every two originals over their seeds, with its interval for new
    images and these weights, and that for new images and new seeds.

    Two or three seeds of a model are too few to be resampled: a bootstrap of them has a fraction of
    their variance. So the variance between seeds is pooled over all models that have replicates,
    less what the images add to it, and is added to the variance of the bootstrap over images; the
    interval is that of Student's t, with degrees of freedom by Satterthwaite's formula. A model
    without replicates is taken to vary as those that have some.

    Parameters
    ----------
    matrix : Dissimilarities
        With bootstrap replicates and numbers of units; without pruned variants.
    replicates : dict
        From a replicate to its original. Not every matrix holds all of them.

    Returns
    -------
    list of dict
        With `COLUMNS`: the mean `value` over the seeds of both models, `weights_low` and
        `weights_high` for these weights, `seeds_low` and `seeds_high` for new seeds,
        `seeds_share`, the seeds' share of the variance of the value, and the number of models that
        are `replicated`. Empty for fewer than `FEWEST_REPLICATED` of these; a pair without an
        interval over images has none.

    References
    ----------
    Owen 2007, doi:10.1214/07-AOAS122; Satterthwaite 1946, doi:10.2307/3002019
    """
    seeds = seeds_of(matrix.names, replicates)
    freedom = [len(own) - 1 for own in seeds.values() if len(own) > 1]
    if len(freedom) < FEWEST_REPLICATED:
        return []
    values = np.vstack([matrix.condensed, matrix.replicates])
    numbers, names = pair_numbers(len(matrix)), list(seeds)
    blocks = {
        (one, other): values[:, numbers[np.ix_(seeds[one], seeds[other])]]
        for place, one in enumerate(names)
        for other in names[place + 1 :]
    }
    units = {pair: matrix.units_of(*pair) or 0.0 for pair in blocks}
    variance = seed_variance(blocks, units)
    return [
        matrix.key._asdict()
        | {"model": pair[0], "other_model": pair[1], "replicated": len(freedom)}
        | interval_over_seeds(block, variance, sum(freedom), units[pair])
        for pair, block in blocks.items()
    ]


def seeds_of(names: Sequence[str], replicates: Mapping[str, str]) -> dict[str, list[int]]:
    """Return the places of the seeds of every original among some names."""
    return {
        name: [place for place, seed in enumerate(names) if name in (seed, replicates.get(seed))]
        for name in names
        if name not in replicates
    }


def seed_variance(
    blocks: Mapping[tuple[str, str], np.ndarray], units: Mapping[tuple[str, str], float]
) -> float:
    """Return the variance between the seeds of one model of its dissimilarity to another, pooled
    over models and others; 0, where the images explain what lies between them.

    Parameters
    ----------
    blocks : dict of ndarray, shape (1 + B, seeds, seeds of the other)
        From two originals to the dissimilarities of their seeds, as they are and in resamples of
        the images.
    units : dict
        From two originals to the number of units of images.
    """
    total, freedom = 0.0, 0
    for pair, block in blocks.items():
        if units[pair] < 2:
            continue
        for axis in (2, 1):
            # The mean over the other's seeds.
            means = block.mean(axis=axis)
            seeds = means.shape[1]
            known = np.isfinite(means).all(axis=1)
            if seeds < 2 or not known[0] or known.sum() < 3:
                continue
            centred = means[known] - means[known].mean(axis=1, keepdims=True)
            of_images = units[pair] / (units[pair] - 1) * centred[1:].var(axis=0, ddof=1).sum()
            total += (centred[0] ** 2).sum() - of_images
            freedom += seeds - 1
    return max(0.0, total / freedom) if freedom else 0.0


def interval_over_seeds(block: np.ndarray, variance: float, freedom: int, units: float) -> Row:
    """Return the mean over the seeds of two models with its intervals, and the seeds' share of its
    variance.

    Parameters
    ----------
    block : ndarray, shape (1 + B, seeds, seeds of the other)
    variance : float
        Between seeds, as of `seed_variance`.
    freedom : int
        Degrees of freedom of this variance.
    units : float
        Of the images of the two originals.
    """
    from scipy.special import stdtrit

    found: Row = dict.fromkeys(COLUMNS[len(Key._fields) + 2 : -1], np.nan)
    means = block.mean(axis=(1, 2))
    found["value"] = float(means[0])
    resampled = means[1:][np.isfinite(means[1:])]
    if not np.isfinite(means[0]) or units < 2 or 2 * len(resampled) <= len(block) - 1:
        return found
    (low,), (high,) = percentile_interval(resampled[:, None], np.array([units]))
    of_images = resampled.var(ddof=1) * units / (units - 1)
    of_seeds = variance * sum(1 / count for count in block.shape[1:])
    both = of_images + of_seeds
    if both > 0:
        degrees = both**2 / (of_images**2 / (units - 1) + of_seeds**2 / freedom)
        half = stdtrit(degrees, INTERVAL[1] / 100) * np.sqrt(both)
        found |= {
            "seeds_low": float(max(means[0] - half, 0)),
            "seeds_high": float(means[0] + half),
            "seeds_share": float(of_seeds / both),
        }
    return found | {"weights_low": float(low), "weights_high": float(high)}
