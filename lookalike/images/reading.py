"""Images as arrays."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from lookalike.core.errors import InputError
from lookalike.core.io import hash_file
from lookalike.core.types import Row, StrPath

if TYPE_CHECKING:
    from PIL import Image, ImageFile

Fit = Literal["crop", "squash", "pad"]
# Of the borders of padded images: near the mean of most networks' normalisation.
NEUTRAL_GREY = 128
# Red, green and blue in grey, by ITU-R BT.601.
LUMA = (0.299, 0.587, 0.114)
# A picture of more pixels takes gigabytes, however small its file is.
MOST_PIXELS = 160_000_000
# How many times larger than needed an image is decoded, and then averaged in blocks, at least.
REDUCING_GAP = 3
# What a manifest notes of an image.
WHITENED = "transparent parts are taken as white"
FIRST_FRAME = "the first of several frames or pages is taken"
# Tags of TIFF.
BITS_PER_SAMPLE, PHOTOMETRIC, MAX_SAMPLE_VALUE, SAMPLE_FORMAT = 258, 262, 281, 339
SIGNED, WHITE_IS_ZERO = 2, 0
# In Pillow's description of how a file codes its pixels: 16 bits a channel.
FULL_RANGE = (";16", ", 65535)")


def load_images(rows: Sequence[Row], size: int, fit: Fit, threads: int = 1) -> np.ndarray:
    """Decode images, several at a time.

    Parameters
    ----------
    rows : list of dict
        With `path` and, if it is known, `sha256`.
    size : int
    fit : {"crop", "squash", "pad"}
        As for `fit_image`.
    threads : int
        Number of images that are decoded at once.

    Returns
    -------
    ndarray, shape (n, size, size, 3), uint8

    Raises
    ------
    InputError
        If an image cannot be read, or is another than the one that was listed.
    """
    from concurrent.futures import ThreadPoolExecutor

    images = np.empty((len(rows), size, size, 3), dtype=np.uint8)

    def decode(index: int) -> None:
        check_image(rows[index])
        images[index] = read_image(rows[index]["path"], size, fit)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(decode, range(len(rows))))
    return images


def check_image(row: Row) -> None:
    """Refuse an image that is no longer the one that a manifest lists."""
    if row.get("sha256") and hash_file(row["path"]) != row["sha256"]:
        raise InputError(
            f"{row['path']}: has changed since it was listed (SHA-256); get it back, or "
            "delete `images/manifest.csv` among the results and run the same command, which takes "
            "it as it is"
        )


def read_image(path: StrPath, size: int, fit: Fit) -> np.ndarray:
    """Return an image as RGB, brought to a square as `fit_image` does.

    Returns
    -------
    ndarray, shape (size, size, 3), uint8

    Raises
    ------
    InputError
        If it cannot be read, or the range of its values is not known.
    """
    from PIL import Image

    image = decode(path, REDUCING_GAP * size).image
    return np.asarray(fit_image(image, size, fit, Image.Resampling.BICUBIC, NEUTRAL_GREY))


def inspect_image(path: StrPath) -> tuple[str, int | None]:
    """Decode an image, so that one that is truncated is found, and tell what is special about it.

    Returns
    -------
    note : str
        What is left out or added when the image is read; mostly empty.
    peak : int or None
        Largest value of an image of 16 bits that does not tell how many of them it uses.
    """
    decoded = decode(path, 1)
    notes = [WHITENED] * decoded.is_transparent + [FIRST_FRAME] * decoded.has_frames
    return "; ".join(notes), decoded.peak


class Decoded(NamedTuple):
    """An image as RGB, and what is special about its file."""

    image: "Image.Image"
    is_transparent: bool
    has_frames: bool
    peak: int | None


def decode(path: StrPath, side: int) -> Decoded:
    """Decode an image, upright; a JPEG possibly smaller, but with no side below `side`."""
    try:
        with open_picture(path) as file:
            return to_rgb(file, side)
    except InputError:
        raise
    except Exception as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise InputError(
            f"{path}: not a readable image ({reason}); replace it, for example by a PNG of 8 bits "
            "a channel, or take it out of its folder"
        ) from None


def open_picture(path: StrPath) -> "ImageFile.ImageFile":
    """Open a picture whose pixels are not read yet; refuse one of too many pixels."""
    from PIL import Image

    try:
        file = Image.open(path)
        too_large = file.width * file.height > MOST_PIXELS
    except Image.DecompressionBombError:
        too_large = True
    if too_large:
        raise InputError(
            f"{path}: has more than {MOST_PIXELS / 1e6:.0f} million pixels; scale it down, or take "
            "it out of its folder"
        )
    return file


def to_rgb(file: "ImageFile.ImageFile", side: int) -> Decoded:
    """Decode an open file as RGB of 8 bits, as `decode`.

    Transparent parts become white. Of several frames or pages, the first is taken.
    """
    from PIL import Image, ImageCms, ImageOps

    tags: Mapping[int, Any] = getattr(file, "tag_v2", {})
    coding = str([tile[3] for tile in file.tile])
    # Pillow cuts colours of 16 bits to their upper 8, and keeps grey.
    is_deep = file.mode.startswith("I") or any(text in coding for text in FULL_RANGE)
    if SIGNED in tags.get(SAMPLE_FORMAT, ()):
        raise ValueError("its integers are signed, and their range is not known")
    if file.mode == "I" and file.format != "PPM":
        raise ValueError("it has integers of 32 bits, whose range is not known")
    if is_deep and "transparency" in file.info:
        raise ValueError("it has 16 bits a channel and a transparent colour")
    # The second image of an MPO belongs to the camera, not to the picture.
    has_frames = getattr(file, "is_animated", False) and file.format != "MPO"
    file.draft("RGB", (side, side))
    ImageOps.exif_transpose(file, in_place=True)
    image: Image.Image = file
    bits, peak = known_bits(file, tags, coding), None
    if is_deep and bits is None:
        values = np.asarray(image)
        peak = int(values.max()) if values.ndim == 2 else 257 * int(values[..., :3].max())
    if image.mode.startswith("I"):
        image = grey_of(np.asarray(image) / (2.0 ** (bits or 16) - 1), tags)
    elif image.mode == "F":
        image = grey_of(np.asarray(image), tags)
    elif image.mode == "LAB":
        lab, rgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        image = ImageCms.profileToProfile(image, lab, rgb, outputMode="RGB") or image
    is_transparent = False
    if image.has_transparency_data:
        image = image.convert("RGBA")
        alpha = np.asarray(image.getchannel("A"))
        if not alpha.any():
            raise ValueError("it is transparent throughout")
        is_transparent = bool((alpha < 255).any())
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return Decoded(image.convert("RGB"), is_transparent, has_frames, peak)


def known_bits(file: "ImageFile.ImageFile", tags: Mapping[int, Any], coding: str) -> int | None:
    """Return how many of an image's 16 bits are used, where its file tells that these are fewer
    than all.
    """
    if file.format == "PPM":
        # Pillow scales by the stated maximum.
        return None if any(text in coding for text in FULL_RANGE) else 16
    bits = int(tags.get(BITS_PER_SAMPLE, (16,))[0])
    if bits < 16 or len(file.getbands()) > 1:
        return bits if bits < 16 else None
    # Other numbers are the largest value of one picture, which tells nothing of the range.
    stated = int(np.max(tags.get(MAX_SAMPLE_VALUE, 0)))
    return {2**bits - 1: bits for bits in (10, 12, 14)}.get(stated)


def grey_of(values: np.ndarray, tags: Mapping[int, Any]) -> "Image.Image":
    """Return values from 0 to 1 as a grey image of 8 bits; others are refused."""
    from PIL import Image

    if not (values.min() >= 0 and values.max() <= 1):
        raise ValueError(
            f"its values go from {values.min():g} to {values.max():g} of their range, which is 0 "
            "to 1"
        )
    scaled = np.round(255 * values).astype(np.uint8)
    return Image.fromarray(255 - scaled if tags.get(PHOTOMETRIC) == WHITE_IS_ZERO else scaled)


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
