"""From raw maps to a batch on one grid, and what is wrong with them."""

from collections import Counter

import numpy as np

from lookalike.errors import InputError

SIGNS = {"signed": lambda x: x, "absolute": np.abs, "positive": lambda x: np.maximum(x, 0)}
SAME_CELL_SHARE = 0.5


def scale_max_abs(x):
    """Divide by the largest absolute value; a zero map stays zero."""
    return x / (np.abs(x).max() or 1.0)


def scale_minmax(x):
    """Bring the smallest value to 0 and the largest to 1; a constant map becomes zero."""
    return (x - x.min()) / (np.ptp(x) or 1.0)


def scale_zscore(x):
    """Bring the mean to 0 and the standard deviation to 1; a constant map becomes zero."""
    # The rounding of a constant map's mean must not be scaled up to 1.
    return (x - x.mean()) / x.std() if np.ptp(x) else np.zeros_like(x)


def scale_sum(x):
    """Divide by the sum of the absolute values; a zero map stays zero."""
    return x / (np.abs(x).sum() or 1.0)


SCALES = {"max_abs": scale_max_abs, "minmax": scale_minmax, "zscore": scale_zscore, "sum": scale_sum, "none": lambda x: x}
UNBOUNDED_SCALES = ("zscore", "sum", "none")


def resize(saliency, size):
    """Resize a map (h, w) to (size, size), bilinear; smoothed first where that makes it smaller."""
    if saliency.shape == (size, size):
        return saliency
    from PIL import Image

    return np.asarray(Image.fromarray(saliency.astype(np.float32), mode="F").resize((size, size), Image.Resampling.BILINEAR), dtype=float)


def sobel_magnitude(saliency):
    """Return the magnitude of the Sobel gradient over both axes."""
    from scipy.ndimage import sobel

    return np.hypot(sobel(saliency, axis=0), sobel(saliency, axis=1))


def repair_cell(saliency, row, column):
    """Replace one cell of a map on its native grid by the mean of the others."""
    if not (0 <= row < saliency.shape[0] and 0 <= column < saliency.shape[1]):
        raise InputError(f"repair: cell [{row}, {column}] lies outside a map of {saliency.shape[0]} x {saliency.shape[1]}")
    repaired = saliency.astype(float)
    repaired[row, column] = (repaired.sum() - repaired[row, column]) / (repaired.size - 1)
    return repaired


def view(raw, *, size, sign="signed", clip=None, sobel=False, scale="max_abs", repair=None):
    """Bring one raw map into the form in which it is compared; the order of the steps is fixed.

    Parameters
    ----------
    raw : ndarray, shape (h, w)
    size : int
        Side of the common grid.
    sign : {"signed", "absolute", "positive"}
    clip : (float, float), optional
    sobel : bool
        Whether to take the magnitude of the gradient.
    scale : {"max_abs", "minmax", "zscore", "sum", "none"}
        Always of this map, never of a batch.
    repair : (int, int), optional
        Row and column of a native cell to replace by the mean of the others.

    Returns
    -------
    ndarray, shape (size, size), float64
    """
    x = np.asarray(raw, dtype=float)
    if repair:
        x = repair_cell(x, *repair)
    x = SIGNS[sign](resize(x, size))
    if clip:
        x = np.clip(x, *clip)
    if sobel:
        x = sobel_magnitude(x)
    return SCALES[scale](x)


def is_signed(signed_method, *, sign="signed", sobel=False, scale="max_abs", **_):
    """Tell whether a view's values can be negative, given whether the raw maps can."""
    if scale == "zscore":
        return True
    return signed_method and sign == "signed" and not sobel and scale != "minmax"


def data_range(signed_method, **view):
    """Return the fixed range of a view's values: 1 unsigned, 2 signed, None where the scale has no bound."""
    if view.get("scale") in UNBOUNDED_SCALES:
        return None
    return 2.0 if is_signed(signed_method, **view) else 1.0


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
        `n`; the images of `zero`, `constant`, `non_finite` maps; `duplicates`, groups of images with equal maps;
        `peaks`, the most frequent cell of the raw maximum with its share; `warnings`, sentences about what stands out.
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
    """Return the most frequent cell of the maximum, its grid and its share; None where there is no map."""
    if not peaks:
        return None
    (cell, grid), count = peaks.most_common(1)[0]
    return {"cell": [int(index) for index in cell], "grid": list(grid), "share": count / peaks.total()}


def warnings_of(found):
    """Yield a sentence for each thing of an audit that stands out."""
    n = found["n"]
    for kind in ("zero", "constant", "non_finite"):
        if found[kind]:
            yield f"{len(found[kind])} of {n} maps are {kind.replace('_', '-')}, for example that of {found[kind][0]}"
    if found["duplicates"]:
        group = found["duplicates"][0]
        yield f"{sum(map(len, found['duplicates']))} of {n} maps equal another image's, for example those of {group[0]} and {group[1]}"
    peak = found["peaks"]
    if peak and n >= 4 and peak["share"] > SAME_CELL_SHARE:
        yield f"the maximum lies in cell {peak['cell']} of {peak['grid'][0]} x {peak['grid'][1]} in {peak['share']:.0%} of the maps"


def mass_inside(saliency, mask):
    """Return the share of a map's absolute values inside a mask; NaN for a zero map.

    The energy-based pointing game (Wang et al. 2020, doi:10.1109/CVPRW50498.2020.00020) without sign.
    """
    mass = np.abs(np.asarray(saliency, dtype=float))
    total = mass.sum()
    return float(mass[mask].sum() / total) if total > 0 else np.nan
