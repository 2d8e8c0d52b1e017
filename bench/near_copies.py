"""Which images are taken for near-copies: of photographs that were changed a little, and of others?

    python bench/near_copies.py [--draws 4]

Prints tables for bench/RESULTS.md; asserts nothing. Hits: photographs of scikit-image and
scikit-learn and a copy of each, changed at random. False alarms: pairs of images of which none is a
copy, and by which share of the images there are fewer units. Last, the same for maps, planted with
near-copies or without.
"""

import argparse
import io
import sys
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "unit")]

THRESHOLDS = (0.9, 0.95, 0.97, 0.98)
MIRROR = Image.Transpose.FLIP_LEFT_RIGHT
# Of scikit-image.
PHOTOGRAPHS = (
    *("astronaut", "brick", "camera", "cell", "chelsea", "clock_motion", "coffee", "coins"),
    *("grass", "gravel", "horse", "hubble_deep_field", "ihc", "microaneurysms", "moon"),
    *("motorcycle_left", "page", "phantom", "retina", "rocket", "text"),
)


def photographs():
    """Return scikit-image's and scikit-learn's photographs."""
    import skimage
    import sklearn.datasets

    own = Path(skimage.__file__).parent / "data"
    paths = [next(own.glob(f"{name}.*")) for name in PHOTOGRAPHS]
    paths += sorted((Path(sklearn.datasets.__file__).parent / "images").glob("*.jpg"))
    found = [Image.open(path).convert("RGB") for path in paths]
    for picture in found:
        picture.thumbnail((320, 320))
    return found


def window(picture, moved=(0, 0), cut=0.0, turned=0.0):
    """Return the central part of a picture, turned by degrees, moved and cut by shares of it."""
    width, height = picture.size
    side = 0.75 * min(width, height)
    middle = (width / 2 + moved[0] * side, height / 2 + moved[1] * side)
    half = side * (1 - cut) / 2
    if turned:
        picture = picture.rotate(turned, Image.Resampling.BICUBIC)
    return picture.crop(tuple(round(at + sign * half) for sign in (-1, 1) for at in middle))


def saved(picture):
    """Return a picture as a JPEG file of low quality has it."""
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=30)
    return Image.open(file).convert("RGB")


def changes(rng):
    """Return a name for each kind of change, and a function that makes it."""
    return {
        "saved as JPEG of quality 30": lambda one: saved(window(one)),
        "half the size": lambda one: window(one).resize((120, 120)).resize((60, 60)),
        "contrast and brightness": lambda one: window(one).point(lambda value: 0.6 * value + 30),
        "mirrored": lambda one: window(one).transpose(MIRROR),
        "moved by up to 3%": lambda one: window(one, rng.uniform(-0.03, 0.03, 2)),
        "moved by up to 6%": lambda one: window(one, rng.uniform(-0.06, 0.06, 2)),
        "mirrored and moved by up to 3%": lambda one: window(
            one, rng.uniform(-0.03, 0.03, 2)
        ).transpose(MIRROR),
        "cut by up to 4%": lambda one: window(one, cut=rng.uniform(0, 0.04)),
        "cut by up to 10%": lambda one: window(one, cut=rng.uniform(0, 0.1)),
        "turned by up to 3 degrees": lambda one: window(one, turned=rng.uniform(-3, 3)),
    }


def pixels_of(pictures):
    """Return pictures as the workflow reads them for thumbnails."""
    from lookalike.images.near_copies import SIDE
    from lookalike.images.reading import fit_image

    bicubic = Image.Resampling.BICUBIC
    found = [fit_image(one.convert("RGB"), 2 * SIDE, "crop", bicubic) for one in pictures]
    return np.stack([np.asarray(one) for one in found])


def hits(given):
    """Print how often a changed photograph is grouped with the first, at each threshold."""
    from lookalike.images.near_copies import find_near_copies

    print(f"| a photograph and the same, | {' | '.join(f'{one:g}' for one in THRESHOLDS)} |")
    print("|---|" + "---|" * len(THRESHOLDS))
    pictures, rng = photographs(), np.random.default_rng(0)
    for name, change in changes(rng).items():
        found = []
        for _ in range(given.draws):
            both = pixels_of([*map(window, pictures), *map(change, pictures)])
            groups = [find_near_copies(both, threshold) for threshold in THRESHOLDS]
            found.append([(one[: len(pictures)] == one[len(pictures) :]) for one in groups])
        shares = np.mean(found, axis=(0, 2))
        print(f"| {name} | {' | '.join(f'{share:.2f}' for share in shares)} |", flush=True)


def image_sets():
    """Yield a name and pictures of which none is a copy of another."""
    import skimage
    from sklearn.datasets import load_digits

    from lookalike.images import demo

    pictures, rng = photographs(), np.random.default_rng(0)
    yield "photographs", pictures
    quarters = []
    for picture in pictures:
        width, height = (extent // 2 for extent in picture.size)
        quarters += [
            picture.crop((left, top, left + width, top + height))
            for left in (0, width)
            for top in (0, height)
        ]
    yield "quarters of these", quarters
    faces = np.load(Path(skimage.__file__).parent / "data" / "lfw_subset.npy")[:100]
    yield "faces", [Image.fromarray(np.uint8(255 * one)) for one in faces]
    for count in (30, 300):
        drawn = demo.draw_images(0, "val", count, 64)
        yield f"the demo's first {count}", [Image.fromarray(image) for _, _, image, _ in drawn]
    yield "digits", [Image.fromarray(np.uint8(15 * one)) for one in load_digits().images[:500]]
    rows, columns = np.mgrid[-32:32, -32:32] / 32
    angles = rng.uniform(0, 2 * np.pi, 100)
    slopes = [rows * np.cos(one) + columns * np.sin(one) for one in angles]
    yield "gradients", [Image.fromarray(np.uint8(127 + 80 * one)) for one in slopes]


def false_alarms():
    """Print how many images without a copy are in a unit with another, at each threshold."""
    from lookalike.images.near_copies import find_near_copies

    print(f"\n| images without a copy | n | {' | '.join(f'{one:g}' for one in THRESHOLDS)} |")
    print("|---|---|" + "---|" * len(THRESHOLDS))
    for name, pictures in image_sets():
        pixels = pixels_of(pictures)
        cells = []
        for threshold in THRESHOLDS:
            sizes = np.bincount(find_near_copies(pixels, threshold))
            in_units = sizes[sizes > 1].sum()
            cells.append(f"{in_units} (largest {sizes.max()})" if in_units else "0")
        print(f"| {name} | {len(pixels)} | {' | '.join(cells)} |", flush=True)


def spots(rng, models, images, copies=1, width=1.2, own=0.6, centre=0.0, jitter=0.1):
    """Return maps (models, images, 7, 7) with one spot: at the image's place, each model's a little
    off; `centre` is how far all are drawn to the middle.
    """
    rows, columns = np.mgrid[:7, :7]
    scenes = np.arange(images) // copies
    place = rng.uniform(0, 6, (images, 1, 2))[scenes]
    place = place * (1 - centre) + 3 * centre + own * rng.normal(size=(images, models, 2))[scenes]
    place = place + (jitter if copies > 1 else 0) * rng.normal(size=place.shape)
    y, x = (place[..., axis, None, None] for axis in (0, 1))
    maps = np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / (2 * width**2))
    noise = rng.normal(size=maps.shape)[scenes]
    return (maps + 0.05 * noise).swapaxes(0, 1)


def by_maps(given):
    """Print how many units there are by maps alone."""
    from planting import planted_maps

    from lookalike.maps.near_copies import THRESHOLD, find_near_copies

    def white(**options):
        return lambda rng, images: planted_maps(rng, 8, images, **options).swapaxes(0, 1)

    def bias(noise):
        rows, columns = np.mgrid[-7:8, -7:8]
        widths = np.linspace(2, 5, 8)[:, None, None, None]
        mean = np.exp(-(rows**2 + columns**2) / (2 * widths**2))
        return lambda rng, images: mean + noise * rng.normal(size=(8, images, 15, 15))

    kinds = {
        "white, no copies": (white(), 40),
        "white, 20 scenes x 2, jitter .03": (white(copies=2, jitter=0.03), 20),
        "white, 20 scenes x 2, jitter .1": (white(copies=2, jitter=0.1), 20),
        "white, 8 scenes x 5, jitter .03": (white(copies=5, jitter=0.03), 8),
        "white, 8 scenes x 5, jitter .1": (white(copies=5, jitter=0.1), 8),
        "a centre bias and noise of .01": (bias(0.01), 40),
        "a centre bias and noise of .3": (bias(0.3), 40),
    }
    for name, options, units in (
        ("spots", {}, 40),
        ("spots, 20 scenes x 2", {"copies": 2}, 20),
        ("spots at the same place in all models", {"own": 0}, 40),
        ("wide spots at the same place in all models", {"own": 0, "width": 2}, 40),
        ("wide spots drawn to the centre", {"centre": 0.8, "width": 2}, 40),
        ("spots drawn to the centre, 20 scenes x 2", {"centre": 0.8, "own": 0.3, "copies": 2}, 20),
    ):
        kinds[name] = (lambda rng, images, chosen=options: spots(rng, 8, images, **chosen), units)
    print("\n| maps of 8 models, 40 images | units | found |")
    print("|---|---|---|")
    for name, (make, units) in kinds.items():
        found = [
            len(set(find_near_copies(make(np.random.default_rng(draw), 40), THRESHOLD).tolist()))
            for draw in range(10 * given.draws)
        ]
        print(f"| {name} | {units} | {np.mean(found):.1f} ({min(found)} to {max(found)}) |")


def main():
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--draws", type=int, default=4)
    given = parser.parse_args()
    hits(given)
    false_alarms()
    by_maps(given)


if __name__ == "__main__":
    main()
