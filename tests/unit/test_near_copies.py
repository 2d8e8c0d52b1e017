"""Near-copies of images: found among photographs and maps, and not where there are none."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from planting import planted_maps, scenes_of

from lookalike.images import demo, near_copies
from lookalike.images.near_copies import linked_groups
from lookalike.images.reading import load_images
from lookalike.maps import near_copies as near_maps

MIRROR = Image.Transpose.FLIP_LEFT_RIGHT


def crop(picture, share=0.0, left=0.0):
    """Return the central nine tenths of a picture without some share of its sides, moved."""
    width, height = picture.size
    side = 0.9 * min(width, height)
    middle = (width / 2 + left * side, height / 2)
    half = side * (1 - share) / 2
    return picture.crop(tuple(round(at + sign * half) for sign in (-1, 1) for at in middle))


EDITS = {
    "saved.jpg": crop,
    "mirrored.png": lambda picture: crop(picture).transpose(MIRROR),
    "moved.png": lambda picture: crop(picture, left=0.016),
    "half.png": lambda picture: crop(picture).resize((100, 100)),
    "dark.png": lambda picture: crop(picture).point(lambda value: 0.6 * value),
}


@pytest.fixture(scope="module")
def photographs():
    """The demo's photographs, small."""
    found = [Image.fromarray(one) for one in demo.load_photographs()]
    for picture in found:
        picture.thumbnail((240, 240))
    return found


def pixels_of(folder, pictures):
    rows = []
    for name, picture in pictures.items():
        path = Path(folder, name)
        picture.save(path, **({"quality": 40} if path.suffix == ".jpg" else {}))
        rows.append({"path": str(path)})
    return load_images(rows, 2 * near_copies.SIDE, "crop")


def test_a_picture_saved_anew_mirrored_or_moved_is_a_near_copy(photographs, tmp_path):
    # Of brick, grass and gravel every pixel differs from the next.
    smooth = photographs[:6]
    own = {f"{number}.png": crop(picture) for number, picture in enumerate(smooth)}
    edited = {
        f"{number}-{name}": edit(picture)
        for name, edit in EDITS.items()
        for number, picture in enumerate(smooth)
    }
    found = near_copies.find_near_copies(pixels_of(tmp_path, own | edited), 0.97)
    assert found.tolist() == [*range(6)] * (1 + len(EDITS))


def test_other_photographs_and_the_images_of_the_demo_are_no_near_copies(photographs, tmp_path):
    own = {f"{number}.png": picture for number, picture in enumerate(photographs)}
    drawn = demo.draw_images(0, "val", 60, 64)
    images = np.concatenate(
        [pixels_of(tmp_path, own), np.array([image for _, _, image, _ in drawn])]
    )
    assert near_copies.find_near_copies(images, 0.97).tolist() == [*range(len(images))]
    assert near_copies.find_near_copies(images[:0], 0.97).tolist() == []


def test_flat_images_are_no_near_copies_of_others():
    flat = np.zeros((3, 64, 64, 3), np.uint8)
    flat[1] = 200
    assert near_copies.find_near_copies(flat, 0.97).tolist() == [0, 1, 2]


def test_a_chain_of_gradients_is_no_unit():
    """Each is near to the next; with connected components all would be one unit."""
    rows, columns = np.mgrid[-32:32, -32:32]
    angles = np.linspace(0, np.pi / 2, 20)
    images = np.stack([rows * np.cos(one) + columns * np.sin(one) for one in angles])
    alike = np.cos(np.subtract.outer(angles, angles))
    found = near_copies.find_near_copies(np.repeat(images[..., None], 3, axis=-1), 0.97)
    assert len(set(found.tolist())) >= 4
    for first in set(found.tolist()):
        members = found == first
        assert alike[np.ix_(members, members)].min() >= 0.96


@pytest.mark.parametrize(("linkage", "expected"), [("complete", [0, 0, 2]), ("average", [0] * 3)])
def test_groups_are_cut_at_the_limit(linkage, expected):
    distances = np.array([[0, 0.1, 0.6], [0.1, 0, 0.3], [0.6, 0.3, 0]])
    assert linked_groups(distances, 0.5, linkage).tolist() == expected
    assert linked_groups(distances, 0.05, linkage).tolist() == [0, 1, 2]


@pytest.mark.parametrize(("copies", "jitter"), [(2, 0.03), (5, 0.03), (2, 0.1), (5, 0.1)])
@pytest.mark.parametrize("models", [2, 8])
def test_images_whose_maps_are_near_in_most_models_are_found(copies, jitter, models):
    maps = planted_maps(np.random.default_rng(copies), models, 40, copies=copies, jitter=jitter)
    found = near_maps.find_near_copies(maps.swapaxes(0, 1), 0.97)
    expected = copies * scenes_of(40, copies)
    assert (found == expected).mean() >= (1 if jitter < 0.1 else 0.8)


@pytest.mark.parametrize("noise", [0, 0.01, 0.1])
def test_a_bias_to_the_centre_makes_no_near_copies(noise):
    """Without the mean map taken away, all would be one unit."""
    rows, columns = np.mgrid[-7:8, -7:8]
    widths = np.array([2.0, 3, 4, 5])[:, None, None, None]
    bias = np.exp(-(rows**2 + columns**2) / (2 * widths**2))
    maps = bias + noise * np.random.default_rng(0).normal(size=(4, 30, 15, 15))
    assert near_maps.find_near_copies(maps, 0.97).tolist() == [*range(30)]


def test_smooth_maps_are_near_only_where_their_spots_nearly_coincide():
    """One wide spot a map, at the same place in all models: few degrees of freedom."""
    rng = np.random.default_rng(1)
    places = rng.uniform(0, 14, size=(2, 30, 1, 1))
    rows, columns = np.mgrid[:15, :15]
    spot = np.exp(-((rows - places[0]) ** 2 + (columns - places[1]) ** 2) / 40)
    maps = spot + 0.02 * rng.normal(size=(6, 30, 15, 15))
    distances = np.hypot(*(places[:, :, None, 0, 0] - places[:, None, :, 0, 0]))
    found = near_maps.find_near_copies(maps, 0.97)
    assert len(set(found.tolist())) >= 20
    for image, first in enumerate(found):
        assert distances[image, first] < 1.7


def test_models_without_a_map_of_an_image_do_not_count():
    maps = planted_maps(np.random.default_rng(3), 6, 20, copies=2, jitter=0.03).swapaxes(0, 1)
    maps[:3, :4] = 0
    maps[5] = 0
    found = near_maps.find_near_copies(maps, 0.97)
    assert found.tolist() == (2 * scenes_of(20, 2)).tolist()


def test_large_maps_are_averaged_in_blocks():
    saliency = np.arange(67 * 100.0).reshape(67, 100)
    found = near_maps.thumbnail(saliency)
    assert found.shape == (33, 50)
    np.testing.assert_allclose(found[0, 1], saliency[:2, 2:4].mean())
