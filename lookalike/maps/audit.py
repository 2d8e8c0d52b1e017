"""Audit: maps that need a look before they are trusted."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from lookalike.core.types import Row

SAME_CELL_SHARE = 0.5
# Completeness gap of integrated gradients. A map with a larger one has too few steps.
LARGEST_GAP = 0.05

# How often the maximum lies in a cell (row, column) of a grid (h, w).
Peaks = Counter[tuple[tuple[int, ...], tuple[int, ...]]]


def audit(
    maps: Iterable[np.ndarray],
    images: Sequence[str],
    raw_maps: Iterable[np.ndarray],
    rounding: Sequence[str] = (),
    same_files: Sequence[str] = (),
    gaps: Sequence[float] = (),
) -> Row:
    """Find maps that need a look before they are trusted.

    Parameters
    ----------
    maps : iterable of ndarray, shape (H, W)
        The batch.
    images : list of str
    raw_maps : iterable of ndarray, shape (h, w)
        On their native grid, in the same order.
    rounding : list of str
        Images whose raw maps are nothing but rounding; in the batch they are zero.
    same_files : list of str
        Other models whose user-supplied files are, byte by byte, those of this one.
    gaps : list of float
        Completeness gaps of integrated gradients, one an image; empty for other maps.

    Returns
    -------
    dict
        `n`; the images of `zero`, `constant`, `non_finite` maps; `duplicates`, groups of images
        with equal maps; `peaks`, the most frequent cell of the raw maximum with its share;
        `digest`, a hash of all maps; `rounding`, which are among those of `zero`, and `same_files`
        as given; `gap`, the median completeness gap, or None; `incomplete`, the gaps over
        `LARGEST_GAP` by image; `warnings`, sentences about what stands out.
    """
    found: Row = {"n": len(images), "zero": [], "constant": [], "non_finite": []}
    same: dict[bytes, list[str]] = {}
    peaks: Peaks = Counter()
    digest = hashlib.sha256()
    for image, saliency, raw in zip(images, maps, raw_maps, strict=True):
        saliency = np.asarray(saliency)
        digest.update(saliency.tobytes())
        if not np.isfinite(saliency).all():
            found["non_finite"].append(image)
        elif not saliency.any():
            found["zero"].append(image)
        elif np.ptp(saliency) == 0:
            found["constant"].append(image)
        else:
            same.setdefault(saliency.tobytes(), []).append(image)
            peaks[peak_cell(raw), raw.shape] += 1
    found["duplicates"] = [group for group in same.values() if len(group) > 1]
    found["peaks"] = common_peak(peaks)
    found["digest"] = digest.hexdigest()[:16]
    found |= {"rounding": list(rounding), "same_files": list(same_files)}
    found["gap"] = float(np.median(gaps)) if len(gaps) else None
    found["incomplete"] = {
        image: gap for image, gap in zip(images, gaps, strict=bool(len(gaps))) if gap > LARGEST_GAP
    }
    return found | {"warnings": list(warnings_of(found))}


def peak_cell(raw: np.ndarray) -> tuple[int, int]:
    """Return row and column of the largest absolute value of a raw map (h, w).

    Several cells may have it, such as those of a superpixel: then it is the one of them that is
    nearest to their middle, since the first of them would be nearer to the top.
    """
    sizes = np.abs(raw)
    cells = np.argwhere(sizes == sizes.max())
    distances = ((cells - cells.mean(axis=0)) ** 2).sum(axis=1)
    row, column = cells[distances.argmin()].tolist()
    return row, column


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
    if found["same_files"]:
        yield f"its files are byte by byte those of {', '.join(found['same_files'])}"
    if is_dead(found):
        yield "all maps are zero, so that the model is left out of all matrices of the method"
    for kind in ("zero", "constant", "non_finite"):
        if found[kind] and not (kind == "zero" and is_dead(found)):
            yield (
                f"{len(found[kind])} of {n} maps are {kind.replace('_', '-')}, for example that "
                f"of {found[kind][0]}"
            )
    if found["rounding"]:
        yield (
            f"{len(found['rounding'])} of {n} maps are nothing but rounding and count as zero, for "
            f"example that of {found['rounding'][0]}"
        )
    if found["duplicates"]:
        group = found["duplicates"][0]
        yield (
            f"{sum(map(len, found['duplicates']))} of {n} maps equal another image's, for "
            f"example those of {group[0]} and {group[1]}"
        )
    if found["incomplete"]:
        gaps = found["incomplete"]
        worst = max(gaps, key=lambda image: gaps[image])
        yield (
            f"{len(gaps)} of {n} maps miss more than {LARGEST_GAP:.0%} of the score (completeness "
            f"gap; median of all {found['gap']:.1%}), most that of {worst}, {gaps[worst]:.0%}: "
            "take `steps: auto`, more steps, or another `baseline`"
        )
    peak = found["peaks"]
    if peak and n >= 4 and peak["share"] > SAME_CELL_SHARE:
        yield (
            f"the maximum lies in cell {peak['cell']} of {peak['grid'][0]} x {peak['grid'][1]} "
            f"in {peak['share']:.0%} of the maps"
        )


def is_dead(found: Row) -> bool:
    """Return whether all maps of an audit are zero."""
    return len(found["zero"]) == found["n"]


def dead_models(audits: Mapping[str, Row]) -> list[str]:
    """Return the models without any map that is not zero, of the audits of a method's models.

    A metric that has values for zero maps would call them alike.
    """
    return [model for model, found in audits.items() if is_dead(found)]


def equal_models(audits: Mapping[str, Row]) -> list[list[str]]:
    """Return the groups of models all of whose maps are equal, but for dead ones."""
    groups: dict[str, list[str]] = {}
    for model, found in audits.items():
        if not is_dead(found):
            groups.setdefault(found["digest"], []).append(model)
    return [group for group in groups.values() if len(group) > 1]
