"""Second runs of an explanation: of which images, and as arrays for a file."""

from collections.abc import Iterable, Sequence
from typing import Any, Literal

import numpy as np

from lookalike.core.types import Row

# That "auto" explains a second time.
MOST_AGAIN = 16


def choose_again(rows: Sequence[Row], number: int | Literal["auto"], start: int = 0) -> list[int]:
    """Return the places of the images that are explained a second time: the first of each class,
    then the second of each, and so on.

    Each model begins elsewhere in this order, so that all models together run on many images.

    Parameters
    ----------
    rows : list of dict
        Of the manifest, with `label`.
    number : int or "auto"
        How many, at most all; by "auto" a tenth of them, at least 2 and at most `MOST_AGAIN`.
    start : int
        Where in this order it begins.
    """
    count = min(max(-(-len(rows) // 10), 2), MOST_AGAIN) if number == "auto" else number
    seen: dict[str, int] = {}
    turns = []
    for row in rows:
        turns.append(seen.get(row["label"], 0))
        seen[row["label"]] = turns[-1] + 1
    # A stable sort: within a turn, images stay in their order.
    order = np.argsort(turns, kind="stable")
    return sorted(np.roll(order, -start)[:count].tolist())


def stacked(explained: Iterable[tuple[str, np.ndarray, dict[str, float]]]) -> dict[str, Any]:
    """Return the maps of some images as arrays for a file: `images` (k,) and `maps` (k, h, w)."""
    found = [(image, saliency) for image, saliency, _ in explained]
    return {
        "images": np.array([image for image, _ in found], dtype=str),
        "maps": np.array([saliency for _, saliency in found], dtype=np.float32),
    }
