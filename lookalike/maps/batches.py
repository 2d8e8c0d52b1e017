"""Batches: one model's raw maps in the view of a method; maps of nothing but rounding as zeros."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from lookalike.core.types import Row
from lookalike.maps import views

# Below this share of the maximum that a model's maps usually reach, a map is rounding. Maps of flat
# images by differences from a blurred baseline, which are 0 but for float32, reach 1e-9 to 8e-5 of
# it; those of the demo's images 0.06 and more.
ROUNDING = 1e-4


def describe(
    images: Sequence[str], raw_maps: Iterable[np.ndarray], view: dict[str, Any], signed: bool
) -> Row:
    """Return the card of a batch.

    Parameters
    ----------
    images : list of str
    raw_maps : iterable of ndarray, shape (h, w)
        On their native grid, in the order of the images.
    view : dict
        Options of `views.view`.
    signed : bool
        Whether raw maps of the method can be negative.

    Returns
    -------
    dict
        `images`, `shape` of the batch, `native_shape` (None where it varies, and then
        `native_shapes` of all maps), `view`, `data_range`, and `rounding`, the images whose maps
        are nothing but rounding.
    """
    shapes, peaks = [], []
    for raw in raw_maps:
        shapes.append(raw.shape)
        repaired = views.repair_cell(raw, *view["repair"]) if view.get("repair") else raw
        peaks.append(float(np.abs(repaired).max()))
    same = len(set(shapes)) == 1
    return {
        "images": list(images),
        "shape": [len(images), view["size"], view["size"]],
        "native_shape": list(shapes[0]) if same else None,
        "view": view,
        "data_range": views.data_range(signed, **view),
        "rounding": [
            image
            for image, is_rounding in zip(images, of_rounding(peaks), strict=True)
            if is_rounding
        ],
    } | ({} if same else {"native_shapes": shapes})


def of_rounding(peaks: Sequence[float]) -> np.ndarray:
    """Return which maps of a model are nothing but rounding, by their largest absolute values, each
    shape (n,).

    They are compared with the upper median of the maps that are not zero, so that one map out of
    two can be found.
    """
    found = np.asarray(peaks, dtype=float)
    usual = np.sort(found[found > 0])
    limit = ROUNDING * usual[len(usual) // 2] if len(usual) else 0.0
    return (found > 0) & (found < limit)


def viewed(raw_maps: Iterable[np.ndarray], card: Row) -> Iterator[np.ndarray]:
    """Yield raw maps, in the order of a card's images, in the card's view, shape (size, size)."""
    rounding = set(card["rounding"])
    for image, raw in zip(card["images"], raw_maps, strict=True):
        yield views.view(np.zeros_like(raw) if image in rounding else raw, **card["view"])
