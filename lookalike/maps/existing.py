"""Existing maps: which file of a folder holds the map of which image, and which folders are
models.
"""

import re
from collections import Counter
from pathlib import Path

from lookalike.core import io
from lookalike.core.errors import InputError
from lookalike.maps import stacks

STACK = "batch_maps.npy"
# The published layout:
# Models/<Model>/Saliency_experiment_outputs/<Variant>_model/numpy_saliency_map/*.npy
OUTPUTS, VARIANT_SUFFIX = "Saliency_experiment_outputs", "_model"
VARIANT_FACTOR = "variant"


def find_models(folder):
    """Find the models whose maps lie in a folder.

    Parameters
    ----------
    folder : path
        With one sub-folder a model, its maps in any depth; or, within that,
        `Saliency_experiment_outputs/<Variant>_model/`, whose variants are models of their own.

    Returns
    -------
    dict
        From a name, `<Model>` or `<Model>-<variant>`, to its part of the config: `maps`, and of a
        variant `family` and `factors`.

    Raises
    ------
    InputError
        If there is none, or two have one name.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"models_from: {folder} is no folder")
    found = {}
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
        raise InputError(f"models_from: {folder} holds no folder with .npy files in it")
    return found


def variants_of(home):
    """Yield name and config of every variant in a model's folder, or of the model itself where it
    has none.
    """
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


def npy_files(folder):
    """Return the .npy files of a folder in any depth, but for hidden ones."""
    return [
        path
        for path in folder.rglob("*.npy")
        if not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]


def valid_name(text):
    """Return a folder's name with only what the names of models may hold."""
    return re.sub(r"[^A-Za-z0-9_.-]", "_", text).lstrip("_.-") or "model"


def find_maps(path):
    """Find the maps of one model under one method.

    Parameters
    ----------
    path : path
        A folder with one .npy file an image in any depth, or with `batch_maps.npy`; or one .npy
        file of many maps.

    Returns
    -------
    dict
        From an image's id to its file and its place within that: the file's name without suffix,
        and no place; in a stack the name that its `.json` gives, or else the place as a number.

    Raises
    ------
    InputError
        If there is none, or two files are of one image.
    """
    path = Path(path)
    if path.is_file():
        return find_in_stack(path)
    files = sorted(npy_files(path))
    # Single files go before a stack beside them, since they tell their image.
    singles, stacked = (
        [file for file in files if file.name != STACK],
        [file for file in files if file.name == STACK],
    )
    if not singles and len(stacked) == 1:
        return find_in_stack(stacked[0])
    if not singles:
        several = f"{len(stacked)} files {STACK}; give one of their folders"
        raise InputError(f"{path}: holds {several if stacked else 'no .npy file'}")
    maps = {}
    for file in singles:
        if file.stem in maps:
            raise InputError(
                f"{maps[file.stem][0]} and {file} would both be the map of image "
                f"{file.stem!r}; rename one, or give one of their folders"
            )
        maps[file.stem] = file, None
    return maps


def find_in_stack(path):
    """Return the places of the images in a stack of maps, as `find_maps`."""
    images = stacks.read_stack_images(path)
    if not images:
        raise InputError(f"{path}: holds no map")
    if twice := [image for image, count in Counter(images).items() if count > 1]:
        raise InputError(
            f"{path}: image {twice[0]!r} stands twice in its list of images; every map wants "
            "a name of its own"
        )
    return {image: (path, place) for place, image in enumerate(images)}


def match_images(found, *, common):
    """Return the images of which every set of maps has one, and those that only some have.

    Parameters
    ----------
    found : dict
        From a set's path to a dict whose keys are the ids of its images.
    common : bool
        Whether images that some sets lack may be left out; else they are refused.

    Returns
    -------
    images : list of str
    unmatched : list of dict
        `image` and `lacking`, the paths without it.

    Raises
    ------
    InputError
        If an image is missing that may not be left out, or no image is common to all.
    """
    if not found:
        return [], []
    everywhere, anywhere = (
        set.intersection(*map(set, found.values())),
        set.union(*map(set, found.values())),
    )
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
            remedy = "no image is common to all: maps of one image must have files of one name"
        raise InputError(
            f"{first['lacking'][0]}: has no map of image {first['image']!r}, of which "
            f"{owner} has one ({len(unmatched)} such images); {remedy}"
        )
    return sorted(everywhere), unmatched


def list_unmatched(manifest, common, unmatched):
    """Return what `match_images` found unmatched, as a table, with the images of a manifest of
    which no set has a map.
    """
    known = {*common, *(row["image"] for row in unmatched)}
    rows = [row | {"lacking": "; ".join(row["lacking"])} for row in unmatched]
    return rows + [
        {"image": image, "lacking": "any of the given sets of maps"}
        for image in manifest
        if image not in known
    ]


def read_maps(path, images, *, signed=True):
    """Yield the maps of some images, shape (h, w), float32, in their order.

    Raises
    ------
    InputError
        If there is no map of an image, or it is no map, or has negative values though it may not be
        `signed`.
    """
    found = find_maps(path)
    for image in images:
        if image not in found:
            raise InputError(
                f"{path}: has no map of image {image!r}; name its file {image}.npy, or set "
                "images: {common: true} to leave the image out"
            )
        file, place = found[image]
        saliency = io.read_map(file) if place is None else stacks.read_map_of_stack(file, place)
        if not signed and saliency.min(initial=0) < 0:
            raise InputError(
                f"{file}: the map of image {image!r} has negative values, which this method "
                "has not; give such maps under a name of their own"
            )
        yield saliency
