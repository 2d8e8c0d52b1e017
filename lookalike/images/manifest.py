"""The manifest of a folder of images: every file decoded once, and what is special about it."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lookalike.core.errors import InputError
from lookalike.core.types import Row, StrPath
from lookalike.images.folders import list_images
from lookalike.images.reading import inspect_image

COLUMNS = ("image", "path", "label", "split", "sha256", "note")
# Images of 16 bits are taken for images of fewer if none of a folder has a value above this.
LARGEST_OF_14_BITS = 2**14 - 1


def find_images(
    folder: StrPath, seed: int = 0, split: str | None = None, threads: int = 1
) -> list[Row]:
    """List the images of a folder with one sub-folder for each class, or without classes.

    Either `folder/{train,val}/{class}/*` or `folder/{class}/*`. Where the folder has no splits, all
    images get the given one; without one, a fifth of each class is drawn for validation with the
    seed. Without class folders, all labels are empty. Every file is decoded.

    Parameters
    ----------
    folder : path
    seed : int
    split : str, optional
    threads : int
        Number of images that are decoded at once.

    Returns
    -------
    list of dict
        `image` (id), `path`, `label`, `split`, `sha256` and `note`, what is special about how the
        image is read; sorted by split, label and path.

    Raises
    ------
    InputError
        If the folder holds no image, or an image cannot be read, or the range of its values is not
        known.
    """
    rows = list_images(folder, seed, split)
    with ThreadPoolExecutor(threads) as pool:
        found = list(pool.map(try_image, (row["path"] for row in rows)))
    if errors := [text for text, _ in found if isinstance(text, InputError)]:
        more = f"; and {len(errors) - 1} more of this folder" if len(errors) > 1 else ""
        raise InputError(f"{errors[0]}{more}")
    peaks = {
        row["path"]: peak for row, (_, peak) in zip(rows, found, strict=True) if peak is not None
    }
    if peaks and max(peaks.values()) <= LARGEST_OF_14_BITS:
        path = max(peaks, key=peaks.__getitem__)
        raise InputError(
            f"{path}: has 16 bits a channel, but no image of its kind here has a value above "
            f"{peaks[path]} of 65535, so that fewer bits seem to be used; save them with values "
            "from 0 to 65535, or with 8 bits a channel"
        )
    for row, (note, _) in zip(rows, found, strict=True):
        row["note"] = note
    return [{name: row[name] for name in COLUMNS} for row in rows]


def try_image(path: str) -> tuple[str | InputError, int | None]:
    """Return what `inspect_image` tells, or the error in place of the note."""
    try:
        return inspect_image(path)
    except InputError as error:
        return error, None


def below(rows: Sequence[Row], folder: StrPath, column: str = "path") -> list[Row]:
    """Return rows whose files are named by their places below a folder, as `placed` reads them."""
    return [row | {column: Path(row[column]).relative_to(folder).as_posix()} for row in rows]


def placed(rows: Sequence[Row], folder: StrPath | None, column: str = "path") -> list[Row]:
    """Return rows with the whole paths of their files, which are named by their places below a
    folder; without one, they are whole already.

    The folder of images that a job made may lie elsewhere in each job that reads it.
    """
    return [row | {column: str(Path(folder, row[column]))} for row in rows] if folder else [*rows]


def given_images(images: Sequence[str], split: str) -> list[Row]:
    """Return the manifest of images whose maps are given: ids without files."""
    return [dict.fromkeys(COLUMNS, "") | {"image": image, "split": split} for image in images]
