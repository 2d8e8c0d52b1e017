"""Images: the manifest of a folder, its split, the balanced sample that is explained."""

import hashlib
import os
from collections import Counter, defaultdict
from pathlib import Path

from lookalike.core.errors import InputError
from lookalike.core.seeding import rng_of

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp")
SPLITS = ("train", "val")
VALIDATION_SHARE = 0.2


def find_images(folder, seed=0, masks=None):
    """List the images of a folder with one sub-folder a class, or with images that have no class.

    Either `folder/{train,val}/{class}/*` or `folder/{class}/*`; the second is split here, one fifth
    of each class for validation, drawn with the seed. Without class folders, all labels are empty.

    Parameters
    ----------
    folder : path
    seed : int
    masks : path, optional
        Folder with a mask `{image}.png` for some of the images.

    Returns
    -------
    list of dict
        `image` (id), `path`, `label`, `split`, `mask`, `sha256`, sorted by split, label and path.

    Raises
    ------
    InputError
        If the folder holds no image, or a file that is no image.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"{folder}: no such image folder")
    found = image_files(folder)
    if not found:
        raise InputError(
            f"{folder}: no image in it; it should hold one sub-folder a class, with "
            f"{', '.join(SUFFIXES)} files"
        )
    first = {path.relative_to(folder).parts[0] for path in found if path.parent != folder}
    has_splits = bool(first & set(SPLITS))
    if has_splits and (others := sorted(first - set(SPLITS))):
        raise InputError(
            f"{folder}: holds {others[0]!r} beside "
            f"{' and '.join(sorted(first & set(SPLITS)))}; keep only train and val there, or "
            "class folders alone"
        )
    rows = [describe(path, folder, has_splits) for path in found]
    if outside := [row["path"] for row in rows if not row["label"]]:
        if len(outside) < len(rows):
            raise InputError(
                f"{outside[0]}: lies outside the class folders; every image belongs into a "
                "sub-folder with the name of its class, or none does"
            )
        print(f"{folder}: no class folders, so that no image has a label")
    name_images(rows)
    if not has_splits:
        split_by_class(rows, seed)
    for row in rows:
        mask = Path(masks or "", f"{row['image']}.png")
        row["mask"] = str(mask) if masks and mask.is_file() else ""
    columns = ("image", "path", "label", "split", "mask", "sha256")
    rows.sort(key=lambda row: (row["split"], row["label"], row["path"]))
    return [{name: row[name] for name in columns} for row in rows]


def image_files(folder):
    """Return the image files below a folder, links followed, sorted."""
    paths = (
        Path(place, name) for place, _, names in os.walk(folder, followlinks=True) for name in names
    )
    return sorted(path for path in paths if path.suffix.lower() in SUFFIXES and path.is_file())


def describe(path, folder, has_splits):
    """Return the row of one image, its content checked and hashed."""
    from PIL import Image

    if has_splits and path.parent == folder:
        raise InputError(f"{path}: lies beside {' and '.join(SPLITS)}; put it into one of them")
    parts = path.relative_to(folder).parts[has_splits:-1]
    try:
        with Image.open(path) as image:
            image.verify()
    except Exception as error:
        raise InputError(
            f"{path}: not a readable image ({error}); replace it or take it out of its folder"
        ) from None
    split = path.relative_to(folder).parts[0] if has_splits else ""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return {"path": str(path), "label": "/".join(parts), "split": split, "sha256": digest}


def split_by_class(rows, seed):
    """Assign train and val within every class, by the seed and the content, in place."""
    classes = defaultdict(list)
    for row in rows:
        classes[row["label"]].append(row)
    for label, members in classes.items():
        members = sorted(members, key=lambda row: (row["sha256"], row["path"]))
        order = rng_of(seed, "split", label).permutation(len(members))
        held_out = max(1, round(VALIDATION_SHARE * len(members))) if len(members) > 1 else 0
        for place, index in enumerate(order):
            members[index]["split"] = "val" if place < held_out else "train"


def name_images(rows):
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


def name_part(row, part):
    """Return a part of an image's id, free of separators of paths."""
    return (Path(row["path"]).stem if part == "stem" else row[part]).replace("/", ".")


def among(rows, images):
    """Return the rows of the manifest whose images are among those given; None means all."""
    return rows if images is None else [row for row in rows if row["image"] in set(images)]


def sample_images(rows, split, n, seed):
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
    chosen = set()
    for turn, label in enumerate(turns):
        share = n // len(classes) + (turn < n % len(classes))
        members = classes[label]
        if len(members) < share:
            raise InputError(
                f"images.n: {n} images want {share} of class {label!r}, which has "
                f"{len(members)} in split {split!r}; lower n or add images"
            )
        order = rng_of(seed, "sample", label).permutation(len(members))
        chosen.update(members[index] for index in order[:share])
    return [row for row in rows if row["image"] in chosen]
