"""Files of many maps: read back map by map, refused with their name."""

import numpy as np
import pytest

from lookalike.core import io
from lookalike.core.errors import InputError
from lookalike.maps import stacks


def write_batch(path, images=("a", "b", "c"), side=4, data_range=2.0):
    maps = np.random.default_rng(0).normal(size=(len(images), side, side)).astype(np.float32)
    stacks.write_batch(
        path,
        iter(maps),
        {"images": list(images), "shape": list(maps.shape), "data_range": data_range},
    )
    return maps


def test_batch_comes_back_map_by_map(tmp_path):
    written = write_batch(tmp_path / "a.npy")
    maps, card = stacks.read_batch(tmp_path / "a.npy")
    assert (len(maps), maps.shape, maps.dtype) == (3, (3, 4, 4), np.float32)
    np.testing.assert_array_equal(maps[np.int64(1)], written[1])
    np.testing.assert_array_equal(list(maps), written)
    for place in (-1, 3):
        with pytest.raises(IndexError):
            maps[place]
    assert card == {"images": ["a", "b", "c"], "shape": [3, 4, 4], "data_range": 2.0}


def test_batch_in_fortrans_order_is_refused(tmp_path):
    maps = write_batch(tmp_path / "a.npy")
    np.save(tmp_path / "a.npy", np.asfortranarray(maps))
    with pytest.raises(
        InputError, match=r"a.npy: not a readable .npy array \(its values are in Fortran's order\)"
    ):
        stacks.read_batch(tmp_path / "a.npy")


@pytest.mark.parametrize(
    "change", [{"shape": [3, 4, 5]}, {"shape": [2, 4, 4]}, {"images": ["a", "b"]}]
)
def test_batch_that_does_not_fit_its_card_is_refused(change, tmp_path):
    write_batch(tmp_path / "a.npy")
    io.write_json(tmp_path / "a.json", io.read_json(tmp_path / "a.json") | change)
    with pytest.raises(InputError, match=r"a.npy: holds \(3, 4, 4\), its card says"):
        stacks.read_batch(tmp_path / "a.npy")


def test_files_of_models_are_found_in_the_folders_of_their_blocks(tmp_path):
    places = [tmp_path / "block", tmp_path / "M.npy", tmp_path / "block.2"]
    for name in ("block/b.npy", "block/b.json", "block/a.npy", "block/a.json", "block.2/c.1.npy"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = stacks.files_of_models(places, ["c.1", "M", "b"])
    assert found == [places[2] / "c.1.npy", places[1], places[0] / "b.npy"]
    cards = stacks.files_of_models(places[:1], ["a", "b"], ".json")
    assert cards == [places[0] / "a.json", places[0] / "b.json"]
    assert stacks.batches_at(places[0]) == [places[0] / "a.npy", places[0] / "b.npy"]
    assert stacks.batches_at(places[1]) == places[1:2]


def test_batches_of_the_same_images_are_opened_together(tmp_path):
    paths = [tmp_path / f"{name}.npy" for name in "ab"]
    written = [write_batch(path) for path in paths]
    maps, images, data_range = stacks.read_batches(paths)
    for opened, given_maps in zip(maps, written, strict=True):
        np.testing.assert_array_equal(opened, given_maps)
    assert images == ["a", "b", "c"] and data_range == 2.0
    assert stacks.read_batches(paths, ["a", "b", "c"], "sample.csv")[1] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("other", "complaint"),
    [
        (
            {"images": ("a", "x", "c")},
            "first.npy and .*other.npy hold different images: number 1 is 'b' in one, 'x' in "
            "the other",
        ),
        (
            {"images": ("a", "b")},
            "first.npy and .*other.npy hold different images: 3 in one, 2 in the other",
        ),
        (
            {"data_range": 1.0},
            "first.npy and .*other.npy are different views: .* range 2.0, and .* range 1.0",
        ),
        ({"data_range": None}, "different views: .* range 2.0, and .* range None"),
        ({"side": 5}, r"different views: \[3, 4, 4\] of range 2.0, and \[3, 5, 5\]"),
    ],
)
def test_batches_that_cannot_be_compared_are_refused(other, complaint, tmp_path):
    write_batch(tmp_path / "first.npy")
    write_batch(tmp_path / "other.npy", **other)
    with pytest.raises(InputError, match=complaint):
        stacks.read_batches([tmp_path / "first.npy", tmp_path / "other.npy"])


def test_batches_of_other_images_than_the_given_ones_are_refused(tmp_path):
    write_batch(tmp_path / "first.npy")
    with pytest.raises(
        InputError,
        match=(
            r"sample.csv and .*first.npy hold different images: number 2 is 'd' in one, 'c' in "
            r"the other"
        ),
    ):
        stacks.read_batches([tmp_path / "first.npy"], ["a", "b", "d"], "sample.csv")


WIDE, HIGH, SQUARE = [7, 14], [28, 14], [7, 7]


@pytest.mark.parametrize(
    ("shapes", "image"),
    [
        ([SQUARE, WIDE, [14, 28]], None),
        ([SQUARE, WIDE, HIGH], "a"),
        ([[WIDE, HIGH, SQUARE], [SQUARE, [3, 2], WIDE], None], None),
        ([[WIDE, HIGH, SQUARE], [SQUARE, SQUARE, WIDE], [[3, 4], HIGH, HIGH]], "c"),
    ],
)
def test_maps_of_one_image_that_are_wide_and_high_are_refused(shapes, image, tmp_path):
    paths = [tmp_path / f"{name}.npy" for name in "xyz"]
    for path, shape in zip(paths, shapes, strict=True):
        write_batch(path)
        several = shape is not None and isinstance(shape[0], list)
        card = {"native_shapes" if several else "native_shape": shape}
        io.write_json(path.with_suffix(".json"), io.read_json(path.with_suffix(".json")) | card)
    if image is None:
        assert len(stacks.read_batches(paths)[0]) == 3
        return
    with pytest.raises(
        InputError,
        match=rf"y.npy and .*z.npy: the maps of image '{image}' are 7 x 14 and 28 x 14 cells; one "
        "is transposed",
    ):
        stacks.read_batches(paths)


@pytest.mark.parametrize("axis", [0, 2])
def test_labelled_maps_are_read_from_one_file_of_any_format(tmp_path, axis):
    maps = np.arange(40.0).reshape(5, 2, 4)
    images = list("vwxyz")
    np.savez(tmp_path / "maps.npz", np.moveaxis(maps, 0, axis))
    np.testing.assert_array_equal(stacks.read_stack(tmp_path / "maps.npz", images), maps)
    with pytest.raises(
        InputError, match=r"must hold 3 maps, one for each image in order, not [25]"
    ):
        stacks.read_stack(tmp_path / "maps.npz", images[:3])
