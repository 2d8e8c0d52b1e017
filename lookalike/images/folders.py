"""Folders of images: which files are images, and what their places say: split, class and id."""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

from lookalike.core.errors import InputError
from lookalike.core.io import hash_file
from lookalike.core.seeding import rng_of
from lookalike.core.types import Row, StrPath
from lookalike.core.walking import check_encoding, printable, walk

# What Pillow reads without further programs.
FORMATS = (
    "png apng jpg jpeg jpe jfif bmp dib gif tif tiff webp avif avifs ppm pgm pbm pnm pfm jp2 j2k "
    "j2c jpc jpf jpx tga pcx qoi dds sgi rgb rgba bw ras ico icns psd xbm"
)
SUFFIXES = tuple(f".{name}" for name in FORMATS.split())
# A folder of one of these names, in whatever case, is a split; test is refused.
SPLITS = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
}
VALIDATION_SHARE = 0.2
# Bytes of a file's name that no file system takes more of, less a suffix.
LONGEST_ID = 251


def split_of(name: str) -> str | None:
    """Return the split that a folder's name stands for, in whatever case; None for other names."""
    return SPLITS.get(name.lower())


def image_files(folder: StrPath) -> list[Path]:
    """Return the image files below a folder, sorted, as `find_files` finds them."""
    return find_files(folder)[0]


def find_files(folder: StrPath) -> tuple[list[Path], list[Row]]:
    """Find the files below a folder, links followed, but none that leads back to a folder above it.

    Hidden files and folders are passed over.

    Returns
    -------
    images : list of Path
        Sorted.
    skipped : list of dict
        `path` and `kind` of every other file: its suffix, or what it is.

    Raises
    ------
    InputError
        If a folder cannot be read.
    """
    images: list[Path] = []
    skipped: list[Row] = []
    for path, reason in walk(folder):
        if not reason and path.suffix.lower() in SUFFIXES:
            check_encoding(path)
            images.append(path)
        else:
            kind = reason or Path(printable(path)).suffix.lower() or "without suffix"
            skipped.append({"path": printable(path), "kind": kind})
    return sorted(images), sorted(skipped, key=lambda row: row["path"])


def list_images(
    folder: StrPath,
    seed: int = 0,
    split: str | None = None,
    hashed: Callable[[Path], str] = hash_file,
) -> list[Row]:
    """Return the rows of a manifest by the names and contents of files, without decoding any.

    Parameters
    ----------
    folder : path
        As for `find_images`.
    seed : int
    split : str, optional
        The split of all images where the folder has none; None draws one.
    hashed : callable
        From a path to a hash of the file's content.

    Returns
    -------
    list of dict
        `image`, `path`, `label`, `split` and `sha256`, sorted by split, label and path.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(f"{folder}: no such image folder")
    found, skipped = find_files(folder)
    if not found:
        others = f", but {skipped[0]['path']}" if skipped else ""
        raise InputError(
            f"{folder}: no image in it{others}; it should hold one sub-folder for each class, or "
            "none, with .png, .jpg, .tif or other files that Pillow reads"
        )
    splits = find_splits(folder, found)
    rows = [describe_place(path, folder, splits) for path in found]
    outside = [row["path"] for row in rows if not row["label"]]
    if outside and len(outside) < len(rows):
        raise InputError(
            f"{outside[0]}: lies outside the class folders; put every image into a "
            "sub-folder with the name of its class, or none"
        )
    for row, path in zip(rows, found, strict=True):
        row["sha256"] = hashed(path)
    name_images(rows)
    if not splits and split:
        rows = [row | {"split": split} for row in rows]
    elif not splits:
        split_by_class(rows, seed)
    return sorted(rows, key=lambda row: (row["split"], row["label"], row["path"]))


def find_splits(folder: Path, found: list[Path]) -> dict[str, str]:
    """Return the split that each folder at the top stands for; empty where there are none.

    Raises
    ------
    InputError
        If a folder with the name of a split lies where it would be taken for a class.
    """
    first = sorted({path.relative_to(folder).parts[0] for path in found if path.parent != folder})
    splits = {name: split for name in first if (split := split_of(name))}
    if splits and (others := [name for name in first if name not in splits]):
        raise InputError(
            f"{folder}: holds {others[0]!r} next to {next(iter(splits))!r}; keep only train and "
            f"val there, or class folders alone, none of them called {next(iter(splits))!r}"
        )
    if "test" in splits.values():
        name = next(name for name, split in splits.items() if split == "test")
        raise InputError(
            f"{folder}: holds {name!r}, a split that is not used here: only train and val are; "
            f"rename it to val, move it away, or give {folder / name} as images.source"
        )
    if twice := [name for name, count in Counter(splits.values()).items() if count > 1]:
        names = [name for name, split in splits.items() if split == twice[0]]
        raise InputError(
            f"{folder}: {names[0]!r} and {names[1]!r} both stand for the split {twice[0]!r}; put "
            "their images into one"
        )
    for path in found:
        parts = path.relative_to(folder).parts
        if inner := [depth for depth in range(1, len(parts) - 1) if split_of(parts[depth])]:
            place = folder.joinpath(*parts[: inner[0] + 1])
            raise InputError(
                f"{place}: would be taken for a class; if it is a split, give {place.parent} as "
                "images.source, with train/ and val/ in it and the classes below them; if it is a "
                "class, call it otherwise"
            )
    return splits


def describe_place(path: Path, folder: Path, splits: dict[str, str]) -> Row:
    """Return what the place of an image says: path, label and split."""
    if splits and path.parent == folder:
        raise InputError(
            f"{path}: lies next to {' and '.join(map(repr, splits))}; put it into one of them"
        )
    parts = path.relative_to(folder).parts
    label = composed("/".join(parts[bool(splits) : -1]))
    return {"path": str(path), "label": label, "split": splits[parts[0]] if splits else ""}


def split_by_class(rows: list[Row], seed: int) -> None:
    """Assign train and val within every class, by the seed and the content, in place; identical
    files go together.
    """
    classes: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in sorted(rows, key=lambda row: (row["sha256"], row["path"])):
        classes[row["label"]][row["sha256"]].append(row)
    for label, copies in classes.items():
        members = list(copies.values())
        order = rng_of(seed, "split", label).permutation(len(members))
        held_out = max(1, round(VALIDATION_SHARE * len(members))) if len(members) > 1 else 0
        for turn, index in enumerate(order):
            for row in members[index]:
                row["split"] = "val" if turn < held_out else "train"


def name_images(rows: list[Row]) -> None:
    """Give every image its id, in place: the file's stem, longer only where stems collide.

    Ids that differ in case alone collide too: their results would overwrite each other on some file
    systems.
    """
    for parts in (("stem",), ("label", "stem"), ("split", "label", "stem")):
        names = [".".join(name_part(row, part) for part in parts) for row in rows]
        if len({name.casefold() for name in names}) == len(names):
            break
    else:
        counts = Counter(name.casefold() for name in names)
        twice = next(name for name, count in counts.items() if count > 1)
        paths = [
            row["path"] for row, name in zip(rows, names, strict=True) if name.casefold() == twice
        ]
        raise InputError(
            f"{paths[0]} and {paths[1]} differ only in their suffix, or in upper and lower case; "
            "rename one"
        )
    for row, name in zip(rows, names, strict=True):
        if len(name.encode()) > LONGEST_ID:
            raise InputError(
                f"{row['path']}: its results cannot be named {name!r}, which has more than "
                f"{LONGEST_ID} bytes; shorten the file's name"
            )
        row["image"] = name


def composed(text: str) -> str:
    """Return a name in composed Unicode: some systems decompose the names of files."""
    return unicodedata.normalize("NFC", text)


def name_part(row: Row, part: str) -> str:
    """Return a part of an image's id: in composed Unicode, without path separators."""
    text = Path(row["path"]).stem if part == "stem" else row[part]
    return composed(text).replace("/", ".")
