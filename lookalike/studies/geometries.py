"""Where in a picture the square lies that a network sees, and maps of one square in another."""

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from lookalike.core.errors import InputError
from lookalike.core.types import Row
from lookalike.images.reading import (
    NEUTRAL_GREY,
    REDUCING_GAP,
    Fit,
    check_image,
    decode,
    fit_image,
)

if TYPE_CHECKING:
    from PIL import Image

    from lookalike.models.networks import TimmNetwork

# What timm calls the ways of `fit_image`.
MODES = {"crop": "center", "squash": "squash", "pad": "border"}


@dataclass(frozen=True)
class Geometry:
    """How pictures are brought to a square, as timm describes it.

    Attributes
    ----------
    size : int
        Side of the square in pixels.
    mode : {"center", "squash", "border"}
        Whether the short side, both sides or the long side are scaled to `size` / `crop`.
    crop : float
        Share of the scaled side that the square covers, around the centre.
    interpolation : str
        Name of Pillow's filter.
    fill : tuple of int
        Colour of borders; empty where the mode has none.
    fit : {"crop", "squash", "pad"}, optional
        The workflow's own way, which makes the same square by `fit_image`.
    """

    size: int
    mode: str
    crop: float = 1.0
    interpolation: str = "bicubic"
    fill: tuple[int, ...] = ()
    fit: Fit | None = field(default=None, compare=False)

    def layout(self, width: int, height: int) -> tuple[int, int, int, int]:
        """Return width and height of a picture when it is scaled, and the left upper corner of the
        square in it, all rounded as by timm.
        """
        side = math.floor(self.size / self.crop)
        if self.mode == "squash":
            scaled = [side, side]
        elif self.mode == "border":
            ratio = max(width, height) / side
            scaled = [round(width / ratio), round(height / ratio)]
        else:
            short = min(width, height)
            scaled = [int(side * width / short), int(side * height / short)]
        corner = [
            round((length - self.size) / 2) if length >= self.size else -((self.size - length) // 2)
            for length in scaled
        ]
        return scaled[0], scaled[1], corner[0], corner[1]

    def box(self, width: int, height: int) -> np.ndarray:
        """Return left, top, right and bottom of the square, as shares of a picture's sides: below 0
        or above 1 where it goes beyond.
        """
        *scaled, left, top = self.layout(width, height)
        corners = [left, top, left + self.size, top + self.size]
        return np.array(corners) / np.array([*scaled, *scaled])

    def apply(self, image: "Image.Image") -> "Image.Image":
        """Return the square of a picture."""
        from PIL import Image

        resample = Image.Resampling[self.interpolation.upper()]
        if self.fit:
            return fit_image(image, self.size, self.fit, resample, NEUTRAL_GREY)
        *scaled, left, top = self.layout(*image.size)
        square = Image.new(image.mode, (self.size, self.size), self.fill or 0)
        square.paste(image.resize((scaled[0], scaled[1]), resample), (-left, -top))
        return square


def shared_geometry(size: int, fit: Fit) -> Geometry:
    """Return the geometry of the workflow."""
    fill = (NEUTRAL_GREY,) * 3 if fit == "pad" else ()
    return Geometry(size, MODES[fit], fill=fill, fit=fit)


def own_geometry(net: "TimmNetwork", img_size: int | Sequence[int] | None = None) -> Geometry:
    """Return the geometry that a timm network was made for, of a size that its options may give.

    Raises
    ------
    InputError
        If its images are no squares.
    """
    from lookalike.models.compiler import import_timm

    config = import_timm().data.resolve_model_data_config(net)
    sides = set(np.atleast_1d(config["input_size"][1:] if img_size is None else img_size).tolist())
    if len(sides) > 1:
        raise InputError("its own images are no squares")
    mode = config["crop_mode"]
    fill = tuple(round(255 * value) for value in config["mean"]) if mode == "border" else ()
    fill = fill * (3 if len(fill) == 1 else 1)
    return Geometry(sides.pop(), mode, config["crop_pct"], config["interpolation"], fill)


def load_squares(
    rows: Sequence[Row], geometry: Geometry, threads: int = 1
) -> tuple[np.ndarray, list[tuple[int, int]]]:
    """Decode images as `load_images` does, and bring them to squares.

    Returns
    -------
    squares : ndarray, shape (n, size, size, 3), uint8
    sizes : list of (int, int)
        Width and height of each picture; both may be smaller than in the file, in proportion.
    """

    def read(row: Row) -> tuple[np.ndarray, tuple[int, int]]:
        check_image(row)
        side = math.floor(geometry.size / geometry.crop)
        image = decode(row["path"], REDUCING_GAP * side).image
        return np.asarray(geometry.apply(image)), image.size

    with ThreadPoolExecutor(threads) as pool:
        found = list(pool.map(read, rows))
    return np.stack([square for square, _ in found]), [size for _, size in found]


def move_map(saliency: np.ndarray, box: np.ndarray, target: np.ndarray, side: int) -> np.ndarray:
    """Return a map (h, w) of one box of a picture as a map of another, bilinear.

    Parameters
    ----------
    saliency : ndarray, shape (h, w)
    box, target : ndarray, shape (4,)
        As of `Geometry.box`.
    side : int
        Of the new map, in cells.

    Returns
    -------
    ndarray, shape (side, side)
        0 outside the box.
    """
    from scipy.ndimage import map_coordinates

    centres = (np.arange(side) + 0.5) / side
    places, seen = [], []
    # Rows lie along the height, which is second in a box.
    for axis, cells in zip((1, 0), saliency.shape, strict=True):
        in_picture = target[axis] + centres * (target[axis + 2] - target[axis])
        share = (in_picture - box[axis]) / (box[axis + 2] - box[axis])
        places.append(share * cells - 0.5)
        seen.append((share >= 0) & (share <= 1))
    grid = np.meshgrid(*places, indexing="ij")
    moved = map_coordinates(saliency.astype(float), grid, order=1, mode="nearest")
    found: np.ndarray = moved * np.outer(*seen)
    return found
