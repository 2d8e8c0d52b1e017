"""Are means enough? The mean of the per-image values of every pair against other summaries."""

from collections.abc import Sequence

import numpy as np

from lookalike.compare.aggregation import weighted_dissimilarities
from lookalike.compare.image_table import ImageTable
from lookalike.compare.resampling import unit_weights
from lookalike.core.condensed import all_equal, square
from lookalike.core.types import Row
from lookalike.groups.trees import link
from lookalike.inference.mantel import centred_units
from lookalike.inference.permutation_tests import ranks_of
from lookalike.inference.significance import too_few_models
from lookalike.studies.correlations import interval_of, row_correlations
from lookalike.studies.image_count import clades_of
from lookalike.studies.shapes import FEWEST_UNITS, say_shapes

COLUMNS = (
    "method",
    "metric",
    "models",
    "pairs",
    "units",
    "rho",
    "rho_low",
    "rho_high",
    "rho_resampled",
    "as_far",
    "rho_median",
    "moved",
    "places",
    "clades",
    "shared_clades",
    "clades_resampled",
    "untested",
)
FEWEST_MODELS = 3
# The order changes beyond the images' noise if fewer of the resamples move it as far.
LEVEL = 0.05
# From here on, two orders of the pairs are taken to be the same.
ALIKE = 0.99
MOST_ROWS = 20


def compare_summaries(table: ImageTable, resamples: int, seed: int) -> Row:
    """Compare the mean of every pair with the mean and dispersion, sqrt(mean^2 + std^2).

    In terms of a similarity 1 - d, the latter is one less sqrt((1 - mean)^2 + std^2), the
    dissimilarity `mean_std` of the config.

    Parameters
    ----------
    table : ImageTable
        Of independent models.
    resamples, seed : int
        Of the units of images.

    Returns
    -------
    dict
        With `COLUMNS`: `rho`, Spearman's correlation of both over the pairs, with its 95% interval;
        `rho_resampled`, the median correlation of the mean with the mean of a resample of the
        images, and `as_far`, the share of resamples in which it is at most `rho`: where it is not
        small, the dispersion moves the order of the pairs no farther than the choice of the images
        does. `rho_median`, the correlation with the pairs' medians, which no outlying image moves;
        `moved`, the pair that the dispersion moves farthest, by so many `places`. How many of the
        `clades` of the mean's tree (average linkage, without the root) are in the tree of the
        other, and on average in those of resamples of the mean. `untested`: why there is nothing to
        compare, or empty.
    """
    models, units = len(table.names), int(table.units.max(initial=-1)) + 1
    about = dict.fromkeys(COLUMNS, np.nan) | {
        "method": table.key.method,
        "metric": table.key.metric,
        "models": models,
        "pairs": table.values.shape[1],
        "units": units,
        "moved": "",
        "untested": "",
    }
    if models < FEWEST_MODELS:
        return about | {"untested": too_few_models(models, fewest=FEWEST_MODELS)}
    if units < FEWEST_UNITS:
        why = f"needs at least {FEWEST_UNITS} images (or units of these); found {units}"
        return about | {"untested": why}
    drawn = unit_weights(table.units, resamples, seed)
    weights = np.vstack([np.ones((1, len(table))), drawn])
    means, both = (
        weighted_dissimilarities(weights, table.values, aggregate)
        for aggregate in ("mean", "mean_std")
    )
    complete = np.isfinite(means).all(axis=1) & np.isfinite(both).all(axis=1)
    if not complete[0]:
        return about | {"untested": "some dissimilarities are unknown"}
    if all_equal(means[0]) or all_equal(both[0]):
        return about | {"untested": "all dissimilarities between models are equal"}
    means, both = means[complete], both[complete]
    order, other = ranks_of(means), ranks_of(both)
    medians = ranks_of([np.nanmedian(table.values, axis=0)])
    with np.errstate(invalid="ignore", divide="ignore"):
        rhos = row_correlations(order, other)
        resampled = centred_units(order[1:]) @ centred_units(order[0])
        (rho_median,) = centred_units(medians) @ centred_units(order[0])
    # Two neighbours that change places, the least change, take twice as much off a rho of 1.
    count = means.shape[1]
    largest = 1 - 6 / (count * (count**2 - 1))
    low, high = interval_of(float(rhos[0]), rhos[1:], units, largest)
    trees, (changed,) = clades_of(means), clades_of(both[:1])
    places = other[0] - order[0]
    farthest = int(np.abs(places).argmax())
    pair = [table.names[side[farthest]] for side in np.triu_indices(models, 1)]
    return about | {
        "rho": float(rhos[0]),
        "rho_low": low,
        "rho_high": high,
        "rho_resampled": float(np.median(resampled)),
        "as_far": float((resampled <= rhos[0] + 1e-12).mean()),
        "rho_median": float(rho_median),
        "moved": " and ".join(pair),
        "places": float(places[farthest]),
        "clades": len(trees[0]),
        "shared_clades": len(trees[0] & changed),
        "clades_resampled": float(np.mean([len(trees[0] & tree) for tree in trees[1:]])),
    }


def trees_of(table: ImageTable) -> dict[str, np.ndarray]:
    """Return the trees (average linkage) of both summaries by their names; none for fewer than two
    models, or where a dissimilarity is unknown.
    """
    found, once = {}, np.ones((1, len(table)))
    for name, aggregate in (("mean", "mean"), ("mean and dispersion", "mean_std")):
        (own,) = weighted_dissimilarities(once, table.values, aggregate)
        if len(table.names) > 1 and np.isfinite(own).all():
            found[name] = link(square(own, len(table.names)))
    return found


def conclude(row: Row, pairs: Sequence[Row], images: Sequence[Row]) -> list[str]:
    """Say of one matrix whether means are enough, and what they hide.

    Parameters
    ----------
    row : dict
        Of `compare_summaries`.
    pairs, images : list of dict
        Of `describe_pairs` and `describe_images`.
    """
    name = f"{row['method']}, {row['metric']}"
    if row["untested"]:
        return [f"{name}: cannot tell whether the mean is enough: {row['untested']}."]
    within = row["as_far"] >= LEVEL
    bimodal = sum(pair["bimodal"] for pair in pairs)
    if not within and row["rho"] < ALIKE:
        verdict = "the mean is not enough"
    elif bimodal:
        verdict = f"the mean is enough for the order, and hides two groups of images in {bimodal}"
        verdict += f" pair{'' if bimodal == 1 else 's'}"
    else:
        verdict = "the mean is enough"
    farther = "no farther" if within else "farther"
    places = f"{abs(row['places']):.0f} of {row['pairs']} places"
    return [
        f"{name}: {verdict}: the dispersion (sqrt(mean^2 + std^2)) moves the order of the pairs "
        f"{farther} than resampled images do (rho = {row['rho']:.3f}, 95% interval "
        f"{row['rho_low']:.3f} to {row['rho_high']:.3f}; resampled {row['rho_resampled']:.3f}), "
        f"{row['moved']} farthest, by {places}; {row['shared_clades']} of {row['clades']} clades "
        f"of the tree stay (resampled {row['clades_resampled']:.1f}).",
        f"{name}: {say_shapes(pairs, images)}.",
    ]


def summary_table(rows: Sequence[Row]) -> list[Row]:
    """Return the comparisons as the short table of the report."""
    return [
        {
            "matrix": f"{row['method']}, {row['metric']}",
            "rho with dispersion": f"{row['rho']:.3f}",
            "rho by resampling": f"{row['rho_resampled']:.3f}",
            "rho with medians": f"{row['rho_median']:.3f}",
            "clades that stay": f"{row['shared_clades']} of {row['clades']}",
            "by resampling": f"{row['clades_resampled']:.1f}",
        }
        for row in rows[:MOST_ROWS]
        if not row["untested"]
    ]
