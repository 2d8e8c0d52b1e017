"""Shapes of user-supplied arrays: one map or many, with channels or without."""

from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np

from lookalike.core import io
from lookalike.core.errors import InputError
from lookalike.core.types import StrPath
from lookalike.maps.formats import NUMBERS, Array, Arrays

Channels = Literal["sum", "max"]
JOINED: dict[str, Callable[..., np.ndarray]] = {"sum": np.sum, "max": np.max}
# Sizes of an axis of channels: grey and RGB.
GREY, COLOURS = 1, 3


def as_map(array: np.ndarray, channels: Channels | None, source: StrPath) -> np.ndarray:
    """Return one map, its channels joined.

    Parameters
    ----------
    array : ndarray, shape (h, w), (1, h, w), (h, w, 1), (3, h, w) or (h, w, 3)
        Or one of these with further axes of size 1 in front.
    channels : {"sum", "max"}, optional
        What becomes of three channels, which are refused without it.
    source : path
        For errors.

    Returns
    -------
    ndarray, shape (h, w), float32
    """
    while array.ndim > 3 and len(array) == 1:
        array = array[0]
    if array.ndim == 3 and array.dtype.kind in NUMBERS:
        first, last = array.shape[0], array.shape[-1]
        if GREY in (first, last):
            array = array[0] if first == GREY else array[..., 0]
        elif COLOURS in (first, last):
            array = join_channels(array, channels, source)
    return np.ascontiguousarray(io.checked_map(array, source))


def join_channels(array: np.ndarray, channels: Channels | None, source: StrPath) -> np.ndarray:
    """Return the sum or the maximum over three channels, which are the first axis or the last."""
    if channels is None:
        raise InputError(
            f"{source}: a map of {COLOURS} channels, shape {array.shape}; say how they are joined "
            "with maps: {channels: sum} or {channels: max}. If these are several maps, list their "
            "images in a .json of the same name"
        )
    if array.shape[0] == array.shape[-1]:
        raise InputError(
            f"{source}: shape {array.shape} does not tell which axis holds the channels; save "
            "the map as (h, w)"
        )
    axis = 0 if array.shape[0] == COLOURS else -1
    return JOINED[channels](array.astype(float), axis=axis)


def is_single(shape: tuple[int, ...]) -> bool:
    """Return whether a shape can be that of one map."""
    if len(shape) > 3:
        return shape[0] == GREY
    return len(shape) < 3 or bool({GREY, COLOURS} & {shape[0], shape[-1]})


def axis_of_images(shape: tuple[int, ...], listed: int | None, source: StrPath) -> int:
    """Return the axis of a stack along which its maps lie, 0 or -1.

    Parameters
    ----------
    shape : tuple of int
        (n, h, w), or one of these with channels: (n, 1, h, w), (n, 3, h, w), (n, h, w, 3), ...
    listed : int, optional
        Number of images that a list names. It tells (n, h, w) from (h, w, n).
    source : path
        For errors.
    """
    if len(shape) not in (3, 4):
        raise InputError(
            f"{source}: must hold many maps, (n, h, w), not {shape}; give the folder of single maps"
        )
    if listed is not None:
        if listed not in (shape[0], shape[-1] if len(shape) == 3 else None):
            raise InputError(
                f"{source}: holds {shape[0]} maps, but its list names {listed} images; name one "
                "image for each map"
            )
        return 0 if listed == shape[0] else -1
    remedy = "list the images in a .json of the same name, so that their number tells the axis"
    if len(shape) == 3 and shape[1] != shape[2]:
        if shape[2] in (GREY, COLOURS):
            raise InputError(
                f"{source}: {shape} looks like one map with channels, not many maps (n, h, w); "
                f"give the folder of single maps, or {remedy}"
            )
        if shape[0] == shape[1]:
            raise InputError(f"{source}: {shape} looks like (h, w, n), not (n, h, w); {remedy}")
    return 0


class Content(NamedTuple):
    """What a file of arrays holds: those that can be maps, and the list of images."""

    maps: Arrays
    images: Array | None


def sort_arrays(arrays: Arrays) -> Content:
    """Tell the maps of a file from its list `images`, labels, scores and other vectors."""
    images = arrays.get("images")
    if images is not None and images.kind in NUMBERS:
        images = None
    numbers = {name: array for name, array in arrays.items() if array.kind in NUMBERS}
    grids = {
        name: array
        for name, array in numbers.items()
        if np.prod(array.shape) > max(array.shape, default=1)
    }
    # An only array is refused for its own shape, if it is no map.
    return Content(grids or (arrays if len(arrays) == 1 else {}), images)


def only_array(arrays: Arrays, source: StrPath) -> tuple[str, Array]:
    """Return name and array of a file that must hold one map or one stack."""
    maps = sort_arrays(arrays).maps
    if len(maps) != 1:
        names = ", ".join(map(repr, maps or arrays)) or "nothing"
        raise InputError(
            f"{source}: {'several arrays may be' if maps else 'none of its arrays is'} the map "
            f"({names}); keep one"
        )
    return next(iter(maps.items()))
