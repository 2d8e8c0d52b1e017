"""How many images are enough? Matrices, intervals and trees of random subsets of the images."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lookalike.compare.aggregation import weighted_dissimilarities
from lookalike.compare.image_table import ImageTable
from lookalike.compare.resampling import members_of
from lookalike.core.condensed import models_of
from lookalike.core.seeding import rng_of
from lookalike.core.types import Row
from lookalike.groups.many_trees import clade_codes, leaf_codes
from lookalike.studies.needed_images import RESAMPLES, needed_images, width_of

DRAW_COLUMNS = (
    "method",
    "metric",
    "n",
    "draw",
    "distance",
    "notebook_sum",
    "width",
    "shared_clades",
    "same_tree",
)
COLUMNS = (
    "method",
    "metric",
    "units",
    "n",
    "draws",
    "distance",
    "error",
    "notebook_sum",
    "cell_variance",
    "width",
    "clades",
    "shared_clades",
    "same_tree",
)
NEEDED_COLUMNS = (
    "method",
    "metric",
    "units",
    "chance",
    "width",
    "wanted",
    "needed",
    "needed_low",
    "needed_high",
    "tree_from",
    "half",
    "tree_at_half",
    "clades_at_half",
    "halves_alike",
    "untested",
    "tree_untested",
)
FEWEST_UNITS = 8
FEWEST_MODELS = 3
SMALLEST = 4
# The tree has settled where more than this share of the draws have it.
MOST = 0.5
# Of the short table.
MOST_ROWS = 20


@dataclass(frozen=True)
class Counted:
    """What subsets of one matrix's images say: rows of `DRAW_COLUMNS`, `COLUMNS` and
    `NEEDED_COLUMNS`.
    """

    draws: list[Row]
    counts: list[Row]
    needed: Row


def count_images(
    table: ImageTable, aggregate: str, *, counts: Sequence[int], draws: int, width: float, seed: int
) -> Counted:
    """Draw subsets of the images of one matrix, and measure how far what they say is from all.

    Parameters
    ----------
    table : ImageTable
        Of independent models.
    aggregate : {"mean", "mean_std"}
    counts : list of int
        Numbers of units of images that are drawn, without replacement; those of more units than
        half of all are left out. By default 4, 8, 16 and so on. Half of all is always drawn.
    draws : int
        Of each number.
    width : float
        Wanted width of the 95% intervals, as a share of chance.
    seed : int
        Subsets depend only on it and on the units: they are the same for all matrices.

    Returns
    -------
    Counted
        Of each draw and on average over the draws: `distance`, the mean absolute difference to the
        matrix of all images over the pairs; `notebook_sum`, the sum of these differences over all
        cells of the square matrix, in which each pair stands twice, and which grows with the number
        of models; `width` of a 95% interval by the images of the draw; and how many of the `clades`
        of the tree of all images (average linkage; without the root) are in that of the draw, and
        whether the trees are the same. `cell_variance` is the variance over the draws, averaged
        over pairs. `error` is the distance to the matrix of endless images: a draw of n of N images
        is a part of what it is compared with, so that the distance is sqrt(1 - n / N) of it.

        `needed`, the smallest number of units whose intervals have the wanted width, goes by
        width = 2 t(n - 1) s / sqrt(n), with s from all images. Its 95% interval is by the halves: a
        random half differs from all images as much as these do from endless ones. `tree_from` is
        the smallest number from which on most draws have the tree of all images; `halves_alike`,
        the share of draws in which both halves of the images have the same tree, without a common
        image.
    """
    names = {"method": table.key.method, "metric": table.key.metric}
    units = int(table.units.max(initial=-1)) + 1
    about = dict.fromkeys(NEEDED_COLUMNS, np.nan) | names | {"units": units}
    about |= {"untested": "", "tree_untested": ""}
    why = why_untested(table, units)
    if why:
        return Counted([], [], about | {"untested": why, "tree_untested": why})
    whole = weighted_dissimilarities(np.ones((1, len(table))), table.values, aggregate)
    clades = clades_of(whole)[0]
    rows: list[Row] = []
    kept: list[Row] = []
    for n in counts_of(units, counts):
        drawn = drawn_images(table.units, n, draws, seed)
        found = weighted_dissimilarities(drawn, table.values, aggregate)
        apart = np.nanmean(np.abs(found - whole), axis=1)
        widths = [width_of(table, aggregate, images > 0, RESAMPLES, seed) for images in drawn]
        trees = clades_of(found)
        own = [
            names
            | {
                "n": n,
                "draw": draw,
                "distance": float(apart[draw]),
                "notebook_sum": float(2 * np.nansum(np.abs(found[draw] - whole))),
                "width": widths[draw],
                "shared_clades": len(clades & trees[draw]),
                "same_tree": int(clades == trees[draw]),
            }
            for draw in range(draws)
        ]
        rows += own
        mean = {name: float(np.mean([row[name] for row in own])) for name in DRAW_COLUMNS[4:]}
        variance = float(np.nanmean(found.var(axis=0, ddof=1)))
        kept.append(
            names
            | mean
            | {"units": units, "n": n, "draws": draws, "clades": len(clades)}
            | {"error": mean["distance"] / np.sqrt(1 - n / units), "cell_variance": variance}
        )
    # The last draws are halves, whose other halves have the images that they lack.
    others = clades_of(weighted_dissimilarities(1 - drawn, table.values, aggregate))
    alike = float(np.mean([one == other for one, other in zip(trees, others, strict=True)]))
    about |= needed_images(table, aggregate, rows, width=width, seed=seed)
    about |= settled(kept) | {"half": kept[-1]["n"], "halves_alike": alike}
    if models_of(whole) < FEWEST_MODELS:
        about["tree_untested"] = f"needs at least {FEWEST_MODELS} models"
    elif not clades:
        about["tree_untested"] = "the tree of all images has no clade"
    return Counted(rows, kept, about)


def why_untested(table: ImageTable, units: int) -> str:
    """Say why subsets of the images say nothing; empty if they do."""
    if len(table.names) < 2:
        return f"needs at least 2 independent models; found {len(table.names)}"
    if units < FEWEST_UNITS:
        return f"needs at least {FEWEST_UNITS} images (or units of these); found {units}"
    return ""


def counts_of(units: int, wanted: Sequence[int]) -> list[int]:
    """Return the numbers of units that are drawn, ascending; the last is half of all."""
    half = units // 2
    doubled = [SMALLEST * 2**power for power in range(int(np.log2(units)))]
    return sorted({n for n in (wanted or doubled) if n <= half} | {half})


def drawn_images(units: np.ndarray, n: int, draws: int, seed: int) -> np.ndarray:
    """Return which images are of so many random units, 1 or 0, shape (draws, images)."""
    members, rng = members_of(units), rng_of(seed, "image_count", int(units.max()) + 1, n)
    drawn = np.zeros((draws, len(units)))
    for row in drawn:
        for unit in rng.permutation(len(members))[:n]:
            row[members[unit]] = 1
    return drawn


def clades_of(tables: np.ndarray) -> list[frozenset[int]]:
    """Return the clades of the tree of each condensed matrix (B, pairs) as numbers, without the
    root; none where a dissimilarity is unknown.
    """
    root = int(leaf_codes(models_of(tables)).sum())
    complete = np.isfinite(tables).all(axis=1)
    found = iter(clade_codes(tables[complete], "average"))
    return [
        frozenset(next(found).tolist()) - {0, root} if known else frozenset() for known in complete
    ]


def settled(counts: Sequence[Row]) -> Row:
    """Return the smallest number from which on most draws have the tree of all images, NaN if even
    half of the images do not.
    """
    start = np.nan
    for row in reversed(counts):
        if row["same_tree"] <= MOST:
            break
        start = row["n"]
    last = counts[-1]
    return {
        "tree_from": start,
        "tree_at_half": last["same_tree"],
        "clades_at_half": last["shared_clades"] / last["clades"] if last["clades"] else np.nan,
    }


def conclude(needed: Row, width: float, images: int) -> list[str]:
    """Say how many images one matrix needs.

    Parameters
    ----------
    needed : dict
        Of `count_images`.
    width : float
        Wanted, as a share of chance.
    images : int
        That the units hold.
    """
    name = f"{needed['method']}, {needed['metric']}"
    unit = "images" if images == needed["units"] else "units of images"
    if needed["untested"]:
        found = f"cannot tell how many images are enough: {needed['untested']}"
    else:
        share = needed["width"] / needed["chance"]
        more = "enough" if needed["needed"] <= needed["units"] else "not enough"
        found = (
            f"intervals of {width:.1%} of chance ({needed['wanted']:.3g} wide) need about "
            f"{needed['needed']:,} {unit} (95% interval {needed['needed_low']:,} to "
            f"{needed['needed_high']:,}); these {needed['units']:,} are {more}, with intervals of "
            f"{share:.1%} of chance"
        )
    if needed["tree_untested"]:
        return [f"{name}: {found}.", f"{name}: no tree is compared: {needed['tree_untested']}."]
    at_half = (
        f"it is that of all images in {needed['tree_at_half']:.0%} of the draws of "
        f"{needed['half']:,} {unit}, with {needed['clades_at_half']:.0%} of its clades on average"
    )
    alike = f"two halves without a common image have one tree in {needed['halves_alike']:.0%}"
    stays = (
        "cannot tell from how many images on the tree stays"
        if np.isnan(needed["tree_from"])
        else f"the tree stays in most draws from {needed['tree_from']:,} {unit} on"
    )
    return [f"{name}: {found}.", f"{name}: {stays}: {at_half}; {alike}."]


def summary_table(needed: Sequence[Row]) -> list[Row]:
    """Return what is needed as the short table of the report."""
    return [
        {
            "matrix": f"{row['method']}, {row['metric']}",
            "units of images": f"{row['units']:,}",
            "width now, of chance": f"{row['width'] / row['chance']:.1%}",
            "needed": f"{row['needed']:,} ({row['needed_low']:,} to {row['needed_high']:,})",
            "tree stays from": "unknown" if np.isnan(row["tree_from"]) else f"{row['tree_from']:,}",
            "both halves have one tree": f"{row['halves_alike']:.0%}",
        }
        for row in needed[:MOST_ROWS]
        if not row["untested"]
    ]
