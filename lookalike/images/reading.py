"""Images and masks as arrays."""

from collections.abc import Sequence

import numpy as np

from lookalike.core.errors import InputError
from lookalike.core.types import Row, StrPath


def load_images(rows: Sequence[Row], size: int, threads: int = 1) -> np.ndarray:
    """Decode images, several at a time.

    Parameters
    ----------
    rows : list of dict
        With `path`.
    size : int
    threads : int
        Number of images that are decoded at once.

    Returns
    -------
    ndarray, shape (n, size, size, 3), uint8
    """
    from concurrent.futures import ThreadPoolExecutor

    images = np.empty((len(rows), size, size, 3), dtype=np.uint8)

    def decode(index: int) -> None:
        images[index] = read_image(rows[index]["path"], size)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(decode, range(len(rows))))
    return images


def read_image(path: StrPath, size: int) -> np.ndarray:
    """Return an image as RGB, resized to a square.

    Returns
    -------
    ndarray, shape (size, size, 3), uint8
    """
    from PIL import Image, ImageOps

    try:
        with Image.open(path) as file:
            file.draft("RGB", (size, size))
            ImageOps.exif_transpose(file, in_place=True)
            image: Image.Image = file
            if image.mode.startswith("I;16"):
                # Pillow would clip 16 bits to 8, not scale them.
                image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
            return np.asarray(
                image.convert("RGB").resize((size, size), Image.Resampling.BICUBIC, reducing_gap=3)
            )
    except Exception as error:
        raise InputError(
            f"{path}: not a readable image ({error}); replace it or take it out of its folder"
        ) from None


def read_mask(path: StrPath, size: int) -> np.ndarray:
    """Return a mask as booleans, shape (size, size)."""
    return read_image(path, size)[..., 0] >= 128
