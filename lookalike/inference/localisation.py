"""Do maps lie on the object? The share of each map on it, compared with that of maps that know
nothing of this object.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from lookalike.compare.aggregation import weighted_means
from lookalike.compare.resampling import unit_weights, with_interval
from lookalike.core.seeding import rng_of
from lookalike.core.types import Row
from lookalike.inference.significance import enough_permutations, holm, permutation_p
from lookalike.maps.localisation import FLOORS, Block

COLUMNS = (
    "model",
    "n",
    "units",
    "mass",
    "mass_low",
    "mass_high",
    *FLOORS,
    "floor",
    "difference",
    "difference_low",
    "difference_high",
    "localisation_p",
    "localisation_holm",
)


def localisation_tests(
    rows: Sequence[Row],
    blocks: Mapping[str, Sequence[Block]],
    units: Mapping[str, int],
    resamples: int,
    permutations: int,
    seed: int,
) -> list[Row]:
    """Test for every model whether its maps lie on the object more than those of every floor.

    Differences are of the same image and the same grid. A model passes only if it is above each
    floor (intersection-union test): its p is the largest of those against the floors, corrected for
    all models (Holm). Against `others`, maps are permuted among the masks; that holds exactly for
    maps that have nothing to do with the object, whatever bias they share. Against the others, the
    signs of the differences are flipped. Both by unit.

    Parameters
    ----------
    rows, blocks
        As `maps.localisation.measure` returns them.
    units : dict
        From an image to its unit.
    resamples, permutations : int
    seed : int

    Returns
    -------
    list of dict
        With `COLUMNS`: `n` images in so many `units`; the share on the object, `mass`, and the
        means of the floors, over these images; `floor`, that with the largest p, or, among equal
        ones, the least difference; `difference` to it, with its 95% interval over units of images.
    """
    models = list(dict.fromkeys(row["model"] for row in rows))
    permutations = enough_permutations(permutations, len(models))
    found = []
    for model in models:
        own = [row for row in rows if row["model"] == model]
        floors = [name for name in FLOORS if any(np.isfinite(row[name]) for row in own)]
        used = [row for row in own if all(np.isfinite(row[name]) for name in ("mass", *floors))]
        found.append(
            {"model": model}
            | model_test(used, floors, blocks[model], units, resamples, permutations, seed)
        )
    for row, p in zip(found, holm([row["localisation_p"] for row in found]), strict=True):
        row["localisation_holm"] = float(p)
    return found


def model_test(
    rows: Sequence[Row],
    floors: Sequence[str],
    blocks: Sequence[Block],
    units: Mapping[str, int],
    resamples: int,
    permutations: int,
    seed: int,
) -> Row:
    """Return the row of one model, but for its corrected p; parameters as for `localisation_tests`,
    with the rows in which everything is known, and the floors that are.
    """
    numbers = np.unique([units[row["image"]] for row in rows], return_inverse=True)[1]
    count = int(numbers.max(initial=-1)) + 1
    about: Row = dict.fromkeys(COLUMNS[1:], np.nan) | {"n": len(rows), "units": count, "floor": ""}
    if not rows:
        return about
    table = np.array([[row[name] for name in ("mass", *FLOORS)] for row in rows])
    weights = np.vstack([np.ones((1, len(rows))), unit_weights(numbers, resamples, seed)])
    means = weighted_means(weights, table)
    if count < 2:
        means[1:] = np.nan
    about |= with_interval(means[:, 0], "mass", count)
    about |= dict(zip(FLOORS, means[0, 1:].tolist(), strict=True))
    if count < 2:
        return about
    flipped = random_signs(count, permutations, seed)
    p = {}
    for name in floors:
        if name == "others":
            images = {row["image"] for row in rows}
            p[name] = exchange_p(blocks, images, units, permutations, seed)
        else:
            differences = table[:, 0] - table[:, 1 + FLOORS.index(name)]
            sums = np.bincount(numbers, differences)
            p[name] = permutation_p(float(sums.sum()), flipped @ sums)
    floor = max(floors, key=lambda name: (p[name], about[name]))
    gaps = means[:, 0] - means[:, 1 + FLOORS.index(floor)]
    return (
        about
        | {"floor": floor, "localisation_p": p[floor]}
        | with_interval(gaps, "difference", count)
    )


def random_signs(count: int, permutations: int, seed: int) -> np.ndarray:
    """Return signs for units, all that there are but the ones themselves, or so many at random,
    shape (P, count).
    """
    if 2.0**count - 1 <= permutations:
        patterns = np.arange(1, 2**count)[:, None] >> np.arange(count)
        return 1.0 - 2 * (patterns & 1)
    return 1.0 - 2 * rng_of(seed, "signs", count).integers(0, 2, (permutations, count))


def exchange_p(
    blocks: Sequence[Block],
    images: set[str],
    units: Mapping[str, int],
    permutations: int,
    seed: int,
) -> float:
    """Return how often maps lie on the masks of other images as much as on their own, p.

    The maps of a unit go together to the masks of another one, of the same block.
    """
    rng = rng_of(seed, "masks", len(images))
    observed, null = 0.0, np.zeros(permutations)
    for names, shares in blocks:
        members: dict[int, list[int]] = {}
        for place, image in enumerate(names):
            if image in images:
                members.setdefault(units[image], []).append(place)
        table = np.array(
            [
                [
                    # Units of different size: the maps of the smaller come again.
                    sum(shares[maps[i % len(maps)], mask] for i, mask in enumerate(masks))
                    for masks in members.values()
                ]
                for maps in members.values()
            ]
        )
        if not len(table):
            continue
        places = np.arange(len(table))
        orders = rng.permuted(np.tile(places, (permutations, 1)), axis=1)
        observed += table.trace()
        null += table[orders, places].sum(axis=1)
    return permutation_p(observed, null)
