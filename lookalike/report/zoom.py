"""A matrix of many models for the page: a picture of its levels, which is drawn at any size."""

import base64
from collections.abc import Sequence
from io import BytesIO

import numpy as np

from lookalike.core.types import Row
from lookalike.groups.trees import link

LEVELS, UNKNOWN = 255, 255


def zoomable(values: np.ndarray, names: Sequence[str]) -> Row:
    """Return a matrix (m, m) as the page takes it.

    Returns
    -------
    dict
        `names` in the order of the tree; `picture`, a grey PNG as a data address whose levels from
        0 to 254 are the values from `low` to `high`, and 255 what is not known.
    """
    from PIL import Image

    order = order_of(values)
    shown = values[np.ix_(order, order)]
    others = shown[~np.eye(len(shown), dtype=bool) & np.isfinite(shown)]
    low, high = (float(others.min()), float(others.max())) if len(others) else (0.0, 1.0)
    span = high - low if high > low else 1.0
    scaled = np.clip((np.nan_to_num(shown) - low) / span, 0, 1) * (LEVELS - 1)
    levels = np.where(np.isfinite(shown), np.rint(scaled), UNKNOWN).astype(np.uint8)
    file = BytesIO()
    Image.fromarray(levels).save(file, format="png")
    picture = f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
    return {
        "names": [names[place] for place in order],
        "picture": picture,
        "low": low,
        "high": high,
    }


def order_of(values: np.ndarray) -> list[int]:
    """Return models in the order of their tree; those with unknown dissimilarities last."""
    from scipy.cluster.hierarchy import leaves_list

    known = np.flatnonzero(np.isfinite(values).sum(axis=1) == np.isfinite(values).sum(axis=1).max())
    known = known[np.isfinite(values[np.ix_(known, known)]).all(axis=1)]
    others = [place for place in range(len(values)) if place not in set(known.tolist())]
    if len(known) < 2:
        return [*known.tolist(), *others]
    leaves = leaves_list(link(values[np.ix_(known, known)]))
    return [*known[leaves].tolist(), *others]


def colours() -> list[list[int]]:
    """Return the colour of every level as red, green, blue and opacity, from near to far."""
    from matplotlib import colormaps

    shades = colormaps["cividis_r"](np.linspace(0, 1, LEVELS)) * 255
    return [*np.rint(shades).astype(int).tolist(), [217, 217, 217, 255]]
