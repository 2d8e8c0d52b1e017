"""Existing maps: which file holds the map of which image, and which folders are models."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from lookalike.core import io
from lookalike.core.errors import InputError
from lookalike.core.types import Row, StrPath
from lookalike.maps import stacks

STACK = "batch_maps.npy"
# The published layout:
# Models/<Model>/Saliency_experiment_outputs/<Variant>_model/numpy_saliency_map/*.npy
OUTPUTS, VARIANT_SUFFIX = "Saliency_experiment_outputs", "_model"
VARIANT_FACTOR = "variant"


class MapFile(NamedTuple):
    """Where the map of one image lies: a file, and the map's index there if it holds many."""

    path: Path
    number: int | None


def find_models(folder: StrPath) -> dict[str, Row]:
    """Find the models whose maps lie in a folder.

    Parameters
    ----------
    folder : path
        With one sub-folder for each model, its maps at any depth; or, within that,
        `Saliency_experiment_outputs/<Variant>_model/`, where each variant is a model.

    Returns
    -------
    dict
        By name, `<Model>` or `<Model>-<variant>`, the model's part of the config: `maps`, and for a
        variant also `family` and `factors`.

    Raises
    ------
    InputError
        If there is none, or two have the same name.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(
            f"models_from: {folder} is no folder; give one with the maps of several models"
        )
    found: dict[str, Row] = {}
    homes = {folder / path.relative_to(folder).parts[0] for path in npy_files(folder)}
    for home in sorted(home for home in homes if home.is_dir()):
        for name, recipe in variants_of(home):
            if name in found:
                raise InputError(
                    f"models_from: {found[name]['maps']} and {recipe['maps']} would both be "
                    f"called {name!r}; rename one"
                )
            found[name] = recipe
    if not found:
        raise InputError(
            f"models_from: {folder} holds no folder with .npy files; give one sub-folder for each "
            "model"
        )
    return found


def variants_of(home: Path) -> Iterator[tuple[str, Row]]:
    """Yield name and config of each variant in a model's folder, or of the model if it has none."""
    variants = sorted(
        path for path in (home / OUTPUTS).glob(f"*{VARIANT_SUFFIX}") if npy_files(path)
    )
    for path in variants:
        variant = path.name.removesuffix(VARIANT_SUFFIX).lower()
        yield (
            valid_name(f"{home.name}-{variant}"),
            {"maps": str(path), "family": home.name, "factors": {VARIANT_FACTOR: variant}},
        )
    if not variants:
        yield valid_name(home.name), {"maps": str(home)}


def npy_files(folder: Path) -> list[Path]:
    """Return the .npy files of a folder at any depth, without hidden ones."""
    return [
        path
        for path in folder.rglob("*.npy")
        if not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]


def valid_name(text: str) -> str:
    """Return a folder's name as a valid name of a model."""
    return re.sub(r"[^A-Za-z0-9_.-]", "_", text).lstrip("_.-") or "model"


def find_maps(path: StrPath) -> dict[str, MapFile]:
    """Find the maps of one model under one method.

    Parameters
    ----------
    path : path
        A folder with one .npy file for each image at any depth, or with `batch_maps.npy`; or one
        .npy file of many maps.

    Returns
    -------
    dict of MapFile
        By the image's id: the file's name without suffix; in a stack the name that its `.json`
        gives, or else the map's index.

    Raises
    ------
    InputError
        If there is none, or two files are for the same image.
    """
    path = Path(path)
    if path.is_file():
        return find_in_stack(path)
    files = sorted(npy_files(path))
    # Single files come before a stack next to them, since their names are their images'.
    singles = [file for file in files if file.name != STACK]
    stacked = [file for file in files if file.name == STACK]
    if not singles and len(stacked) == 1:
        return find_in_stack(stacked[0])
    if not singles:
        several = f"{len(stacked)} files {STACK}; give one of their folders"
        none = "no .npy file; give a folder with the maps of one model"
        raise InputError(f"{path}: holds {several if stacked else none}")
    maps: dict[str, MapFile] = {}
    for file in singles:
        if file.stem in maps:
            raise InputError(
                f"{maps[file.stem].path} and {file} would both be the map of image "
                f"{file.stem!r}; rename one, or give one of their folders"
            )
        maps[file.stem] = MapFile(file, None)
    return maps


def find_in_stack(path: Path) -> dict[str, MapFile]:
    """Return where the maps of a stack lie, as `find_maps`."""
    images = stacks.read_stack_images(path)
    if not images:
        raise InputError(f"{path}: holds no map; give a file (n, h, w) with at least one")
    if twice := [image for image, count in Counter(images).items() if count > 1]:
        raise InputError(
            f"{path}: image {twice[0]!r} appears twice in its list of images; every map needs "
            "its own name"
        )
    return {image: MapFile(path, index) for index, image in enumerate(images)}


def match_images(
    found: Mapping[str, Collection[str]], *, common: bool
) -> tuple[list[str], list[Row]]:
    """Return the images that have a map in every set of maps, and those that lack some.

    Parameters
    ----------
    found : dict
        By path of a set of maps, the ids of its images.
    common : bool
        Whether to leave out images that some sets lack, instead of refusing them.

    Returns
    -------
    images : list of str
    unmatched : list of dict
        `image` and `lacking`, the paths of the sets without it.

    Raises
    ------
    InputError
        If a set lacks an image that may not be left out, or no image is common to all.
    """
    if not found:
        return [], []
    sets = [set(images) for images in found.values()]
    everywhere, anywhere = set.intersection(*sets), set.union(*sets)
    unmatched = [
        {
            "image": image,
            "lacking": [str(path) for path, images in found.items() if image not in images],
        }
        for image in sorted(anywhere - everywhere)
    ]
    if not everywhere or (unmatched and not common):
        first = unmatched[0]
        owner = next(path for path, images in found.items() if first["image"] in images)
        remedy = "add it, or set images: {common: true} to leave out what some lack"
        if not everywhere:
            remedy = "no image is common to all: maps of the same image need the same file name"
        raise InputError(
            f"{first['lacking'][0]}: has no map of image {first['image']!r}, but {owner} has one "
            f"({len(unmatched)} such images); {remedy}"
        )
    return sorted(everywhere), unmatched


def list_unmatched(
    manifest: Sequence[str], common: Sequence[str], unmatched: Sequence[Row]
) -> list[Row]:
    """Return a table of the images that are left out, and of the sets of maps that lack them.

    Parameters
    ----------
    manifest : list of str
        Ids of the images that there are; those without any map are added to the table.
    common, unmatched
        What `match_images` returned.
    """
    known = {*common, *(row["image"] for row in unmatched)}
    rows = [row | {"lacking": "; ".join(row["lacking"])} for row in unmatched]
    return rows + [
        {"image": image, "lacking": "any of the given sets of maps"}
        for image in manifest
        if image not in known
    ]


def read_maps(path: StrPath, images: Sequence[str], *, signed: bool = True) -> Iterator[np.ndarray]:
    """Yield the maps of some images, shape (h, w), float32, in order.

    Raises
    ------
    InputError
        If an image has no map, the file holds no map, or a map that may not be `signed` has
        negative values.
    """
    found = find_maps(path)
    for image in images:
        if image not in found:
            raise InputError(
                f"{path}: has no map of image {image!r}; name its file {image}.npy, or set "
                "images: {common: true} to leave the image out"
            )
        file, number = found[image]
        saliency = io.read_map(file) if number is None else stacks.read_map_of_stack(file, number)
        if not signed and saliency.min(initial=0) < 0:
            raise InputError(
                f"{file}: the map of image {image!r} has negative values, but maps of this "
                "method have none; give signed maps under the name of another method"
            )
        yield saliency
