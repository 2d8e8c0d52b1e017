"""Maps and images as pictures inside the page, no larger than it may be."""

from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO

import numpy as np

from lookalike.core.types import Row
from lookalike.images.reading import Fit, read_image
from lookalike.maps.stacks import Batch
from lookalike.report.packing import pack

# Longer sides of maps that are tried, and of photographs, in pixels.
SIDES = (224, 160, 112, 96, 80, 64, 56, 48, 40, 32, 28, 24, 20, 16)
PHOTOGRAPH, QUALITY = 160, 85
# Images whose maps tell how large all will be.
TRIED = 6
WIDEST = 4096  # pixels of a picture
# Grey levels: of unsigned maps, and of each sign of signed ones, whose zero is the middle.
LEVELS, MIDDLE, HALF = 255, 128, 127

# From a method to the maps of each of its models, with their card.
Batches = Mapping[str, Mapping[str, tuple[Batch, Row]]]


def map_sheets(batches: Batches, count: int, room: int, more: float = 0.0) -> Row:
    """Return the maps of all methods and models: one picture for each method and image, in which
    the maps of all models stand side by side, in rows.

    Parameters
    ----------
    batches : mapping
        As of `plots.pages`.
    count : int
        Number of images.
    room : int
        Bytes that all pictures may take, as text.
    more : float
        Bytes that each image takes besides.

    Returns
    -------
    dict
        `methods`, from each to its `models`, whether it is `signed`, the `height` and `width` of
        its maps, and the `columns` of a picture; `images`, the indices of those whose maps are
        kept; `whole`, the (height, width) of the first method's maps as they were compared; and
        `sheets`, by method a list of grey PNGs in the order of `images`. Each map is divided by
        its largest absolute value, and
        the square root of what is left becomes a level, which keeps the differences between small
        values: from 0 to 255, or from 1 to 255 with zero at 128 where maps are signed.
    """
    tried = np.unique(np.linspace(0, count - 1, min(count, TRIED)).astype(int)).tolist()
    for side in SIDES:
        sizes = {method: shape_within(of_models, side) for method, of_models in batches.items()}
        taken = sum(
            len(sheet) for method in batches for sheet in sheets_of(batches[method], tried, side)
        )
        needed = (taken / len(tried) + more) * count
        if needed <= room or side == SIDES[-1]:
            break
    kept = max(1, min(count, int(count * room / needed))) if needed > room else count
    images = np.unique(np.linspace(0, count - 1, kept).astype(int)).tolist()
    return {
        "methods": {
            method: {
                "models": list(of_models),
                "signed": is_signed(of_models),
                "height": sizes[method][0],
                "width": sizes[method][1],
                "columns": columns_of(of_models, sizes[method][1]),
            }
            for method, of_models in batches.items()
        },
        "images": images,
        "whole": whole_shape(next(iter(batches.values()))),
        "sheets": {
            method: [*sheets_of(of_models, images, side)] for method, of_models in batches.items()
        },
    }


def is_signed(of_models: Mapping[str, tuple[Batch, Row]]) -> bool:
    """Return whether the maps of a method may be negative."""
    return any(card["data_range"] != 1.0 for _, card in of_models.values())


def whole_shape(of_models: Mapping[str, tuple[Batch, Row]]) -> tuple[int, int]:
    """Return the (height, width) of a method's maps."""
    maps, _ = next(iter(of_models.values()))
    _, height, width = maps.shape
    return height, width


def shape_within(of_models: Mapping[str, tuple[Batch, Row]], side: int) -> tuple[int, int]:
    """Return the (height, width) of a method's maps within a square of this side."""
    height, width = whole_shape(of_models)
    factor = min(1, side / max(height, width))
    return max(1, round(height * factor)), max(1, round(width * factor))


def columns_of(of_models: Mapping[str, object], width: int) -> int:
    """Return how many maps stand side by side in a picture, which browsers limit in width."""
    return min(len(of_models), max(1, WIDEST // width))


def sheets_of(
    of_models: Mapping[str, tuple[Batch, Row]], images: Sequence[int], side: int
) -> Iterator[str]:
    """Yield the maps of all models as a grey PNG in base64, for each image."""
    from PIL import Image

    height, width = shape_within(of_models, side)
    signed, columns = is_signed(of_models), columns_of(of_models, width)
    for image in images:
        maps = [shrunk(maps[image], height, width) for maps, _ in of_models.values()]
        levels = [levels_of(saliency, signed=signed) for saliency in maps]
        levels += [np.zeros((height, width), np.uint8)] * (-len(levels) % columns)
        rows = [
            np.hstack(levels[start : start + columns]) for start in range(0, len(levels), columns)
        ]
        sheet = np.vstack(rows)
        file = BytesIO()
        Image.fromarray(sheet).save(file, format="png", compress_level=9)
        yield pack(file.getvalue())


def shrunk(saliency: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return a map in fewer pixels: the means of its own."""
    from PIL import Image

    if saliency.shape == (height, width):
        return saliency
    picture = Image.fromarray(saliency.astype(np.float32))
    return np.asarray(picture.resize((width, height), Image.Resampling.BOX))


def levels_of(saliency: np.ndarray, *, signed: bool) -> np.ndarray:
    """Return a map in grey levels, as of `map_sheets`."""
    peak = np.abs(saliency).max()
    share = np.abs(saliency) / peak if peak > 0 else np.zeros_like(saliency)
    roots = np.sqrt(share) * np.sign(saliency)
    levels = MIDDLE + HALF * roots if signed else LEVELS * np.clip(roots, 0, 1)
    return np.rint(levels).astype(np.uint8)


def photograph(path: str, size: int, fit: Fit) -> str:
    """Return an image as JPEG in base64, in the geometry of the maps; an empty text where there is
    none.
    """
    from PIL import Image

    if not path:
        return ""
    picture = Image.fromarray(read_image(path, size, fit))
    picture.thumbnail((PHOTOGRAPH, PHOTOGRAPH))
    file = BytesIO()
    picture.save(file, format="jpeg", quality=QUALITY)
    return pack(file.getvalue())
