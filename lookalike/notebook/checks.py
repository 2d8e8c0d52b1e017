"""Maps as a user gives them in a notebook: checked before anything is computed."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from lookalike.core.cards import Metric, known_range
from lookalike.core.errors import InputError
from lookalike.images.units import number_units
from lookalike.maps.near_copies import THRESHOLD, find_near_copies


def checked_maps(maps: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Return the maps of every model as an array (n, H, W) of finite real numbers.

    Raises
    ------
    InputError
        Naming the model, and what to do.
    """
    if not isinstance(maps, Mapping) or len(maps) < 2:
        count = len(maps) if isinstance(maps, Mapping) else 0
        raise InputError(
            f"maps: needs a dict from name to array (n, H, W) of at least two models; found {count}"
        )
    found: dict[str, np.ndarray] = {}
    for name, given in maps.items():
        if not isinstance(name, str) or not name:
            raise InputError(f"maps: the name of a model must be text, not {name!r}")
        stack = np.asarray(given)
        if stack.ndim != 3 or stack.dtype.kind not in "fiub" or not stack.size:
            raise InputError(
                f"{name}: maps must be an array (n, H, W) of real numbers, not {stack.dtype} of "
                f"shape {stack.shape}"
            )
        bad = np.flatnonzero(~np.isfinite(stack).all(axis=(1, 2)))
        if len(bad):
            raise InputError(
                f"{name}: the map of image {bad[0]} holds NaN or infinity; repair it, or leave the "
                "image out of all models"
            )
        found[name] = stack
    (first, expected), *others = found.items()
    for name, stack in others:
        if len(stack) != len(expected):
            raise InputError(
                f"{first} has {len(expected)} maps, {name} has {len(stack)}; give maps of the same "
                "images, in the same order"
            )
        if stack.shape != expected.shape:
            sizes = [" x ".join(map(str, one.shape[1:])) for one in (expected, stack)]
            raise InputError(
                f"maps of {first} are {sizes[0]}, those of {name} {sizes[1]}; bring them to one "
                "size"
            )
    return found


def range_of(
    metric: Metric, name: str, stacks: Mapping[str, np.ndarray], data_range: float | None
) -> float:
    """Return the range of the maps, given or by their signs; refuse maps that a metric does not
    take.
    """
    signed = any((stack < 0).any() for stack in stacks.values())
    if metric.views == "unsigned" and signed:
        raise InputError(f"{name} takes maps without negative values; give their absolute values")
    if metric.views == "signed" and not signed:
        raise InputError(f"{name} compares signs, and no value is negative; give signed maps")
    if data_range is not None:
        if not data_range > 0:
            raise InputError(f"data_range must be positive, not {data_range}")
        return float(data_range)
    if metric.bounded:
        return known_range(name, stacks.values())
    return 2.0 if signed else 1.0


def unit_numbers(
    units: Iterable[Any] | None, images: Sequence[str], maps: Mapping[str, np.ndarray]
) -> dict[str, int]:
    """Return the number of every image's unit: as given, or of its near-copies by the maps."""
    given = find_near_copies(maps.values(), THRESHOLD) if units is None else units
    labels = [str(label) for label in given]
    if len(labels) != len(images):
        raise InputError(
            f"units: needs {len(images)} groups, one for each image; found {len(labels)}"
        )
    rows = zip(images, labels, strict=True)
    return number_units([{"image": image, "unit": label} for image, label in rows])
