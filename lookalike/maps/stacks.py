"""Files of many maps: whose images they hold, and reading them one map at a time."""

import re
from pathlib import Path

import numpy as np

from lookalike.core import io
from lookalike.core.errors import InputError


def open_stack(path):
    """Open a .npy file of maps, (n, h, w), without loading it."""
    try:
        stack = np.lib.format.open_memmap(path, mode="r")
    except Exception as error:
        raise InputError(f"{path}: not a readable .npy array ({error})") from None
    if stack.ndim != 3:
        raise InputError(f"{path}: must hold many maps, (n, h, w), not {stack.shape}")
    return stack


def read_stack(path, images):
    """Return the maps of some images: from a folder, one `IMAGE.npy` each, or from one .npy file,
    in their order.
    """
    if Path(path).is_dir():
        return [io.read_map(Path(path, f"{image}.npy")) for image in images]
    count = len(open_stack(path))
    if count != len(images):
        raise InputError(f"{path}: must hold {len(images)} maps, not {count}")
    return [read_map_of_stack(path, place) for place in range(count)]


def read_map_of_stack(path, place):
    """Return one map of a .npy file of many, shape (h, w), float32."""
    return io.checked_map(open_stack(path)[place], f"{path}, map {place}")


def read_stack_images(path):
    """Return the ids of a stack's maps: those that its .json names, or else their places as
    numbers.
    """
    count, card = len(open_stack(path)), Path(path).with_suffix(".json")
    content = io.read_json(card) if card.is_file() else None
    images = content.get("images") if isinstance(content, dict) else content
    if images is None:
        return [f"{place:0{len(str(count - 1))}}" for place in range(count)]
    if not isinstance(images, list) or not all(
        isinstance(image, str) and re.fullmatch(r"[^/\\\n]*[^/\\\n.][^/\\\n]*", image)
        for image in images
    ):
        raise InputError(
            f"{card}: `images` must be a list of names, without folders, in the order of the maps"
        )
    if len(images) != count:
        raise InputError(f"{path}: holds {count} maps, {card.name} names {len(images)} images")
    return images


def write_batch(path, maps, card):
    """Write maps one after another into one .npy file, and the card beside it.

    Parameters
    ----------
    path : path
        The `.npy` file; the card goes to the same name with `.json`.
    maps : iterable of ndarray, shape (H, W)
    card : dict
        Must hold `images`, the ids in the order of the maps, and `shape`, [n, H, W].
    """
    with io.replacing(path) as temporary:
        batch = np.lib.format.open_memmap(
            temporary, mode="w+", dtype=np.float32, shape=tuple(card["shape"])
        )
        for place, saliency in zip(batch, maps, strict=True):
            place[...] = saliency
        batch.flush()
    io.write_json(Path(path).with_suffix(".json"), card)


class Batch:
    """The maps of a .npy file, (n, H, W), each read when it is asked for.

    A memory map would do the same, but counts as the job's memory as far as it has been read: all
    of it in the end.
    """

    def __init__(self, path):
        mapped = np.lib.format.open_memmap(path, mode="r")
        if not mapped.flags.c_contiguous:
            raise ValueError("its values are in Fortran's order")
        self.path, self.shape, self.dtype, self.start = (
            path,
            mapped.shape,
            mapped.dtype,
            mapped.offset,
        )

    def __len__(self):
        return self.shape[0]

    def __getitem__(self, place):
        """Return one map, shape (H, W)."""
        if not 0 <= place < len(self):
            raise IndexError(place)
        height, width = self.shape[1:]
        size = height * width
        start = self.start + int(place) * size * self.dtype.itemsize
        return np.fromfile(self.path, self.dtype, count=size, offset=start).reshape(height, width)


def read_batch(path):
    """Open a batch of maps without loading it.

    Returns
    -------
    maps : Batch, shape (n, H, W), float32
    card : dict
        What `write_batch` was given.
    """
    card = io.read_json(Path(path).with_suffix(".json"))
    try:
        maps = Batch(path)
    except Exception as error:
        raise InputError(f"{path}: not a readable .npy array ({error})") from None
    if list(maps.shape) != card["shape"] or len(card["images"]) != len(maps):
        raise InputError(
            f"{path}: holds {maps.shape}, its card says {card['shape']} for "
            f"{len(card['images'])} images"
        )
    return maps, card


def read_batches(paths, images=None, images_path=None):
    """Open the batches of several models, which must hold the same images in the same range.

    Parameters
    ----------
    paths : sequence of path
    images : list of str, optional
        Ids that the batches must hold; by default those of the first.
    images_path : path, optional
        Where `images` come from, for the error.

    Returns
    -------
    maps : list of Batch, each of shape (n, H, W)
    images : list of str
    data_range : float or None
    """
    batches = [read_batch(path) for path in paths]
    if images is None:
        images, images_path = batches[0][1]["images"], paths[0]
    first_maps, first_card = batches[0]
    for path, (maps, card) in zip(paths, batches, strict=True):
        io.same_images(images, card["images"], images_path, path)
        if maps.shape != first_maps.shape or card["data_range"] != first_card["data_range"]:
            views = [f"{one['shape']} of range {one['data_range']}" for one in (first_card, card)]
            raise InputError(
                f"{paths[0]} and {path} are different views: {views[0]}, and {views[1]}"
            )
    return [maps for maps, _ in batches], images, first_card["data_range"]
