"""From raw maps to a batch on one grid, and what is wrong with them."""

import numpy as np

from lookalike.core.errors import InputError

SIGNS = {"signed": lambda x: x, "absolute": np.abs, "positive": lambda x: np.maximum(x, 0)}


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


SCALES = {
    "max_abs": scale_max_abs,
    "minmax": scale_minmax,
    "zscore": scale_zscore,
    "sum": scale_sum,
    "none": lambda x: x,
}
UNBOUNDED_SCALES = ("zscore", "sum", "none")


def resize(saliency, size):
    """Resize a map (h, w) to (size, size), bilinear; smoothed first where that makes it smaller."""
    if saliency.shape == (size, size):
        return saliency
    from PIL import Image

    return np.asarray(
        Image.fromarray(saliency.astype(np.float32), mode="F").resize(
            (size, size), Image.Resampling.BILINEAR
        ),
        dtype=float,
    )


def sobel_magnitude(saliency):
    """Return the magnitude of the Sobel gradient over both axes."""
    from scipy.ndimage import sobel

    return np.hypot(sobel(saliency, axis=0), sobel(saliency, axis=1))


def repair_cell(saliency, row, column):
    """Replace one cell of a map on its native grid by the mean of the others."""
    if not (0 <= row < saliency.shape[0] and 0 <= column < saliency.shape[1]):
        raise InputError(
            f"repair: cell [{row}, {column}] lies outside a map of {saliency.shape[0]} x "
            f"{saliency.shape[1]}"
        )
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
    """Return the fixed range of a view's values: 1 unsigned, 2 signed, None where the scale has no
    bound.
    """
    if view.get("scale") in UNBOUNDED_SCALES:
        return None
    return 2.0 if is_signed(signed_method, **view) else 1.0
