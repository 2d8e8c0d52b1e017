"""Formats of user-supplied maps: one reader for each, found by the suffix of the file."""

import contextlib
import functools
import importlib
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from lookalike.core import io
from lookalike.core.errors import InputError
from lookalike.core.types import StrPath
from lookalike.images.reading import open_picture

# Kinds of NumPy's types that are numbers, and those that are text.
NUMBERS, TEXT = "fiub", "UO"
# The key of the array in a file that holds a single one without a name.
NAMELESS = ""
# Types of MATLAB that are no numbers, as NumPy's kinds.
MATLAB_KINDS = {"char": "U", "cell": "O", "struct": "V", "object": "V", "function": "V"}
LONGEST_REASON = 200
# Values of the largest tensor of which PyTorch may have stored fewer than its shape says.
MOST_REPEATED = 2**22


class Array(NamedTuple):
    """An array of a file, loaded when it is asked for: opening thousands of files stays cheap."""

    shape: tuple[int, ...]
    kind: str
    load: Callable[[], np.ndarray]


Arrays = dict[str, Array]


def open_arrays(path: StrPath) -> Arrays:
    """Return the arrays of a file by their names; the only one of a file without names is ''.

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in READERS:
        raise InputError(f"{path}: maps are read from {', '.join(READERS)} files")
    with reading(path):
        return READERS[suffix](path)


def load(array: Array, path: StrPath) -> np.ndarray:
    """Load an array of a file."""
    with reading(path):
        return array.load()


@contextlib.contextmanager
def reading(path: StrPath) -> Iterator[None]:
    """Turn what goes wrong when a file is read into one line that names it."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split())[:LONGEST_REASON] or type(error).__name__
        raise InputError(f"{path}: not a readable {Path(path).suffix} file ({reason})") from None


def array_in_memory(array: np.ndarray) -> Array:
    """Return an array that is loaded already."""
    return Array(array.shape, array.dtype.kind, lambda: array)


def read_npy(path: Path) -> Arrays:
    """Open a NumPy file without loading it."""
    mapped = np.lib.format.open_memmap(path, mode="r")
    return {NAMELESS: Array(mapped.shape, mapped.dtype.kind, lambda: mapped)}


def read_npz(path: Path) -> Arrays:
    """Read what the arrays of a NumPy archive are, without loading them."""
    from zipfile import ZipFile

    headers = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    found = {}
    with ZipFile(path) as archive:
        for member in archive.namelist():
            with archive.open(member) as file:
                shape, _, kind = headers[np.lib.format.read_magic(file)](file)
                stored = archive.getinfo(member).file_size - file.tell()
            if kind.kind in NUMBERS and math.prod(shape) * kind.itemsize != stored:
                raise ValueError(f"{member} claims the shape {shape}, and holds {stored} bytes")
            name = member.removesuffix(".npy")
            found[name] = Array(shape, kind.kind, functools.partial(load_from_npz, path, name))
    return found


def load_from_npz(path: Path, name: str) -> np.ndarray:
    """Load one array of a NumPy archive."""
    with np.load(path, allow_pickle=False) as archive:
        return archive[name]


def read_matlab(path: Path) -> Arrays:
    """Read what the variables of a MATLAB file are, without loading them."""
    from scipy.io import whosmat

    try:
        variables = whosmat(path)
    except NotImplementedError:
        raise InputError(
            f"{path}: a MATLAB file of version 7.3; save it with save(..., '-v7')"
        ) from None
    return {
        name: Array(shape, MATLAB_KINDS.get(kind, "f"), functools.partial(load_mat, path, name))
        for name, shape, kind in variables
    }


def load_mat(path: Path, name: str) -> np.ndarray:
    """Load one variable of a MATLAB file."""
    from scipy.io import loadmat

    return np.asarray(loadmat(path, variable_names=[name], chars_as_strings=True)[name])


def read_torch(path: Path) -> Arrays:
    """Read tensors; nothing else is unpickled."""
    try:
        # By its name, so that only maps that are tensors depend on PyTorch and its version.
        torch = importlib.import_module("torch")
    except ImportError:
        raise InputError(
            f"{path}: PyTorch reads such a file, and is not installed; save the maps as .npy"
        ) from None
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception:
        raise InputError(
            f"{path}: holds more than tensors, which may be unsafe to load, or is damaged; write "
            "it with torch.save(tensor, path)"
        ) from None
    parts = content if isinstance(content, dict) else {NAMELESS: content}
    return {str(name): array_in_memory(array_of(part)) for name, part in parts.items()}


def array_of(content: Any) -> np.ndarray:
    """Return a tensor, a list of tensors of one shape, or a list of text as an array."""
    if hasattr(content, "detach"):
        tensor = content.detach()
        if tensor.numel() > max(MOST_REPEATED, tensor.untyped_storage().nbytes()):
            raise ValueError(
                f"a tensor claims the shape {tuple(tensor.shape)}, and most of its values are not "
                "there; save it after .clone()"
            )
        return (tensor.float() if str(tensor.dtype) == "torch.bfloat16" else tensor).numpy()
    if isinstance(content, list | tuple) and all(hasattr(part, "detach") for part in content):
        return np.stack([array_of(part) for part in content])
    return np.array(content)


def read_grid(path: Path) -> Arrays:
    """Read a grid of numbers written as text: rows are lines, `#` begins a comment.

    Between cells are semicolons, tabs, commas or spaces: the first of these that occurs.
    """
    lines = [line for line in io.read_text(path).splitlines() if line.strip()]
    lines = [line for line in lines if not line.lstrip().startswith("#")]
    separator = next((mark for mark in ";\t," if any(mark in line for line in lines)), None)
    rows = [[cell.strip() for cell in line.split(separator)] for line in lines]
    if not rows or any(len(row) != len(rows[0]) for row in rows):
        raise InputError(f"{path}: not a grid: its lines hold different numbers of cells, or none")
    if counts_up(rows[0][1:]) and counts_up([row[0] for row in rows[1:]]) and not rows[0][0]:
        # The index and the columns of a pandas table, which are no part of the map.
        rows = [row[1:] for row in rows[1:]]
    elif counts_up(rows[0]):
        raise InputError(
            f"{path}: its first line counts 0, 1, 2, ... as a header does; write the map without "
            "header and index"
        )
    try:
        return {
            NAMELESS: array_in_memory(np.array([[float(cell) for cell in row] for row in rows]))
        }
    except ValueError as error:
        raise InputError(
            f"{path}: not a grid of numbers ({error}); write it without header, with decimal points"
        ) from None


def counts_up(cells: list[str]) -> bool:
    """Return whether cells hold 0, 1, 2, ... and at least three of these."""
    return len(cells) > 2 and cells == [str(index) for index in range(len(cells))]


def read_picture(path: Path) -> Arrays:
    """Read a grey picture; whole numbers are scaled by the largest that they can be, to [0, 1]."""
    from PIL import ImageOps

    with open_picture(path) as file:
        if (frames := getattr(file, "n_frames", 1)) > 1:
            raise InputError(f"{path}: holds {frames} pictures; a map is one")
        ImageOps.exif_transpose(file, in_place=True)
        mode = file.mode
        if mode in ("P", "PA") or "transparency" in file.info:
            mode = "RGBA"
        pixels = np.asarray(file.convert(mode))
    bands = np.moveaxis(pixels, -1, 0) if pixels.ndim == 3 else pixels[None]
    if mode in ("LA", "RGBA"):
        if bands[-1].min(initial=255) < 255:
            raise InputError(f"{path}: is transparent in part; save the map without transparency")
        bands = bands[:-1]
    if mode not in ("1", "L", "LA", "RGB", "RGBA", "F") and not mode.startswith("I;16"):
        raise InputError(
            f"{path}: the range of values of mode {mode} is not known; save the map as grey "
            "picture of 8 or 16 bits, or as .npy"
        )
    if any((band != bands[0]).any() for band in bands[1:]):
        raise InputError(
            f"{path}: is coloured, and a colour is no value; save the map in grey, or as .npy"
        )
    grey = bands[0]
    whole = grey.dtype.kind == "u"
    values = grey / np.iinfo(grey.dtype).max if whole else grey.astype(float)
    return {NAMELESS: array_in_memory(values)}


# A format is added here: from a suffix to its reader. Where a folder holds as many files of one
# reader as of another, the first counts.
READERS: dict[str, Callable[[Path], Arrays]] = {
    ".npy": read_npy,
    ".npz": read_npz,
    ".pt": read_torch,
    ".pth": read_torch,
    ".mat": read_matlab,
    ".csv": read_grid,
    ".tsv": read_grid,
    ".txt": read_grid,
} | dict.fromkeys(
    (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".pgm", ".tif", ".tiff", ".webp"), read_picture
)
# Files of these readers hold one map each, and need not be opened to know it.
SINGLE = (read_grid, read_picture)


def reader_of(path: Path) -> Callable[[Path], Arrays] | None:
    """Return the reader of a file, None where it is no map."""
    return READERS.get(path.suffix.lower())


def choose_format(files: list[Path]) -> tuple[list[Path], list[Path]]:
    """Split files into maps of one format, and others.

    Pictures often lie next to the maps that they show, and notes next to both. `.npy` files are the
    maps where there are any, else the files of the most frequent format.
    """
    readers = list(dict.fromkeys(READERS.values()))
    kinds = [reader_of(file) for file in files]
    chosen = max(
        (reader for reader in readers if reader in kinds),
        key=lambda reader: (reader is read_npy, kinds.count(reader), -readers.index(reader)),
        default=None,
    )
    maps = [file for file, kind in zip(files, kinds, strict=True) if kind and kind is chosen]
    return maps, sorted(set(files) - set(maps))
