"""Existing maps: which file holds the map of which image."""

import functools
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from lookalike.core.errors import InputError
from lookalike.core.types import Row, StrPath
from lookalike.core.walking import files_below
from lookalike.images.folders import composed, name_images
from lookalike.maps import formats, shapes
from lookalike.maps.image_names import image_id, read_list, read_names
from lookalike.maps.patterns import (
    ListFiles,
    find_matches,
    is_pattern,
    placeholders_of,
    root_of,
)
from lookalike.maps.shapes import Channels

# The name of a file of many maps wherever other files lie next to it.
STACK = "batch_maps.npy"
SHOWN = 5


class MapFile(NamedTuple):
    """Where the map of one image lies: in a file, under a name if it holds several arrays, and at a
    number of an axis if it holds many maps.
    """

    path: Path
    array: str | None = None
    number: int | None = None
    axis: int = 0


@dataclass(frozen=True)
class MapSet:
    """The maps of one model under one method.

    `maps` is by the ids of the images, `lists` are the files that name these, and `skipped` those
    that hold no map.
    """

    maps: dict[str, MapFile]
    lists: list[Path] = field(default_factory=list)
    skipped: list[Path] = field(default_factory=list)

    @property
    def files(self) -> list[Path]:
        """All files that the maps depend on, sorted."""
        return sorted({*(place.path for place in self.maps.values()), *self.lists})

    @property
    def is_stack(self) -> bool:
        """Whether all maps lie in one array of a file."""
        return len({place[:2] for place in self.maps.values()}) == 1 and all(
            place.number is not None for place in self.maps.values()
        )

    @property
    def folders(self) -> dict[str, str]:
        """From an image to the folder of its map, which may be that of its class."""
        return {image: place.path.parent.name for image, place in self.maps.items()}


def find_maps(path: StrPath, list_files: ListFiles = files_below) -> MapSet:
    """Find the maps of one model under one method.

    Parameters
    ----------
    path : path
        A folder with one file for each image at any depth, or with one file of many maps; such a
        file itself; or a pattern with `{image}`, and `{class}`, `*` or `?` if need be.
    list_files : function
        Gives the files below a folder.

    Returns
    -------
    MapSet
        The id of an image is the file's name without suffix, with its folder or `{class}` in front
        where names repeat, as images are named. In a file of many maps it is the name that its list
        gives, or else number and count, such as `07-of-48`.

    Raises
    ------
    InputError
        If there is none, or two files are for the same image.
    """
    if is_pattern(path):
        return find_by_pattern(path, list_files)
    path = Path(path)
    if path.is_file():
        return find_in_file(path, single=False)
    files, skipped = formats.choose_format(list_files(path))
    if not files:
        raise InputError(
            f"{path}: holds no map{shown(skipped)}; give a folder with .npy, .npz, .mat, .pt, .csv "
            "or picture files of one model"
        )
    # Single files come before a stack next to them, since their names are their images'.
    singles = [file for file in files if file.name != STACK]
    if not singles and len(files) > 1:
        raise InputError(f"{path}: holds {len(files)} files {STACK}; give one of their folders")
    if len(files) == 1 and formats.reader_of(files[0]) not in formats.SINGLE:
        found = find_in_file(files[0], single=bool(singles))
        return MapSet(found.maps, found.lists, sorted({*skipped} - {*found.lists}))
    common = Path(os.path.commonpath([file.parent for file in singles]))
    places = {file: file.parent.relative_to(common).as_posix() for file in singles}
    maps = name_files({file: (file.stem, label) for file, label in places.items()}, path)
    return MapSet(maps, [], sorted([*skipped, *(set(files) - set(singles))]))


def find_by_pattern(pattern: StrPath, list_files: ListFiles) -> MapSet:
    """Find the maps of the images that a pattern names."""
    names = placeholders_of(pattern)
    if "model" in names:
        raise InputError(f"{pattern}: {{model}} stands for many models; give it to models_from")
    if "image" not in names:
        raise InputError(
            f"{pattern}: does not say where the image's name stands; write {{image}} there"
            if names or root_of(pattern).is_dir()
            else f"{pattern}: does not exist"
        )
    matches = {match.path: match.values for match in find_matches(pattern, list_files=list_files)}
    files, skipped = formats.choose_format(list(matches))
    if not files:
        raise InputError(f"{pattern}: no map fits it{shown(skipped)}")
    named = {file: (matches[file]["image"], matches[file].get("class", "")) for file in files}
    return MapSet(name_files(named, pattern), [], skipped)


def name_files(files: Mapping[Path, tuple[str, str]], source: StrPath) -> dict[str, MapFile]:
    """Return files by the ids of their images, made of name and class as those of images are."""
    rows: list[Row] = [
        {
            "path": f"{image_id(name)}.npy",
            "label": "" if label == "." else composed(label),
            "split": "",
        }
        for name, label in files.values()
    ]
    twice = Counter((row["label"], row["path"]) for row in rows)
    for row in rows:
        if twice[row["label"], row["path"]] > 1:
            same = [
                str(file)
                for file, other in zip(files, rows, strict=True)
                if (other["label"], other["path"]) == (row["label"], row["path"])
            ]
            raise InputError(
                f"{source}: {same[0]} and {same[1]} would both be the map of image "
                f"{Path(row['path']).stem!r}; rename one, or give a pattern with {{image}} and "
                "{class}"
            )
    name_images(rows)
    return {row["image"]: MapFile(file) for file, row in zip(files, rows, strict=True)}


def find_in_file(path: Path, *, single: bool) -> MapSet:
    """Find the maps in a file that may hold many: as one stack, or as an array for each image.

    With `single`, the only map of a file is that of the image by whose name the file goes.
    """
    content = shapes.sort_arrays(formats.open_arrays(path))
    if len(content.maps) > 1 and content.images is None:
        odd = [name for name, array in content.maps.items() if not shapes.is_single(array.shape)]
        if odd:
            raise InputError(
                f"{path}: holds the arrays {', '.join(map(repr, content.maps))}, and {odd[0]!r} is "
                "not a single map; keep one stack, or one map for each image"
            )
        return MapSet({image_id(name): MapFile(path, name) for name in content.maps})
    name, stack = shapes.only_array(content.maps, path)
    lists: list[Path] = []
    images = read_names(content.images, path) if content.images else None
    if images is None:
        images, lists = read_list(path)
    if images is None and single and shapes.is_single(stack.shape):
        return MapSet(name_files({path: (path.stem, "")}, path))
    if 0 in stack.shape:
        raise InputError(f"{path}: holds no map; give a file (n, h, w) with at least one")
    listed = None if images is None else len(images)
    axis = shapes.axis_of_images(stack.shape, listed, path)
    if images is None:
        # Numbers of one stack mean nothing in another, unless both are as long.
        count = stack.shape[axis]
        images = [f"{index:0{len(str(count - 1))}}-of-{count}" for index in range(count)]
    if twice := [image for image, count in Counter(images).items() if count > 1]:
        raise InputError(
            f"{path}: image {twice[0]!r} appears twice in its list of images; every map needs "
            "its own name"
        )
    maps = {image: MapFile(path, name, index, axis) for index, image in enumerate(images)}
    return MapSet(maps, lists)


def find_all(paths: Iterable[StrPath]) -> dict[StrPath, MapSet]:
    """Find several sets of maps; all that do not fit are named in one error."""
    # Patterns of many models go through the same folder.
    list_files = functools.cache(files_below)
    found, problems = {}, []
    for path in dict.fromkeys(paths):
        try:
            found[path] = find_maps(path, list_files)
        except InputError as error:
            problems.append(str(error))
    if problems:
        count = len(problems) + len(found)
        several = f"{len(problems)} of {count} sets of maps do not fit: "
        raise InputError(
            f"{several if len(problems) > 1 else ''}{'; '.join(problems)}. Mend this, or leave the "
            "model out, with models_from: {folder: ..., exclude: [...]}"
        )
    return found


def read_maps(
    path: StrPath,
    images: Sequence[str],
    *,
    signed: bool = True,
    channels: Channels | None = None,
) -> Iterator[np.ndarray]:
    """Yield the maps of some images, shape (h, w), float32, in order.

    Parameters
    ----------
    path : path
        As for `find_maps`.
    images : sequence of str
    signed : bool
        Whether maps may be negative.
    channels : {"sum", "max"}, optional
        What becomes of three channels.

    Raises
    ------
    InputError
        If an image has no map, the file holds no map, or a map that may not be `signed` has
        negative values.
    """
    found = find_maps(path)
    if found.skipped:
        print(f"{path}: skipped{shown(found.skipped)}")
    last: MapFile | None = None
    for image in images:
        if image not in found.maps:
            others = ", ".join(map(repr, list(found.maps)[:SHOWN]))
            raise InputError(
                f"{path}: has no map of image {image!r}; name its file {image}.npy, or set "
                f"images: {{common: true}} to leave the image out (there are {others}, ...)"
            )
        place = found.maps[image]
        # A file of many maps is opened once.
        if last is None or place[:2] != last[:2]:
            array, last = load_array(place), place
        saliency = array if place.number is None else array.take(place.number, place.axis)
        source = f"{place.path}, map of image {image!r}"
        saliency = shapes.as_map(saliency, channels, source)
        if not signed and saliency.min(initial=0) < 0:
            raise InputError(
                f"{source}: has negative values, but maps of this method have none; give signed "
                "maps under the name of another method"
            )
        yield saliency


def load_array(place: MapFile) -> np.ndarray:
    """Load the array in which the map of an image lies."""
    arrays = formats.open_arrays(place.path)
    if place.array is None:
        return formats.load(shapes.only_array(arrays, place.path)[1], place.path)
    return formats.load(arrays[place.array], place.path)


def shown(files: Sequence[Path]) -> str:
    """Return the number of files with the names of the first, as the end of a phrase."""
    names = ", ".join(file.name for file in files[:SHOWN])
    more = ", ..." if len(files) > SHOWN else ""
    return f" ({len(files)} file{'s'[: len(files) > 1]}: {names}{more})" if files else ""
