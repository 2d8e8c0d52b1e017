"""Audit: which maps should not be trusted blindly."""

from collections import Counter

import numpy as np

SAME_CELL_SHARE = 0.5


def audit(maps, images, raw_maps):
    """Find the maps that should not be trusted blindly.

    Parameters
    ----------
    maps : array_like, shape (n, H, W)
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
    found = {"n": len(images), "zero": [], "constant": [], "non_finite": []}
    same = {}
    peaks = Counter()
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
            peaks[np.unravel_index(np.abs(raw).argmax(), raw.shape), raw.shape] += 1
    found["duplicates"] = [group for group in same.values() if len(group) > 1]
    found["peaks"] = common_peak(peaks)
    return found | {"warnings": list(warnings_of(found))}


def common_peak(peaks):
    """Return the most frequent cell of the maximum, its grid and its share; None where there is no
    map.
    """
    if not peaks:
        return None
    (cell, grid), count = peaks.most_common(1)[0]
    return {
        "cell": [int(index) for index in cell],
        "grid": list(grid),
        "share": count / peaks.total(),
    }


def warnings_of(found):
    """Yield a sentence for each thing of an audit that stands out."""
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
