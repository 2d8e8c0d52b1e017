"""Names of images: ids from the names of files, and lists of the images of a file of many maps."""

import re
from pathlib import Path

import numpy as np

from lookalike.core import io
from lookalike.core.errors import InputError
from lookalike.images.folders import LONGEST_ID, SUFFIXES, composed
from lookalike.maps import formats
from lookalike.maps.formats import Array


def image_id(name: str) -> str:
    """Return the id of an image that is named with or without its suffix: `cat` for `cat.jpg`."""
    name = composed(name)
    stem, _, suffix = name.rpartition(".")
    return stem if stem and f".{suffix.lower()}" in (*SUFFIXES, *formats.READERS) else name


def read_list(stack: Path) -> tuple[list[str] | None, list[Path]]:
    """Return the images that a file next to a stack lists, and this file.

    It goes by the stack's name: a .json with the list `images`, or a .csv with the column `image`.
    """
    card, table = stack.with_suffix(".json"), stack.with_suffix(".csv")
    if card.is_file():
        content = io.read_json(card)
        images = content.get("images") if isinstance(content, dict) else content
        return (None if images is None else checked_names(images, card)), [card]
    if table.is_file():
        rows = io.read_table(table)
        if rows and "image" in rows[0]:
            return checked_names([row["image"] for row in rows], table), [table]
    return None, []


def read_names(array: Array, path: Path) -> list[str]:
    """Return the list `images` of a file of arrays, which MATLAB keeps as cells."""
    names = [np.squeeze(name) for name in np.ravel(formats.load(array, path))]
    return checked_names([str(name).rstrip() for name in names], path)


def checked_names(images: object, source: Path) -> list[str]:
    """Return the ids of the images that a list names; refuse what cannot be a name."""
    if not isinstance(images, list) or not all(
        isinstance(image, str)
        and re.fullmatch(r"[^/\\\n]*[^/\\\n.][^/\\\n]*", image)
        and len(image.encode("utf-8", "replace")) <= LONGEST_ID
        for image in images
    ):
        raise InputError(
            f"{source}: `images` must be a list of names, without folders, of at most "
            f"{LONGEST_ID} bytes, in the order of the maps"
        )
    return [image_id(image) for image in images]
