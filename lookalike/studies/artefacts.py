"""Does one place always win? Cells that are the peak of a model's raw maps more often than the
other models' peaks on the same images allow.
"""

from collections.abc import Sequence

import numpy as np

from lookalike.core.types import Row
from lookalike.inference.significance import LEVEL, holm, too_few_models
from lookalike.studies.peaks import (
    AllPeaks,
    Peaks,
    about_places,
    middle_peaks,
    name_of,
    share_of,
    share_with_interval,
)

COLUMNS = (
    "method",
    "model",
    "grid",
    "row",
    "column",
    "place",
    "n",
    "units",
    "share",
    "share_low",
    "share_high",
    "others",
    "expected",
    "p",
    "holm",
    "untested",
)
# Of two, nobody knows which one looks at the wrong place.
FEWEST_MODELS = 3
# As a share of the side: peaks as near as this to a cell, or in a cell next to it, are at the same
# object.
NEAR = 1 / 6
# The name of the map that always peaks in the middle.
CENTRE = "centre"
# Of an integral.
NODES = 400
# Cells of a method in sentences.
MOST_NAMED = 5


def find_artefacts(
    peaks: AllPeaks, units: np.ndarray, resamples: int, seed: int, slack: float
) -> list[Row]:
    """Test which cells are the peak more often than the other models' peaks allow.

    An object that lies in the same place on many images draws the peaks of all models. So the share
    of images on which a cell is the peak is compared with the share on which the other models look
    near it, and `slack` more, as `chance_of` says. The others are the third of them that look there
    most: then a few models with the same artefact do not hide one another, and one precise model
    among vague ones is no artefact.

    Parameters
    ----------
    peaks : dict
        By method and model, of the same images.
    units : ndarray of int, shape (n,)
        Which images belong together: of each unit, one image is tested.
    resamples : int
        Of the units, for the intervals.
    seed : int
    slack : float
        Share of the peaks that may lie in one cell whatever the images show; at least that of one
        cell of the grid.

    Returns
    -------
    list of dict
        With `COLUMNS`: for each method and model, the cells with more than `slack` of the peaks,
        the most frequent first, or else the most frequent one; and those of `middle_peaks`, as the
        model `CENTRE`. `share` of the n peaks with its 95% interval; `others`, the share of the
        others near the cell on the same images; `expected`, the share that chance allows; `p`, and
        `holm` over all cells of all models and methods; `untested`: why nothing can be told, or
        empty.
    """
    first = np.unique(units, return_index=True)[1]
    tests = sum(int(np.prod(own.grid)) for own in peaks.values() if own.known.any())
    rows: list[Row] = []
    for (method, model), own in peaks.items():
        others = [one for (by, name), one in peaks.items() if by == method and name != model]
        if own.known.any():
            found = cells_of(own, others, units, first, slack, resamples, seed)
            rows += [{"method": method, "model": model} | row for row in found]
    for method in dict.fromkeys(method for method, _ in peaks):
        every = [one for (by, _), one in peaks.items() if by == method and one.known.any()]
        if every:
            finest = middle_peaks(max(every, key=lambda one: int(np.prod(one.grid))))
            found = cells_of(finest, every, units, first, slack, resamples, seed)
            rows += [{"method": method, "model": CENTRE} | row for row in found]
    own_rows = [row for row in rows if row["model"] != CENTRE and not row["untested"]]
    # A cell that is not listed has no more than chance allows.
    p = [row["p"] for row in own_rows] + [1.0] * (tests - len(own_rows))
    for row, corrected in zip(own_rows, holm(p), strict=False):
        row["holm"] = float(corrected)
    for row in rows:
        if row["model"] == CENTRE and not row["untested"]:
            row["holm"] = min(row["p"] * tests, 1.0)
        elif not row["untested"] and row["holm"] > LEVEL and row["least"] * tests > LEVEL:
            row["untested"] = f"{row['units']} images are too few for {tests:,} cells"
    return rows


def cells_of(
    own: Peaks,
    others: Sequence[Peaks],
    units: np.ndarray,
    first: np.ndarray,
    slack: float,
    resamples: int,
    seed: int,
) -> list[Row]:
    """Return the rows of the cells of one model that hold most of its peaks."""
    used = np.flatnonzero(own.known)
    cells, counts = np.unique(own.cells[used], axis=0, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    chosen = [place for place in order if counts[place] > slack * len(used)] or [order[0]]
    others = [one for one in others if one.known.any()]
    anywhere = max(slack, 1 / float(np.prod(own.grid)))
    rows = []
    for place in chosen:
        cell = cells[place]
        hits = (own.cells == cell).all(axis=1)
        near = looked_near(own.grid, cell, others, len(own.cells))
        tested = first[own.known[first] & np.isfinite(near).any(axis=0)[first]]
        seen = near[:, tested][np.isfinite(near[:, tested])]
        rate = float(seen.mean()) if len(seen) else np.nan
        enough = len(others) >= FEWEST_MODELS - 1
        rows.append(
            {
                "grid": f"{own.grid[0]}x{own.grid[1]}",
                "row": int(cell[0]),
                "column": int(cell[1]),
                "place": name_of(cell, own.grid),
                "n": len(used),
                "units": len(tested),
            }
            | share_of(hits[used], units[used], "share", resamples, seed)
            | {
                "others": rate,
                "expected": rate + (1 - rate) * anywhere,
                "p": chance_of(
                    int(hits[tested].sum()), len(tested), int(seen.sum()), len(seen), anywhere
                )
                if enough
                else np.nan,
                # Of a cell that wins on all images, where no other model looks at it.
                "least": chance_of(len(tested), len(tested), 0, len(seen), anywhere),
                "holm": np.nan,
                "untested": "" if enough else too_few_models(len(others) + 1, fewest=FEWEST_MODELS),
            }
        )
    return rows


def looked_near(
    grid: tuple[int, int], cell: np.ndarray, others: Sequence[Peaks], images: int
) -> np.ndarray:
    """Return whether other models look at a cell or near it, shape (k, images), NaN where they have
    no peak: of the others, the third that look there most.
    """
    middle = (cell + 0.5) / grid
    found = []
    for one in others:
        reach = np.maximum(NEAR, np.maximum(1 / np.array(grid), 1 / np.array(one.grid))) + 1e-9
        near = np.all(np.abs(one.positions - middle) <= reach, axis=1)
        found.append((-near[one.known].mean(), np.where(one.known, near, np.nan)))
    found.sort(key=lambda item: item[0])
    most = [near for _, near in found[: -(-len(found) // 3)]]
    return np.array(most, float).reshape(-1, images)


def chance_of(hits: int, images: int, near: int, looks: int, slack: float) -> float:
    """Return how likely a cell is the peak on at least so many images, if no more often than other
    models look near it.

    Parameters
    ----------
    hits, images : int
        How often the cell is the peak, on how many images.
    near, looks : int
        How often other models look near it, of how many looks.
    slack : float
        How likely a peak lies there in any case.

    Returns
    -------
    float
        The mean over what the rate of the others may be, given that it was seen so often: Beta with
        `near` + 1 and `looks` - `near`. Without slack, this is the p value of Fisher's exact test
        but for its conditioning (Altham 1969). That images draw all peaks alike makes it
        conservative.
    """
    from scipy.special import bdtrc, betainc, betaincinv

    rate = near / max(looks, 1)
    if hits <= images * (rate + (1 - rate) * slack) or near == looks:
        return 1.0
    low, high = betaincinv(near + 1, looks - near, [1e-12, 1 - 1e-12])
    edges = np.linspace(low, high, NODES + 1)
    weights = np.diff(betainc(near + 1, looks - near, edges))
    rates = (edges[1:] + edges[:-1]) / 2
    tails = bdtrc(hits - 1, images, rates + (1 - rates) * slack)
    return float(min((weights * tails).sum() + 2e-12, 1.0))


def is_artefact(row: Row) -> bool:
    """Return whether a cell wins more often than chance allows."""
    return not row["untested"] and row["model"] != CENTRE and row["holm"] <= LEVEL


def artefacts_of(rows: Sequence[Row], method: str) -> list[Row]:
    """Return the rows of a method's cells that win more often than chance allows, the most frequent
    first.
    """
    found = [row for row in rows if row["method"] == method and is_artefact(row)]
    return sorted(found, key=lambda row: -float(row["share"]))


def conclude(rows: Sequence[Row], places: Sequence[Row]) -> list[str]:
    """Say which cells of which models win more often than chance allows.

    Parameters
    ----------
    rows : list of dict
        Of `find_artefacts`.
    places : list of dict
        Of `measure_places`.
    """
    sentences = []
    for method in dict.fromkeys(row["method"] for row in rows):
        own = [row for row in rows if row["method"] == method and row["model"] != CENTRE]
        found = artefacts_of(rows, method)
        sentences += [about_artefact(row) for row in found[:MOST_NAMED]]
        if len(found) > MOST_NAMED:
            sentences.append(f"{method}: {len(found) - MOST_NAMED} more cells are in the table.")
        unknown = [row for row in own if row["untested"]]
        if unknown and not found:
            reason = unknown[0]["untested"]
            sentences.append(f"{method}: cannot tell whether one place always wins: {reason}.")
        elif not found:
            most = max(own, key=lambda row: row["share"])
            models = len({row["model"] for row in own})
            sentences.append(
                f"{method}: no cell of {models} models is the peak more often than the other "
                f"models' peaks allow (the most frequent: {most['model']}, {where(most)}, in "
                f"{share_with_interval(most, 'share')} of {most['n']} maps; {most['expected']:.0%} "
                "are allowed)."
            )
        sentences += about_places(method, [row for row in places if row["method"] == method])
        middle = [row for row in rows if row["method"] == method and row["model"] == CENTRE]
        sentences += [about_centre(row) for row in middle if not row["untested"]]
    return sentences


def where(row: Row) -> str:
    """Return the place of a cell, in words and numbers."""
    return f"{row['place']} (cell [{row['row']}, {row['column']}] of {row['grid']})"


def about_artefact(row: Row) -> str:
    """Say how often a cell wins, and how often it may."""
    return (
        f"{row['method']}, {row['model']}: one place wins too often: {where(row)} is the peak in "
        f"{share_with_interval(row, 'share')} of {row['n']} maps; other models look near it in "
        f"{row['others']:.0%}, so that {row['expected']:.0%} are allowed (p {row['holm']:.2g}, "
        "corrected for all cells, models and methods)."
    )


def about_centre(row: Row) -> str:
    """Say whether a map that always peaks in the middle would be named."""
    would = "would" if row["holm"] <= LEVEL else "would not"
    return (
        f"{row['method']}: a map that peaks in the middle of every image (`{CENTRE}`) {would} be "
        f"named on these images: the models look near the middle in {row['others']:.0%}."
    )
