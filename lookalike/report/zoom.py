"""A matrix of many models for the page: a picture of its levels, which is drawn at any size."""

from collections.abc import Sequence
from io import BytesIO

import numpy as np

from lookalike.core.condensed import condensed
from lookalike.core.types import Row
from lookalike.groups.trees import link
from lookalike.report.packing import pack

LEVELS, UNKNOWN = 255, 255


def zoomable(values: np.ndarray, names: Sequence[str], chance: np.ndarray | None = None) -> Row:
    """Return a matrix (m, m) as the page takes it, and its chance level (m, m), if it has one.

    Returns
    -------
    dict
        `names` in the order of the tree; `picture`, a grey PNG in base64 whose levels from
        0 to 254 are the values from 0 to `high`, and 255 what is not known; `chance`, the mean of
        that, or None.
    """
    from PIL import Image

    order = order_of(values)
    shown = values[np.ix_(order, order)]
    others = shown[~np.eye(len(shown), dtype=bool) & np.isfinite(shown)]
    high = float(others.max(initial=0)) or 1.0
    scaled = np.clip(np.nan_to_num(shown) / high, 0, 1) * (LEVELS - 1)
    levels = np.where(np.isfinite(shown), np.rint(scaled), UNKNOWN).astype(np.uint8)
    file = BytesIO()
    Image.fromarray(levels).save(file, format="png")
    return {
        "names": [names[place] for place in order],
        "picture": pack(file.getvalue()),
        "high": high,
        "chance": None if chance is None else float(np.nanmean(condensed(chance))),
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
