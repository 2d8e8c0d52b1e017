"""Audit: maps that need a look before they are trusted."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from lookalike.core.types import Row

SAME_CELL_SHARE = 0.5

# How often the maximum lies in a cell (row, column) of a grid (h, w).
Peaks = Counter[tuple[tuple[int, ...], tuple[int, ...]]]


def audit(maps: Iterable[np.ndarray], images: Sequence[str], raw_maps: Iterable[np.ndarray]) -> Row:
    """Find maps that need a look before they are trusted.

    Parameters
    ----------
    maps : iterable of ndarray, shape (H, W)
        The batch.
    images : list of str
    raw_maps : iterable of ndarray, shape (h, w)
        On their native grid, in the same order.

    Returns
    -------
    dict
        `n`; the images of `zero`, `constant`, `non_finite` maps; `duplicates`, groups of images
        with equal maps; `peaks`, the most frequent cell of the raw maximum with its share;
        `warnings`, sentences about what stands out.
    """
    found: Row = {"n": len(images), "zero": [], "constant": [], "non_finite": []}
    same: dict[bytes, list[str]] = {}
    peaks: Peaks = Counter()
    for image, saliency, raw in zip(images, maps, raw_maps, strict=True):
        saliency = np.asarray(saliency)
        if not np.isfinite(saliency).all():
            found["non_finite"].append(image)
        elif not saliency.any():
            found["zero"].append(image)
        elif np.ptp(saliency) == 0:
            found["constant"].append(image)
        else:
            same.setdefault(saliency.tobytes(), []).append(image)
            cell = np.unravel_index(np.abs(raw).argmax(), raw.shape)
            peaks[tuple(map(int, cell)), raw.shape] += 1
    found["duplicates"] = [group for group in same.values() if len(group) > 1]
    found["peaks"] = common_peak(peaks)
    return found | {"warnings": list(warnings_of(found))}


def common_peak(peaks: Peaks) -> Row | None:
    """Return the most frequent cell of the maximum, its grid and its share; None without maps."""
    if not peaks:
        return None
    (cell, grid), count = peaks.most_common(1)[0]
    return {
        "cell": list(cell),
        "grid": list(grid),
        "share": count / peaks.total(),
    }


def warnings_of(found: Row) -> Iterator[str]:
    """Yield a sentence for each result of an audit that stands out."""
    n = found["n"]
    for kind in ("zero", "constant", "non_finite"):
        if found[kind]:
            yield (
                f"{len(found[kind])} of {n} maps are {kind.replace('_', '-')}, for example that "
                f"of {found[kind][0]}"
            )
    if found["duplicates"]:
        group = found["duplicates"][0]
        yield (
            f"{sum(map(len, found['duplicates']))} of {n} maps equal another image's, for "
            f"example those of {group[0]} and {group[1]}"
        )
    peak = found["peaks"]
    if peak and n >= 4 and peak["share"] > SAME_CELL_SHARE:
        yield (
            f"the maximum lies in cell {peak['cell']} of {peak['grid'][0]} x {peak['grid'][1]} "
            f"in {peak['share']:.0%} of the maps"
        )
