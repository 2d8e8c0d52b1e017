"""Files: the module that knows their formats, but for weights.py. Writes atomically, checks what it reads."""

import contextlib
import csv
import json
import os
import tempfile
from io import StringIO
from pathlib import Path

import numpy as np

from lookalike.errors import InputError


@contextlib.contextmanager
def replacing(path):
    """Yield a temporary path beside `path`, which takes its place when the block ends well."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    try:
        yield Path(temporary)
        Path(temporary).chmod(0o666 & ~current_umask())
        Path(temporary).replace(path)
    finally:
        Path(temporary).unlink(missing_ok=True)


def current_umask():
    """Return the process's umask, which `mkstemp` ignores."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def read_text(path):
    """Return the text of a file, its line ends as they are."""
    try:
        return Path(path).read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({error})") from None


def write_text(path, text):
    """Write a text file."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def read_json(path):
    """Return the content of a JSON file."""
    try:
        return json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise InputError(f"{path}: not valid JSON ({error})") from None


def write_json(path, content):
    """Write a JSON file, indented; NaN is refused, since JSON has none."""
    write_text(path, json.dumps(content, indent=1, allow_nan=False) + "\n")


def read_table(path):
    """Return a CSV table as a list of dicts of strings."""
    return list(csv.DictReader(StringIO(read_text(path), newline="")))


def write_table(path, rows, columns=None):
    """Write a list of dicts as a CSV table; floats in full precision, None as empty."""
    columns = columns or list(rows[0])
    with replacing(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: plain(row[name]) for name in columns} for row in rows)


def plain(value):
    """Return NumPy scalars as Python's, so that their text is the shortest exact one."""
    return value.item() if isinstance(value, np.generic) else value


def read_matrix(path):
    """Read a square CSV matrix with names in the first row and column.

    Returns
    -------
    matrix : ndarray, shape (m, m), float64
        NaN where a cell is empty.
    names : list of str
    """
    rows = [row for row in csv.reader(StringIO(read_text(path), newline="")) if row]
    names = rows[0][1:] if rows else []
    if len(rows) != len(names) + 1 or any(len(row) != len(rows[0]) for row in rows):
        raise InputError(f"{path}: not square: {len(rows) - 1} rows below {len(names)} names of columns; the first row and column must hold the names")
    if [row[0] for row in rows[1:]] != names:
        raise InputError(f"{path}: the names of the rows are not the names of the columns; the first row and column must hold the same names in one order")
    try:
        return np.array([[float(cell or "nan") for cell in row[1:]] for row in rows[1:]]).reshape(len(names), len(names)), names
    except ValueError as error:
        raise InputError(f"{path}: not a matrix of numbers ({error})") from None


def write_matrix(path, matrix, names):
    """Write a square matrix as CSV with names in the first row and column; NaN is an empty cell."""
    rows = [
        {"": name} | {other: "" if np.isnan(cell) else plain(cell) for other, cell in zip(names, row, strict=True)}
        for name, row in zip(names, matrix, strict=True)
    ]
    write_table(path, rows, columns=["", *names])


def read_arrays(path):
    """Return the arrays of an .npz file as a dict; objects are refused, never unpickled."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except Exception as error:
        raise InputError(f"{path}: not a readable .npz file ({error})") from None


def read_each(paths):
    """Return the arrays of several .npz files by their path."""
    return {str(path): read_arrays(path) for path in paths}


def write_arrays(path, **arrays):
    """Write arrays to an .npz file, uncompressed."""
    with replacing(path) as temporary:
        np.savez(temporary, **{name: np.asarray(array) for name, array in arrays.items()})


def read_map(path):
    """Return one saliency map, shape (h, w), float32.

    Raises
    ------
    InputError
        If the file is not a two-dimensional array of real numbers, or holds a value that is not finite.
    """
    try:
        with Path(path).open("rb") as file:
            saliency = np.lib.format.read_array(file, allow_pickle=False)
    except Exception as error:
        raise InputError(f"{path}: not a readable .npy array ({error})") from None
    return checked_map(saliency, path)


def checked_map(saliency, path):
    """Return a map as float32; refuse what is no 2-D array of finite real numbers, naming where it comes from."""
    if saliency.ndim != 2 or saliency.dtype.kind not in "fiub":
        raise InputError(f"{path}: a map must be a 2-D array of real numbers, not {saliency.dtype} of shape {saliency.shape}")
    with np.errstate(over="ignore"):
        saliency = saliency.astype(np.float32)
    bad = np.argwhere(~np.isfinite(saliency))
    if len(bad):
        row, column = bad[0]
        raise InputError(f"{path}: {len(bad)} values are not finite, the first at row {row}, column {column}; repair the map or leave its image out")
    return saliency


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
    """Return the maps of some images: from a folder, one `IMAGE.npy` each, or from one .npy file, in their order."""
    if Path(path).is_dir():
        return [read_map(Path(path, f"{image}.npy")) for image in images]
    count = len(open_stack(path))
    if count != len(images):
        raise InputError(f"{path}: must hold {len(images)} maps, not {count}")
    return [read_map_of_stack(path, place) for place in range(count)]


def read_map_of_stack(path, place):
    """Return one map of a .npy file of many, shape (h, w), float32."""
    return checked_map(open_stack(path)[place], f"{path}, map {place}")


def read_stack_images(path):
    """Return the ids of a stack's maps: those that its .json names, or else their places as numbers."""
    count, card = len(open_stack(path)), Path(path).with_suffix(".json")
    content = read_json(card) if card.is_file() else None
    images = content.get("images") if isinstance(content, dict) else content
    if images is None:
        return [f"{place:0{len(str(count - 1))}}" for place in range(count)]
    if len(images) != count:
        raise InputError(f"{path}: holds {count} maps, {card.name} names {len(images)} images")
    return images


def write_map(path, saliency):
    """Write one map as .npy, float32."""
    with replacing(path) as temporary:
        np.save(temporary, np.asarray(saliency, dtype=np.float32))


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
    with replacing(path) as temporary:
        batch = np.lib.format.open_memmap(temporary, mode="w+", dtype=np.float32, shape=tuple(card["shape"]))
        for place, saliency in zip(batch, maps, strict=True):
            place[...] = saliency
        batch.flush()
    write_json(Path(path).with_suffix(".json"), card)


class Batch:
    """The maps of a .npy file, (n, H, W), each read when it is asked for.

    A memory map would do the same, but counts as the job's memory as far as it has been read: all of it in the end.
    """

    def __init__(self, path):
        mapped = np.lib.format.open_memmap(path, mode="r")
        if not mapped.flags.c_contiguous:
            raise ValueError("its values are in Fortran's order")
        self.path, self.shape, self.dtype, self.start = path, mapped.shape, mapped.dtype, mapped.offset

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
    card = read_json(Path(path).with_suffix(".json"))
    try:
        maps = Batch(path)
    except Exception as error:
        raise InputError(f"{path}: not a readable .npy array ({error})") from None
    if list(maps.shape) != card["shape"] or len(card["images"]) != len(maps):
        raise InputError(f"{path}: holds {maps.shape}, its card says {card['shape']} for {len(card['images'])} images")
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
        same_images(images, card["images"], images_path, path)
        if maps.shape != first_maps.shape or card["data_range"] != first_card["data_range"]:
            views = [f"{one['shape']} of range {one['data_range']}" for one in (first_card, card)]
            raise InputError(f"{paths[0]} and {path} are different views: {views[0]}, and {views[1]}")
    return [maps for maps, _ in batches], images, first_card["data_range"]


def same_images(first, second, first_path, second_path):
    """Refuse two lists of image ids that differ, naming the first difference."""
    for place, (one, other) in enumerate(zip(first, second, strict=False)):
        if one != other:
            raise InputError(f"{first_path} and {second_path} hold different images: number {place} is {one!r} in one, {other!r} in the other")
    if len(first) != len(second):
        raise InputError(f"{first_path} and {second_path} hold different images: {len(first)} in one, {len(second)} in the other")


def write_image(path, pixels):
    """Write pixels (uint8 RGB, or bool for a mask) as PNG."""
    from PIL import Image

    with replacing(path) as temporary:
        Image.fromarray(pixels).save(temporary, format="png")
