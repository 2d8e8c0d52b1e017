"""Images: the manifest of a folder, its split, the balanced sample that is explained."""

import os
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Literal

from lookalike.core.errors import InputError
from lookalike.core.io import hash_file
from lookalike.core.seeding import rng_of
from lookalike.core.types import Row, StrPath

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp")
SPLITS = ("train", "val")
VALIDATION_SHARE = 0.2
COLUMNS = ("image", "path", "label", "split", "sha256")


def find_images(folder: StrPath, seed: int = 0) -> list[Row]:
    """List the images of a folder with one sub-folder for each class, or without classes.

    Either `folder/{train,val}/{class}/*` or `folder/{class}/*`; the second is split here, one fifth
    of each class for validation, drawn with the seed. Without class folders, all labels are empty.

    Parameters
    ----------
    folder : path
    seed : int

    Returns
    -------
    list of dict
        `image` (id), `path`, `label`, `split` and `sha256`, sorted by split, label and path.

    Raises
    ------
    InputError
        If the folder holds no image, or an image cannot be read.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"{folder}: no such image folder")
    found = image_files(folder)
    if not found:
        raise InputError(
            f"{folder}: no image in it; it should hold one sub-folder for each class, with "
            f"{', '.join(SUFFIXES)} files"
        )
    first = {path.relative_to(folder).parts[0] for path in found if path.parent != folder}
    has_splits = bool(first & set(SPLITS))
    if has_splits and (others := sorted(first - set(SPLITS))):
        raise InputError(
            f"{folder}: holds {others[0]!r} next to "
            f"{' and '.join(sorted(first & set(SPLITS)))}; keep only train and val there, or "
            "class folders alone"
        )
    rows = [describe(path, folder, has_splits) for path in found]
    if outside := [row["path"] for row in rows if not row["label"]]:
        if len(outside) < len(rows):
            raise InputError(
                f"{outside[0]}: lies outside the class folders; put every image into a "
                "sub-folder with the name of its class, or none"
            )
        print(f"{folder}: no class folders, so no image has a label")
    name_images(rows)
    if not has_splits:
        split_by_class(rows, seed)
    rows.sort(key=lambda row: (row["split"], row["label"], row["path"]))
    return [{name: row[name] for name in COLUMNS} for row in rows]


def given_images(images: Sequence[str], split: str) -> list[Row]:
    """Return the manifest of images whose maps are given: ids without files."""
    return [dict.fromkeys(COLUMNS, "") | {"image": image, "split": split} for image in images]


def image_files(folder: StrPath) -> list[Path]:
    """Return the image files below a folder, links followed, sorted."""
    paths = (
        Path(home, name) for home, _, names in os.walk(folder, followlinks=True) for name in names
    )
    return sorted(path for path in paths if path.suffix.lower() in SUFFIXES and path.is_file())


def describe(path: Path, folder: Path, has_splits: bool) -> Row:
    """Return the row of one image, its content checked and hashed."""
    from PIL import Image

    if has_splits and path.parent == folder:
        raise InputError(f"{path}: lies next to {' and '.join(SPLITS)}; put it into one of them")
    parts = path.relative_to(folder).parts[has_splits:-1]
    try:
        with Image.open(path) as image:
            image.verify()
    except Exception as error:
        raise InputError(
            f"{path}: not a readable image ({error}); replace it or take it out of its folder"
        ) from None
    split = path.relative_to(folder).parts[0] if has_splits else ""
    return {
        "path": str(path),
        "label": "/".join(parts),
        "split": split,
        "sha256": hash_file(path),
    }


def split_by_class(rows: list[Row], seed: int) -> None:
    """Assign train and val within every class, by the seed and the content, in place."""
    classes = defaultdict(list)
    for row in rows:
        classes[row["label"]].append(row)
    for label, members in classes.items():
        members = sorted(members, key=lambda row: (row["sha256"], row["path"]))
        order = rng_of(seed, "split", label).permutation(len(members))
        held_out = max(1, round(VALIDATION_SHARE * len(members))) if len(members) > 1 else 0
        for turn, index in enumerate(order):
            members[index]["split"] = "val" if turn < held_out else "train"


def name_images(rows: list[Row]) -> None:
    """Give every image its id, in place: the file's stem, longer only where stems collide."""
    for parts in (("stem",), ("label", "stem"), ("split", "label", "stem")):
        names = [".".join(name_part(row, part) for part in parts) for row in rows]
        if len(set(names)) == len(names):
            break
    else:
        twice = next(name for name, count in Counter(names).items() if count > 1)
        paths = [row["path"] for row, name in zip(rows, names, strict=True) if name == twice]
        raise InputError(f"{paths[0]} and {paths[1]} differ only in their suffix; rename one")
    for row, name in zip(rows, names, strict=True):
        row["image"] = name


def name_part(row: Row, part: str) -> str:
    """Return a part of an image's id, without path separators."""
    return (Path(row["path"]).stem if part == "stem" else row[part]).replace("/", ".")


def find_masks(rows: Sequence[Row], folder: StrPath) -> list[Row]:
    """Return the images of a manifest whose object is known: `image` and `mask`, the path of a file
    `{image}.png` in the folder.
    """
    masks = {row["image"]: Path(folder, f"{row['image']}.png") for row in rows}
    return [{"image": image, "mask": str(path)} for image, path in masks.items() if path.is_file()]


def among(rows: list[Row], images: Collection[str] | None) -> list[Row]:
    """Return the rows of the manifest whose images are among the given ones; None means all."""
    if images is None:
        return rows
    images = set(images)
    return [row for row in rows if row["image"] in images]


def sample_images(rows: list[Row], split: str, n: int | Literal["all"], seed: int) -> list[Row]:
    """Draw a sample balanced over classes; a larger n holds the smaller one.

    Parameters
    ----------
    rows : list of dict
        Of the manifest.
    split : {"train", "val"}
    n : int or "all"
    seed : int

    Returns
    -------
    list of dict
        In the order of the manifest.

    Raises
    ------
    InputError
        If a class has fewer images than its share.
    """
    rows = [row for row in rows if row["split"] == split]
    if not rows:
        raise InputError(f"images.split: no image in split {split!r}")
    if n == "all":
        return rows
    classes = defaultdict(list)
    for row in rows:
        classes[row["label"]].append(row["image"])
    turns = rng_of(seed, "classes").permutation(sorted(classes)).tolist()
    chosen: set[str] = set()
    for turn, label in enumerate(turns):
        share = n // len(classes) + (turn < n % len(classes))
        members = classes[label]
        if len(members) < share:
            raise InputError(
                f"images.n: {n} images need {share} of class {label!r}, which has "
                f"{len(members)} in split {split!r}; lower n or add images"
            )
        order = rng_of(seed, "sample", label).permutation(len(members))
        chosen.update(members[index] for index in order[:share])
    return [row for row in rows if row["image"] in chosen]
