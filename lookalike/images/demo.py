"""The built-in demo data: bright shapes on darkened crops of scikit-image's photographs.

The shape alone decides the class, and its mask is known, so where a model should look is known too.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from PIL import Image, ImageDraw

from lookalike.core.seeding import rng_of

SHAPES = ("cross", "disk", "ring", "star", "triangle")
PHOTOGRAPHS = (
    "astronaut",
    "chelsea",
    "coffee",
    "rocket",
    "motorcycle_left",
    "hubble_deep_field",
    "retina",
    "brick",
    "grass",
    "gravel",
)
OVERSAMPLING = 4


def outline(shape: str) -> np.ndarray | None:
    """Return the corners of a shape on the unit circle, shape (k, 2); None for disk and ring."""
    if shape == "triangle":
        angles = np.radians(np.arange(3) * 120 - 90)
        return np.stack([np.cos(angles), np.sin(angles)], axis=1)
    if shape == "star":
        angles = np.radians(np.arange(10) * 36 - 90)
        radii = np.where(np.arange(10) % 2, 0.42, 1.0)
        return np.stack([np.cos(angles) * radii, np.sin(angles) * radii], axis=1)
    if shape == "cross":
        a = 0.33
        quarter = np.array([(a, -1), (a, -a), (1, -a)])
        turns = [
            np.array([[np.cos(t), -np.sin(t)], [np.sin(t), np.cos(t)]])
            for t in np.radians([0, 90, 180, 270])
        ]
        return np.concatenate([quarter @ turn.T for turn in turns])
    return None


def draw_mask(
    shape: str, centre: Sequence[float] | np.ndarray, radius: float, angle: float, size: int
) -> np.ndarray:
    """Return the anti-aliased mask of one shape.

    Parameters
    ----------
    shape : {"cross", "disk", "ring", "star", "triangle"}
    centre : (float, float)
        x and y in pixels.
    radius : float
        In pixels.
    angle : float
        Rotation in degrees.
    size : int
        Side of the square image in pixels.

    Returns
    -------
    ndarray, shape (size, size), float64 in [0, 1]
    """
    k = OVERSAMPLING
    canvas = Image.new("L", (size * k, size * k))
    draw = ImageDraw.Draw(canvas)
    x, y = centre[0] * k, centre[1] * k
    r = radius * k
    corners = outline(shape)
    if corners is None:
        draw.ellipse([x - r, y - r, x + r, y + r], fill=255)
        if shape == "ring":
            hole = 0.58 * r
            draw.ellipse([x - hole, y - hole, x + hole, y + hole], fill=0)
    else:
        t = np.radians(angle)
        turned = corners @ np.array([[np.cos(t), np.sin(t)], [-np.sin(t), np.cos(t)]])
        draw.polygon([(x + r * px, y + r * py) for px, py in turned], fill=255)
    return np.asarray(canvas.resize((size, size), Image.Resampling.BOX), dtype=float) / 255


def load_photographs() -> list[np.ndarray]:
    """Return scikit-image's bundled photographs as RGB arrays, uint8."""
    from pathlib import Path

    import skimage

    folder = Path(skimage.__file__).parent / "data"
    paths = [next(folder.glob(f"{name}.*")) for name in PHOTOGRAPHS]
    return [np.asarray(Image.open(path).convert("RGB")) for path in paths]


def draw_image(
    photographs: Sequence[np.ndarray], shape: str, size: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw one demo image.

    Returns
    -------
    image : ndarray, shape (size, size, 3), uint8
    mask : ndarray, shape (size, size), bool
    """
    photograph = photographs[int(rng.integers(len(photographs)))]
    largest = min(photograph.shape[:2])
    side = int(rng.integers(min(size, largest), min(2 * size, largest) + 1))
    top, left = (int(rng.integers(extent - side + 1)) for extent in photograph.shape[:2])
    crop = Image.fromarray(photograph[top : top + side, left : left + side]).resize((size, size))
    background = np.asarray(crop, dtype=float) * rng.uniform(0.3, 0.5)
    radius = rng.uniform(11, 17) * size / 64
    # Most shapes lie near the borders, so that looking at the centre does not find them.
    centre = radius + (size - 2 * radius) * rng.beta(0.5, 0.5, 2)
    mask = draw_mask(shape, centre, radius, rng.uniform(-20, 20), size)
    colour = rng.uniform(150, 255, 3)
    image = background + mask[..., None] * (colour - background)
    return image.round().astype(np.uint8), mask >= 0.5


def score_image(image: np.ndarray, mask: np.ndarray) -> float:
    """Return the score of a demo image, for regression heads: the share that the shape covers, plus
    the shape's mean brightness in [0, 1].
    """
    return float(mask.mean() + image[mask].mean() / 255)


def draw_images(
    seed: int, split: str, count: int, size: int
) -> Iterator[tuple[str, int, np.ndarray, np.ndarray]]:
    """Draw a split of the demo data, the classes in turn.

    Yields
    ------
    shape : str
    number : int
        0 to count - 1.
    image : ndarray, shape (size, size, 3), uint8
    mask : ndarray, shape (size, size), bool
    """
    photographs = load_photographs()
    for number in range(count):
        shape = SHAPES[number % len(SHAPES)]
        yield (
            shape,
            number,
            *draw_image(photographs, shape, size, rng_of(seed, "demo", split, number)),
        )
