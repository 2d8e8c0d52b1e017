"""Where raw maps peak: cells, their places in words, and the shares of corners and border."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from lookalike.compare.resampling import unit_weights, with_interval
from lookalike.core.types import Row
from lookalike.maps.audit import peak_cell
from lookalike.maps.views import repair_cell

PLACES = ("corner", "border")
PLACE_COLUMNS = (
    "method",
    "model",
    "grid",
    "n",
    *(f"{place}{end}" for place in PLACES for end in ("", "_low", "_high", "_others", "_area")),
)
# As a share of the side: what is as near as this to an edge, or in an outermost cell, is at the
# border.
EDGE = 1 / 8


class Peaks(NamedTuple):
    """Where the raw maps of one model peak.

    Attributes
    ----------
    cells : ndarray of int, shape (n, 2)
        Row and column; -1 where a map is zero, or on another grid.
    grid : (int, int)
        Rows and columns.
    """

    cells: np.ndarray
    grid: tuple[int, int]

    @property
    def known(self) -> np.ndarray:
        """Which images have a peak, shape (n,)."""
        return self.cells[:, 0] >= 0

    @property
    def positions(self) -> np.ndarray:
        """Where the middles of the cells lie, as shares of the sides, shape (n, 2)."""
        found: np.ndarray = (self.cells + 0.5) / self.grid
        return found


# By method and model.
AllPeaks = Mapping[tuple[str, str], Peaks]


def read_peaks(read: Callable[[str], np.ndarray], card: Row) -> Peaks:
    """Read where the raw maps of one model peak.

    Parameters
    ----------
    read : callable
        From an image to its raw map, (h, w).
    card : dict
        Of the batch: a cell that its view repairs is repaired first, and maps of nothing but
        rounding have no peak.

    Returns
    -------
    Peaks
        On the grid that most maps have.
    """
    found: list[tuple[tuple[int, int], tuple[int, ...]] | None] = []
    for image in card["images"]:
        raw = read(image)
        if card["view"].get("repair"):
            raw = repair_cell(raw, *card["view"]["repair"])
        silent = image in card["rounding"] or np.ptp(raw) == 0
        found.append(None if silent else (peak_cell(raw), raw.shape))
    shapes = [one[1] for one in found if one]
    grid = max(dict.fromkeys(shapes), key=shapes.count) if shapes else (1, 1)
    cells = [one[0] if one and one[1] == grid else (-1, -1) for one in found]
    return Peaks(np.array(cells, int).reshape(-1, 2), (grid[0], grid[1]))


def middle_peaks(peaks: Peaks) -> Peaks:
    """Return the peaks of a map that always peaks in the middle, on the grid of others."""
    middle = (np.array(peaks.grid) - 1) // 2
    return Peaks(np.where(peaks.known[:, None], middle, -1), peaks.grid)


def share_of(
    hits: np.ndarray, units: np.ndarray, name: str, resamples: int, seed: int
) -> dict[str, float]:
    """Return a share of images with its 95% interval over units, as columns of a table.

    Where it is 0 or 1, resamples do not vary; then the bound is that of so many units without an
    exception (Clopper and Pearson 1934).
    """
    numbers = np.unique(units, return_inverse=True)[1]
    weights = np.vstack([np.ones((1, len(hits))), unit_weights(numbers, resamples, seed)])
    found = with_interval(weights @ hits / weights.sum(axis=1), name, int(numbers.max()) + 1)
    bound = 0.025 ** (1 / (int(numbers.max()) + 1))
    if hits.all():
        return {name: 1.0, f"{name}_low": bound, f"{name}_high": 1.0}
    if not hits.any():
        return {name: 0.0, f"{name}_low": 0.0, f"{name}_high": 1 - bound}
    low, high = max(found[f"{name}_low"], 0.0), min(found[f"{name}_high"], 1.0)
    return {name: found[name], f"{name}_low": low, f"{name}_high": high}


def measure_places(peaks: AllPeaks, units: np.ndarray, resamples: int, seed: int) -> list[Row]:
    """Measure which share of the peaks lies in the corners and at the border.

    Parameters
    ----------
    peaks, units, resamples, seed
        As for `find_artefacts`.

    Returns
    -------
    list of dict
        With `PLACE_COLUMNS`: for each place the share with its 95% interval, the mean share of the
        other models, and the place's share of the area.
    """
    rows: list[Row] = []
    for (method, model), own in peaks.items():
        if not own.known.any():
            continue
        row: Row = {"method": method, "model": model, "grid": f"{own.grid[0]}x{own.grid[1]}"}
        row["n"] = int(own.known.sum())
        inside = dict(zip(PLACES, at_edges(own.positions, own.grid), strict=True))
        every = np.argwhere(np.ones(own.grid, bool))
        area = at_edges((every + 0.5) / own.grid, own.grid)
        for place, whole in zip(PLACES, area, strict=True):
            row |= share_of(inside[place][own.known], units[own.known], place, resamples, seed)
            row[f"{place}_area"] = float(whole.mean())
        rows.append(row)
    for row in rows:
        rest = [one for one in rows if one["method"] == row["method"] and one is not row]
        for place in PLACES:
            row[f"{place}_others"] = (
                float(np.mean([one[place] for one in rest])) if rest else np.nan
            )
    return rows


def at_edges(positions: np.ndarray, grid: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return which positions (n, 2) lie in a corner and which at the border, each (n,)."""
    reach = np.maximum(EDGE, 0.5 / np.array(grid)) + 1e-9
    edges = np.asarray((positions <= reach) | (positions >= 1 - reach))
    corners, borders = (np.asarray(among(edges, axis=1)) for among in (np.all, np.any))
    return corners, borders


def name_of(cell: np.ndarray, grid: tuple[int, int]) -> str:
    """Return where a cell lies, in words."""
    position = (np.asarray(cell) + 0.5) / grid
    (corner,), (border,) = at_edges(position[None], grid)
    row, column = position
    vertical, horizontal = "top" if row < 0.5 else "bottom", "left" if column < 0.5 else "right"
    if corner:
        return f"{vertical} {horizontal} corner"
    if border:
        at_left_or_right = min(column, 1 - column) <= min(row, 1 - row)
        return f"{horizontal if at_left_or_right else vertical} edge"
    if (np.abs(position - 0.5) <= np.maximum(EDGE, 0.5 / np.array(grid)) + 1e-9).all():
        return "middle"
    return f"{vertical} {horizontal}"


def share_with_interval(row: Row, name: str) -> str:
    """Return a share with its interval as text."""
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    known = f" (95% interval {low:.0%} to {high:.0%})" if np.isfinite(low) else ""
    return f"{row[name]:.0%}{known}"


def about_places(method: str, places: Sequence[Row]) -> list[str]:
    """Say which model has most of its peaks in the corners, and whether these are many."""
    if not places:
        return []
    most = max(places, key=lambda row: row["corner"] - row["corner_area"])
    shares = (
        f"{share_with_interval(most, 'corner')} in the corners, which are "
        f"{most['corner_area']:.0%} of the area (other models {most['corner_others']:.0%}), and "
        f"{share_with_interval(most, 'border')} at the border, {most['border_area']:.0%} of the "
        f"area (other models {most['border_others']:.0%})"
    )
    if most["corner_low"] > most["corner_area"]:
        return [f"{method}: {most['model']} has most peaks in the corners: {shares}."]
    return [
        f"{method}: no model's peaks lie clearly more often in the corners than anywhere (most by "
        f"{most['model']}: {shares})."
    ]
