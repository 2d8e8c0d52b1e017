"""Masks of objects: which file belongs to which image, and which of its pixels are the object."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lookalike.core.errors import InputError
from lookalike.core.types import Row, StrPath
from lookalike.images.folders import composed, find_files
from lookalike.images.reading import Fit, open_picture

if TYPE_CHECKING:
    from PIL import Image

COLUMNS = ("image", "mask", "path", "area")
# Index of the borders in the palettes of Pascal VOC, which belong to no object.
VOID = 255
# Files that do not keep single values. What is dark or bright in them is not a value of its own.
LOSSY = ("JPEG", "MPO", "JPEG2000", "AVIF", "WEBP")
DARK, BRIGHT = 32, 224
MOST_BETWEEN = 0.1
EXIF_ORIENTATION = 0x0112
SHOWN = 5


def find_masks(rows: Sequence[Row], folder: StrPath) -> list[Row]:
    """Find the masks of the images of a manifest in a folder, at any depth.

    Parameters
    ----------
    rows : list of dict
        Of the manifest.
    folder : path

    Returns
    -------
    list of dict
        `image`, `mask`, the path of its file, and `path`, that of the image. A mask has the image's
        id as its name, or as its place below the folder (`cat/01.png` for `cat.01`), with the
        suffix of any image, or .npy.

    Raises
    ------
    InputError
        If two files are for one image, or none is for any.
    """
    folder = Path(folder)
    pictures, others = find_files(folder)
    files = sorted([*pictures, *(Path(row["path"]) for row in others if row["kind"] == ".npy")])
    by_name: dict[str, list[Path]] = {}
    for file in files:
        for name in names_of(file, folder):
            by_name.setdefault(name, []).append(file)
    found = []
    for row in rows:
        own = by_name.get(composed(row["image"]), [])
        if len(own) > 1:
            raise InputError(
                f"images.masks: {own[0]} and {own[1]} would both be the mask of image "
                f"{row['image']!r}; keep one"
            )
        found += [{"image": row["image"], "mask": str(file), "path": row["path"]} for file in own]
    used = {row["mask"] for row in found}
    idle = [str(file.relative_to(folder)) for file in files if str(file) not in used]
    lacking = [row["image"] for row in rows if row["image"] not in {one["image"] for one in found}]
    if not found:
        raise InputError(
            f"images.masks: {folder} holds no mask of any image{shown(idle)}; name the mask of an "
            f"image by the image's id, such as {rows[0]['image']}.png"
        )
    for what, names in (("masks of no image", idle), ("images without mask", lacking)):
        if names:
            print(f"{len(names)} {what}{shown(names)}")
    return found


def names_of(file: Path, folder: Path) -> set[str]:
    """Return the ids of images of which a file may be the mask: with more and more of the folders
    above it.
    """
    parts = file.relative_to(folder).with_suffix("").parts
    return {composed(".".join(parts[start:])) for start in range(len(parts))}


def shown(names: Sequence[str]) -> str:
    """Return the first of some names as the end of a phrase."""
    more = ", ..." if len(names) > SHOWN else ""
    return f" ({', '.join(names[:SHOWN])}{more})" if names else ""


def measure_masks(rows: Iterable[Row]) -> list[Row]:
    """Return found masks with `area`, the share of their pixels that is the object.

    Raises
    ------
    InputError
        If a mask cannot be read or has another geometry than its image, or all masks are empty, or
        all are full.
    """
    measured = [row | {"area": float(read_object(row["mask"], row["path"]).mean())} for row in rows]
    for area, kind in ((0.0, "empty"), (1.0, "full")):
        if measured and all(row["area"] == area for row in measured):
            raise InputError(
                f"images.masks: all {len(measured)} masks are {kind}, for example "
                f"{measured[0]['mask']}; every pixel that is not 0 is the object, or every one "
                "that is not transparent where all have one colour"
            )
    return measured


def fit_mask(mask: np.ndarray, shape: tuple[int, ...], fit: Fit) -> np.ndarray:
    """Return which share of each cell of a map's grid a mask covers, once it went the way of its
    image.

    Parameters
    ----------
    mask : ndarray, shape (height, width), bool
    shape : (int, int)
        Of the grid, which lies over the square that the image was brought to.
    fit : {"crop", "squash", "pad"}
        How, as for `fit_image`.

    Returns
    -------
    ndarray, shape `shape`
        By area, from 0 to 1.
    """
    height, width = mask.shape
    sides = {
        "crop": (min(mask.shape), min(mask.shape)),
        "pad": (max(mask.shape), max(mask.shape)),
        "squash": (height, width),
    }[fit]
    cover = mask.astype(float)
    for side, cells in zip(sides, shape, strict=True):
        cover = means_of_cells(cover, side, cells).T
    return cover


def means_of_cells(values: np.ndarray, side: int, cells: int) -> np.ndarray:
    """Return the mean of values (n, k) over cells of equal size along the first axis, which cover
    `side` values about the middle, shape (cells, k); there is 0 outside.
    """
    extent = len(values)
    edges = (extent - side) / 2 + side * np.arange(cells + 1) / cells
    edges = edges.clip(0, extent)
    whole = np.minimum(edges.astype(int), extent - 1)
    before = np.vstack([np.zeros_like(values[:1]), values.cumsum(axis=0)])
    sums = before[whole] + (edges - whole)[:, None] * values[whole]
    return np.diff(sums, axis=0) * cells / side


def reader_of(rows: Mapping[str, Row]) -> Callable[[str], np.ndarray]:
    """Return a reader of masks by image, given the rows of `masks.csv` by image."""

    def read(image: str) -> np.ndarray:
        return read_object(rows[image]["mask"], rows[image]["path"])

    return read


def read_object(path: StrPath, image_path: StrPath) -> np.ndarray:
    """Return which pixels of a mask are the object, shape (h, w), bool.

    Raises
    ------
    InputError
        If the file is no mask, or has another geometry than its image.
    """
    found = read_array(path) if Path(path).suffix.lower() == ".npy" else read_picture(path)
    check_geometry(path, found.shape[::-1], image_path)
    return found


def read_array(path: StrPath) -> np.ndarray:
    """Return which values of a .npy file are not 0."""
    try:
        # `np.load` takes an archive of this name too.
        with Path(path).open("rb") as file:
            values = np.lib.format.read_array(file, allow_pickle=False)
    except Exception as error:
        raise InputError(f"{path}: not a readable .npy array ({error})") from None
    if values.ndim != 2 or values.dtype.kind not in "fiub" or not np.isfinite(values).all():
        raise InputError(
            f"{path}: a mask must be a 2-D array of finite numbers or booleans, not "
            f"{values.dtype} of shape {values.shape}"
        )
    return values != 0


def read_picture(path: StrPath) -> np.ndarray:
    """Return which pixels of a picture are the object."""
    from PIL import ImageOps

    try:
        with open_picture(path) as file:
            if (frames := getattr(file, "n_frames", 1)) > 1 and file.format != "MPO":
                raise InputError(f"{path}: holds {frames} pictures; a mask is one")
            is_lossy = file.format in LOSSY and not is_lossless(path)
            ImageOps.exif_transpose(file, in_place=True)
            return object_of(file, is_lossy, path)
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"{path}: not a readable mask ({error}); replace it") from None


def is_lossless(path: StrPath) -> bool:
    """Return whether a WebP file keeps its values."""
    with Path(path).open("rb") as file:
        return b"VP8L" in file.read()


def object_of(picture: "Image.Image", is_lossy: bool, path: StrPath) -> np.ndarray:
    """Return which pixels of an open picture are the object."""
    mode = picture.mode
    if mode == "P" and "transparency" not in picture.info:
        return object_of_palette(picture, path)
    if mode in ("P", "PA") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
    if mode in ("CMYK", "LAB", "HSV", "YCbCr"):
        raise InputError(f"{path}: a mask of mode {mode}; save it as grey or RGB")
    pixels = np.asarray(picture)
    bands = pixels[..., None] if pixels.ndim == 2 else pixels
    colours = bands[..., :-1] if picture.mode.endswith(("A", "a")) else bands
    if not np.isfinite(colours).all():
        raise InputError(f"{path}: holds NaN or infinity; save the mask as 0 and 255")
    found = bright(colours, path) if is_lossy else (colours != 0).any(axis=-1)
    if colours.shape[-1] == bands.shape[-1] or np.ptp(bands[..., -1]) == 0:
        return found
    visible = bands[..., -1] > 0
    # Colours of invisible pixels mean nothing. Where all others have one, alpha is the mask.
    is_plain = (colours[visible] == colours[visible][0]).all()
    return visible if is_plain else visible & found


def object_of_palette(picture: "Image.Image", path: StrPath) -> np.ndarray:
    """Return which pixels of a picture with a palette have an index that is not 0, nor that of the
    void around other objects.
    """
    indices = np.asarray(picture)
    used = set(np.unique(indices).tolist())
    palette = np.reshape(picture.getpalette("RGB") or [], (-1, 3))
    black = {index for index in used if index < len(palette) and not palette[index].any()}
    if 0 in used and 0 not in black and black:
        raise InputError(
            f"{path}: index 0 of its palette is {tuple(palette[0].tolist())}, and index "
            f"{min(black)} is black; save the mask in grey, with 0 for what is not the object"
        )
    found = indices != 0
    return found & (indices != VOID) if used - {0, VOID} else found


def bright(colours: np.ndarray, path: StrPath) -> np.ndarray:
    """Return which pixels of a lossy file are bright; if none is, or many are neither dark nor
    bright, its values are labels or a photograph.
    """
    values = colours.max(axis=-1)
    between = ((values >= DARK) & (values < BRIGHT)).mean()
    if between > MOST_BETWEEN or 0 < values.max() < BRIGHT:
        raise InputError(
            f"{path}: a lossy file whose values are not near 0 and 255, so that labels cannot be "
            "read from it; save the mask as PNG"
        )
    return values >= 128


def check_geometry(path: StrPath, mask: Sequence[int], image_path: StrPath) -> None:
    """Refuse a mask (width, height) of another shape than its upright image; sizes may differ."""
    try:
        with open_picture(image_path) as file:
            stored = file.size
            turned = file.getexif().get(EXIF_ORIENTATION, 1) in (5, 6, 7, 8)
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"{image_path}: not a readable image ({error})") from None
    image = stored[::-1] if turned else stored
    if same_shape(mask, image):
        return
    sizes = f"{path} is {mask[0]} x {mask[1]}, its image {image_path} {image[0]} x {image[1]}"
    if turned and same_shape(mask, stored):
        raise InputError(
            f"{sizes} once it is turned upright, as its EXIF orientation says; turn the mask in "
            "the same way"
        )
    raise InputError(f"{sizes}; a mask needs the shape of its image, at any resolution")


def same_shape(one: Sequence[int], other: Sequence[int]) -> bool:
    """Return whether two sizes (width, height) are one shape, but for the rounding of the smaller
    one's sides.
    """
    (width, height), (larger_width, larger_height) = sorted([tuple(one), tuple(other)], key=max)
    return abs(width * larger_height - height * larger_width) < max(larger_width, larger_height)
