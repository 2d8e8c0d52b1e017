"""User-supplied maps of many models, which are not copied: their view and their audit at once."""

from collections.abc import Sequence

import numpy as np

from lookalike.core.types import Row
from lookalike.maps import audit, batches, existing, views
from lookalike.maps.shapes import Channels


def view_and_audit(
    images: Sequence[str], about: Row, signed: bool, channels: Channels | None
) -> tuple[Row, list[np.ndarray], Row]:
    """Return what `batch_maps` and `audit_maps` make of one model's maps.

    Parameters
    ----------
    images : list of str
    about : dict
        `path` of the maps, as for `find_maps`; options of the `view`; and `same_files`, other
        models with the same files.
    signed : bool
        Whether maps may be negative.
    channels : {"sum", "max"}, optional
        What becomes of three channels.

    Returns
    -------
    card : dict
        As of `describe`.
    maps : list of ndarray, shape (H, W), float32
    found : dict
        As of `audit`.
    """
    raw = [*existing.read_maps(about["path"], images, signed=signed, channels=channels)]
    card = batches.describe(images, raw, about["view"], signed)
    maps = [np.asarray(one, np.float32) for one in batches.viewed(raw, card)]
    if cell := about["view"].get("repair"):
        raw = [views.repair_cell(one, *cell) for one in raw]
    return card, maps, audit.audit(maps, images, raw, card["rounding"], about["same_files"])
