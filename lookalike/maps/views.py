"""Views: raw maps on a common grid, with the sign, clipping, gradient and scale of a method."""

from collections.abc import Callable
from typing import Any

import numpy as np

from lookalike.core.errors import InputError

MapFunction = Callable[[np.ndarray], np.ndarray]
SIGNS: dict[str, MapFunction] = {
    "signed": lambda x: x,
    "absolute": np.abs,
    "positive": lambda x: np.maximum(x, 0),
}


def scale_max_abs(x: np.ndarray) -> np.ndarray:
    """Divide by the largest absolute value; a zero map stays zero."""
    return x / (np.abs(x).max() or 1.0)


def scale_minmax(x: np.ndarray) -> np.ndarray:
    """Bring the smallest value to 0 and the largest to 1; a constant map becomes zero."""
    return (x - x.min()) / (np.ptp(x) or 1.0)


def scale_zscore(x: np.ndarray) -> np.ndarray:
    """Bring the mean to 0 and the standard deviation to 1; a constant map becomes zero."""
    # Rounding in the mean of a constant map must not be scaled up to 1.
    return (x - x.mean()) / x.std() if np.ptp(x) else np.zeros_like(x)


def scale_sum(x: np.ndarray) -> np.ndarray:
    """Divide by the sum of the absolute values; a zero map stays zero."""
    return x / (np.abs(x).sum() or 1.0)


SCALES: dict[str, MapFunction] = {
    "max_abs": scale_max_abs,
    "minmax": scale_minmax,
    "zscore": scale_zscore,
    "sum": scale_sum,
    "none": lambda x: x,
}
UNBOUNDED_SCALES = ("zscore", "sum", "none")


def resize(saliency: np.ndarray, size: int) -> np.ndarray:
    """Resize a map (h, w) to (size, size), bilinear; with smoothing if it becomes smaller."""
    if saliency.shape == (size, size):
        return saliency
    from PIL import Image

    return np.asarray(
        Image.fromarray(saliency.astype(np.float32), mode="F").resize(
            (size, size), Image.Resampling.BILINEAR
        ),
        dtype=float,
    )


def sobel_magnitude(saliency: np.ndarray) -> np.ndarray:
    """Return the magnitude of the Sobel gradient over both axes."""
    from scipy.ndimage import sobel

    return np.hypot(sobel(saliency, axis=0), sobel(saliency, axis=1))


def repair_cell(saliency: np.ndarray, row: int, column: int) -> np.ndarray:
    """Replace one cell of a map on its native grid by the mean of the others."""
    if not (0 <= row < saliency.shape[0] and 0 <= column < saliency.shape[1]):
        raise InputError(
            f"repair: cell [{row}, {column}] lies outside a map of {saliency.shape[0]} x "
            f"{saliency.shape[1]}; give a row and a column of the native grid, from 0"
        )
    repaired = saliency.astype(float)
    repaired[row, column] = (repaired.sum() - repaired[row, column]) / (repaired.size - 1)
    return repaired


def view(
    raw: np.ndarray,
    *,
    size: int,
    sign: str = "signed",
    clip: tuple[float, float] | None = None,
    sobel: bool = False,
    scale: str = "max_abs",
    repair: tuple[int, int] | None = None,
) -> np.ndarray:
    """Return one raw map in the form that is compared; the order of the steps is fixed.

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
        By values of this map, never of a batch.
    repair : (int, int), optional
        Row and column of a cell of the native grid to replace by the mean of the others.

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


def is_signed(
    signed_method: bool,
    *,
    sign: str = "signed",
    sobel: bool = False,
    scale: str = "max_abs",
    **_: Any,
) -> bool:
    """Return whether a view's values can be negative, given whether the raw maps can."""
    if scale == "zscore":
        return True
    return signed_method and sign == "signed" and not sobel and scale != "minmax"


def data_range(signed_method: bool, **view: Any) -> float | None:
    """Return the fixed range of a view's values: 1 unsigned, 2 signed, None if it has no bound."""
    if view.get("scale") in UNBOUNDED_SCALES:
        return None
    return 2.0 if is_signed(signed_method, **view) else 1.0
