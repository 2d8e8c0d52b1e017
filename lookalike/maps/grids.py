"""Native grids: maps on a coarser one, and how much of a map a grid cannot show."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from lookalike.core.types import Row
from lookalike.maps.batches import of_rounding
from lookalike.maps.views import resize, view


def block_means(saliency: np.ndarray, grid: tuple[int, int]) -> np.ndarray:
    """Return a map (h, w) on another grid, each cell the mean over its area."""
    found = saliency.astype(float)
    for axis, cells in enumerate(grid):
        found = np.moveaxis(
            overlaps(found.shape[axis], cells) @ np.moveaxis(found, axis, 0), 0, axis
        )
    return found


def overlaps(old: int, new: int) -> np.ndarray:
    """Return which share of each new cell each old one is, shape (new, old)."""
    start, stop = np.arange(new)[:, None] / new, (np.arange(new)[:, None] + 1) / new
    first, last = np.arange(old) / old, (np.arange(old) + 1) / old
    shared = np.minimum(stop, last) - np.maximum(start, first)
    found: np.ndarray = np.maximum(shared, 0) * new
    return found


def lost_share(saliency: np.ndarray, grid: tuple[int, int]) -> float:
    """Return the share of the variance of a map (h, w) that is finer than a grid: what remains of
    it when each of its cells becomes its mean over the cells of the grid. NaN for a constant map.
    """
    whole = saliency.astype(float)
    spread = float(((whole - whole.mean()) ** 2).sum())
    if spread == 0:
        return np.nan
    coarse = block_means(block_means(whole, grid), (whole.shape[0], whole.shape[1]))
    return float(((whole - coarse) ** 2).sum()) / spread


def lost_by_resizing(saliency: np.ndarray, size: int) -> float:
    """Return the share of the variance of a map (h, w) that does not come back from the common grid
    of a view, when the means over its own cells are taken there. NaN for a constant map.
    """
    whole = saliency.astype(float)
    spread = float(((whole - whole.mean()) ** 2).sum())
    if spread == 0:
        return np.nan
    back = block_means(resize(whole, size), (whole.shape[0], whole.shape[1]))
    return float(((whole - back) ** 2).sum()) / spread


def usual_grid(raw: Sequence[np.ndarray]) -> tuple[int, int]:
    """Return the shape that most maps have."""
    shapes = [one.shape for one in raw]
    rows, columns = max(dict.fromkeys(shapes), key=shapes.count)
    return rows, columns


def coarsest_of(grids: Mapping[str, tuple[int, int]]) -> tuple[int, int]:
    """Return the grid with the fewest cells."""
    return min(grids.values(), key=lambda grid: grid[0] * grid[1])


def own_and_coarse(
    maps: Sequence[np.ndarray], card: Row, grid: tuple[int, int]
) -> Iterator[tuple[np.ndarray, np.ndarray] | None]:
    """Yield each map in its view, and as it would be there on a coarser grid; None for maps of
    nothing but rounding.
    """
    silent = of_rounding([float(np.abs(one).max()) for one in maps])
    # A cell of the native grid is none of the coarser one.
    options = card["view"] | {"repair": None}
    for one, is_silent in zip(maps, silent, strict=True):
        yield (
            None
            if is_silent or not one.any()
            else (view(one, **options), view(block_means(one, grid), **options))
        )
