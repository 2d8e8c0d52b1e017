"""Images and masks as arrays."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from lookalike.core.errors import InputError
from lookalike.core.types import Row, StrPath

if TYPE_CHECKING:
    from PIL import Image

Fit = Literal["crop", "squash", "pad"]
# Of the borders of padded images: near the mean of most networks' normalisation.
NEUTRAL_GREY = 128
# How many times larger than needed an image is decoded, and then averaged in blocks, at least.
REDUCING_GAP = 3


def load_images(rows: Sequence[Row], size: int, fit: Fit, threads: int = 1) -> np.ndarray:
    """Decode images, several at a time.

    Parameters
    ----------
    rows : list of dict
        With `path`.
    size : int
    fit : {"crop", "squash", "pad"}
        As for `fit_image`.
    threads : int
        Number of images that are decoded at once.

    Returns
    -------
    ndarray, shape (n, size, size, 3), uint8
    """
    from concurrent.futures import ThreadPoolExecutor

    images = np.empty((len(rows), size, size, 3), dtype=np.uint8)

    def decode(index: int) -> None:
        images[index] = read_image(rows[index]["path"], size, fit)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(decode, range(len(rows))))
    return images


def read_image(path: StrPath, size: int, fit: Fit) -> np.ndarray:
    """Return an image as RGB, brought to a square as `fit_image` does.

    Returns
    -------
    ndarray, shape (size, size, 3), uint8
    """
    from PIL import Image, ImageOps

    try:
        with Image.open(path) as file:
            file.draft("RGB", (REDUCING_GAP * size, REDUCING_GAP * size))
            ImageOps.exif_transpose(file, in_place=True)
            image: Image.Image = file
            if image.mode.startswith("I;16"):
                # Pillow would clip 16 bits to 8, not scale them.
                image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
            fitted = fit_image(
                image.convert("RGB"), size, fit, Image.Resampling.BICUBIC, NEUTRAL_GREY
            )
            return np.asarray(fitted)
    except Exception as error:
        raise InputError(
            f"{path}: not a readable image ({error}); replace it or take it out of its folder"
        ) from None


def fit_image(
    image: "Image.Image", size: int, fit: Fit, resample: "Image.Resampling", fill: int = 0
) -> "Image.Image":
    """Bring an image, or a mask of it, to a square.

    Parameters
    ----------
    image : PIL.Image.Image
    size : int
        Side of the square in pixels.
    fit : {"crop", "squash", "pad"}
        `crop` scales the short side to `size` and takes the centre; `squash` scales both sides;
        `pad` scales the long side and adds borders on both sides of the short one.
    resample : PIL.Image.Resampling
    fill : int
        Value of the borders in all channels.

    Returns
    -------
    PIL.Image.Image
        Of the same mode.
    """
    from PIL import Image

    width, height = image.size
    if fit == "squash":
        return image.resize((size, size), resample, reducing_gap=REDUCING_GAP)
    if fit == "crop":
        side = min(width, height)
        left, top = (width - side) / 2, (height - side) / 2
        box = (left, top, left + side, top + side)
        return image.resize((size, size), resample, box, REDUCING_GAP)
    side = max(width, height)
    width, height = max(1, round(width * size / side)), max(1, round(height * size / side))
    colour = (fill,) * len(image.getbands())
    square = Image.new(image.mode, (size, size), colour if len(colour) > 1 else fill)
    scaled = image.resize((width, height), resample, reducing_gap=REDUCING_GAP)
    square.paste(scaled, (round((size - width) / 2), round((size - height) / 2)))
    return square


def read_mask(path: StrPath, size: int) -> np.ndarray:
    """Return a mask as booleans, shape (size, size)."""
    return read_image(path, size, "squash")[..., 0] >= 128
