"""Localisation: the share of a map that lies on the object, for images with a mask."""

from collections.abc import Mapping

import numpy as np

from lookalike.core import registry
from lookalike.core.errors import InputError
from lookalike.core.seeding import seed_of
from lookalike.core.types import Row
from lookalike.maps.stacks import Maps

NULL_METHODS = ("random", "centre")


def measure(
    batches: Mapping[str, tuple[Maps, Row]], masks: Mapping[str, np.ndarray], seed: int
) -> list[Row]:
    """Measure the mass inside the masks for every model and image, and for the null methods.

    Parameters
    ----------
    batches : dict
        By model, its maps (n, H, W) and their card.
    masks : dict
        By image, its mask, shape (H, W), bool.
    seed : int
        Of the null methods' noise.

    Returns
    -------
    list of dict
        `model` (or a null method), `image`, `mass` (NaN for a zero map, and under a mask that is
        empty or full, where every map has the same), `area` (share of the image that the mask
        covers).

    Raises
    ------
    InputError
        If there is no mask that is neither empty nor full.
    """
    if not masks:
        raise InputError(
            "images.masks: no explained image has a mask; name the mask of an image by the "
            "image's id, IMAGE.png"
        )
    if all(is_blank(mask.mean()) for mask in masks.values()):
        raise InputError(
            f"images.masks: as the models see the images, the masks of all {len(masks)} are empty "
            "or full; images.fit: squash or pad keeps what lies outside the centre"
        )
    rows = [
        {
            "model": model,
            "image": image,
            "mass": mass_inside(saliency, masks[image]),
            "area": float(masks[image].mean()),
        }
        for model, (maps, card) in batches.items()
        for image, saliency in zip(card["images"], maps, strict=True)
        if image in masks
    ]
    return rows + [
        {
            "model": name,
            "image": image,
            "mass": mass_inside(null_map(name, mask.shape, seed_of(seed, name, image)), mask),
            "area": float(mask.mean()),
        }
        for name in NULL_METHODS
        for image, mask in masks.items()
    ]


def null_map(name: str, shape: tuple[int, ...], seed: int) -> np.ndarray:
    """Return one map of a null method."""
    method = registry.get("method", name)
    return method(None, np.empty((1, 3, *shape)), None, [seed], **method.options)[0][0]


def is_blank(area: float) -> bool:
    """Return whether a mask of this area is empty or full, so that it says nothing."""
    return area in (0, 1)


def mass_inside(saliency: np.ndarray, mask: np.ndarray) -> float:
    """Return the share of a map's absolute values inside a mask; NaN for a zero map, and under a
    mask that is empty or full.

    The energy-based pointing game (Wang et al. 2020, doi:10.1109/CVPRW50498.2020.00020) without
    sign.
    """
    mass = np.abs(np.asarray(saliency, dtype=float))
    total = mass.sum()
    return float(mass[mask].sum() / total) if total > 0 and not is_blank(mask.mean()) else np.nan
