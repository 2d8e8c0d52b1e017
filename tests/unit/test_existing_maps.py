"""Existing maps: models, files and images are found, and what is ambiguous is refused."""

import json

import numpy as np
import pytest

from lookalike.core.errors import InputError
from lookalike.maps.existing import (
    find_maps,
    find_models,
    list_unmatched,
    match_images,
    read_maps,
)


def write(path, array=None):
    """Write a .npy file; by default a small map."""
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, np.ones((2, 2)) if array is None else array)


def published(folder, *models, variants=("Baseline_model", "Pruned_model")):
    """Write the published layout."""
    for model in models:
        for variant in variants:
            write(
                folder
                / model
                / "Saliency_experiment_outputs"
                / variant
                / "numpy_saliency_map"
                / "img1.npy"
            )


def test_the_published_layout_gives_a_model_a_variant(tmp_path):
    published(tmp_path, "VGG16", "ResNet152")
    (tmp_path / "notes").mkdir()
    found = find_models(tmp_path)
    assert list(found) == [
        "ResNet152-baseline",
        "ResNet152-pruned",
        "VGG16-baseline",
        "VGG16-pruned",
    ]
    pruned = found["VGG16-pruned"]
    assert pruned == {
        "maps": str(tmp_path / "VGG16/Saliency_experiment_outputs/Pruned_model"),
        "family": "VGG16",
        "factors": {"variant": "pruned"},
    }
    assert list(find_maps(pruned["maps"])) == ["img1"]


def test_other_layouts_give_a_model_a_folder(tmp_path):
    write(tmp_path / "Swin T" / "deep" / "down" / "img1.npy")
    write(tmp_path / "_VGG16" / "img1.npy")
    published(tmp_path, "ResNet", variants=("Baseline_model",))
    found = find_models(tmp_path)
    assert set(found) == {"Swin_T", "VGG16", "ResNet-baseline"}
    assert found["Swin_T"] == {"maps": str(tmp_path / "Swin T")}


def test_folders_of_one_name_are_refused(tmp_path):
    write(tmp_path / "Swin T" / "a.npy")
    write(tmp_path / "Swin_T" / "a.npy")
    with pytest.raises(
        InputError, match=r"Swin T and .*Swin_T would both be called 'Swin_T'; rename one"
    ):
        find_models(tmp_path)


def test_a_folder_without_maps_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"holds no folder with \.npy files"):
        find_models(tmp_path)


def test_single_maps_are_found_in_any_depth_by_the_names_of_their_files(tmp_path):
    for name in ("b/two.npy", "a/deep/one.npy", "batch_maps.npy"):
        write(tmp_path / name)
    assert find_maps(tmp_path) == {
        "one": (tmp_path / "a/deep/one.npy", None),
        "two": (tmp_path / "b/two.npy", None),
    }


@pytest.mark.parametrize("named", ["a folder", "the file"])
@pytest.mark.parametrize(
    ("card", "images"),
    [
        (None, ["0", "1", "2"]),
        ({"images": ["x", "y", "z"]}, ["x", "y", "z"]),
        (["x", "y", "z"], ["x", "y", "z"]),
        ({"n": 3}, ["0", "1", "2"]),
    ],
)
def test_a_stack_gives_its_images_by_list_or_by_number(tmp_path, named, card, images):
    path = tmp_path / "deep" / "batch_maps.npy"
    write(path, np.arange(12.0).reshape(3, 2, 2))
    if card is not None:
        path.with_suffix(".json").write_text(json.dumps(card))
    assert find_maps(path if named == "the file" else tmp_path) == {
        image: (path, place) for place, image in enumerate(images)
    }


@pytest.mark.parametrize(
    "images",
    [
        ["/tmp/x", "y", "z"],
        ["../x", "y", "z"],
        ["..", "y", "z"],
        ["", "y", "z"],
        [1, 2, 3],
        "xyz",
        {"x": 1, "y": 2, "z": 3},
    ],
)
def test_a_list_of_images_that_are_no_names_is_refused(tmp_path, images):
    write(tmp_path / "batch_maps.npy", np.zeros((3, 2, 2)))
    (tmp_path / "batch_maps.json").write_text(json.dumps({"images": images}))
    with pytest.raises(
        InputError, match=r"batch_maps.json: `images` must be a list of names, without folders"
    ):
        find_maps(tmp_path)


def test_an_empty_stack_is_refused(tmp_path):
    write(tmp_path / "batch_maps.npy", np.zeros((0, 2, 2)))
    with pytest.raises(InputError, match=r"batch_maps.npy: holds no map"):
        find_maps(tmp_path)


def test_hidden_files_are_left_alone(tmp_path):
    for name in ("a/._one.npy", "a/one.npy", ".trash/two.npy"):
        write(tmp_path / "Models" / "VGG" / name)
    write(tmp_path / "Models" / ".git" / "x.npy")
    assert list(find_models(tmp_path / "Models")) == ["VGG"]
    assert list(find_maps(tmp_path / "Models" / "VGG")) == ["one"]
    # A folder that is named stands for what it holds, hidden or not.
    assert list(find_maps(tmp_path / "Models" / "VGG" / ".trash")) == ["two"]


def test_negative_maps_of_a_method_without_sign_are_refused(tmp_path):
    write(tmp_path / "a.npy", np.array([[0.0, -1.0]]))
    assert len(list(read_maps(tmp_path, ["a"]))) == 1
    with pytest.raises(
        InputError,
        match=r"a.npy: the map of image 'a' has negative values, but maps of this method have none",
    ):
        list(read_maps(tmp_path, ["a"], signed=False))


def test_numbers_of_a_stack_sort_as_text(tmp_path):
    write(tmp_path / "batch_maps.npy", np.zeros((11, 2, 2)))
    images = list(find_maps(tmp_path))
    assert images == sorted(images) and images[-1] == "10"


def test_two_files_of_one_image_are_refused(tmp_path):
    write(tmp_path / "a" / "one.npy")
    write(tmp_path / "b" / "one.npy")
    with pytest.raises(
        InputError, match=r"a/one.npy and .*b/one.npy would both be the map of image 'one'"
    ):
        find_maps(tmp_path)


@pytest.mark.parametrize(
    ("names", "complaint"),
    [
        ([], "holds no .npy file"),
        (
            ["a/batch_maps.npy", "b/batch_maps.npy"],
            "holds 2 files batch_maps.npy; give one of their folders",
        ),
    ],
)
def test_no_map_and_several_stacks_are_refused(tmp_path, names, complaint):
    for name in names:
        write(tmp_path / name, np.zeros((3, 2, 2)))
    with pytest.raises(InputError, match=complaint):
        find_maps(tmp_path)


@pytest.mark.parametrize(
    ("card", "complaint"),
    [
        ({"images": ["x", "y"]}, "holds 3 maps, but batch_maps.json names 2 images"),
        ({"images": ["x", "y", "x"]}, "image 'x' appears twice"),
    ],
)
def test_a_list_that_does_not_fit_its_stack_is_refused(tmp_path, card, complaint):
    write(tmp_path / "batch_maps.npy", np.zeros((3, 2, 2)))
    (tmp_path / "batch_maps.json").write_text(json.dumps(card))
    with pytest.raises(InputError, match=f"batch_maps.npy: {complaint}"):
        find_maps(tmp_path)


def test_images_that_all_have_are_matched():
    assert match_images({"a": ["1", "2"], "b": ["2", "1"]}, common=False) == (["1", "2"], [])
    assert match_images({}, common=False) == ([], [])


def test_an_image_that_one_lacks_is_refused_or_left_out_and_reported():
    found = {"a": ["1", "2", "3"], "b": ["1", "2"], "c": ["1", "3"]}
    with pytest.raises(
        InputError,
        match=(
            r"c: has no map of image '2', but a has one \(2 such images\); add it, or set "
            r"images: {common: true}"
        ),
    ):
        match_images(found, common=False)
    images, unmatched = match_images(found, common=True)
    assert (images, unmatched) == (
        ["1"],
        [{"image": "2", "lacking": ["c"]}, {"image": "3", "lacking": ["b"]}],
    )
    assert [row["lacking"] for row in list_unmatched(["1", "2", "4"], images, unmatched)] == [
        "c",
        "b",
        "any of the given sets of maps",
    ]


@pytest.mark.parametrize("common", [True, False])
def test_models_without_a_common_image_are_refused(common):
    with pytest.raises(
        InputError,
        match="no image is common to all: maps of the same image need the same file name",
    ):
        match_images({"a": ["1"], "b": ["2"]}, common=common)


def test_maps_are_read_in_the_order_asked_for_from_files_and_stacks(tmp_path):
    maps = np.random.default_rng(0).random((3, 4, 5)).astype(np.float32)
    write(tmp_path / "stack" / "batch_maps.npy", maps)
    for place, saliency in enumerate(maps):
        write(tmp_path / "single" / f"{place}.npy", saliency)
    for folder in ("stack", "single"):
        np.testing.assert_array_equal(list(read_maps(tmp_path / folder, ["2", "0"])), maps[[2, 0]])


def test_a_map_that_is_not_there_is_named(tmp_path):
    write(tmp_path / "a.npy")
    with pytest.raises(InputError, match=r"has no map of image 'b'; name its file b\.npy"):
        list(read_maps(tmp_path, ["a", "b"]))


@pytest.mark.parametrize(
    ("array", "complaint"),
    [
        (
            np.zeros((2, 3, 4, 5)),
            r"a.npy: a map must be a 2-D array of real numbers, not float64 of shape \(2, 3, "
            r"4, 5\)",
        ),
        (np.array([[1, None]], dtype=object), "a.npy: not a readable .npy array .*allow_pickle"),
        (np.array([["a", "b"]]), "a.npy: a map must be a 2-D array of real numbers, not <U1"),
        (
            np.ones((2, 2), complex),
            "a.npy: a map must be a 2-D array of real numbers, not complex128",
        ),
        (np.array([[0.0, np.nan]]), "a.npy: 1 values are not finite, the first at row 0, column 1"),
    ],
)
def test_what_is_no_map_is_refused(tmp_path, array, complaint):
    np.save(tmp_path / "a.npy", array, allow_pickle=True)
    with pytest.raises(InputError, match=complaint):
        list(read_maps(tmp_path, ["a"]))


@pytest.mark.parametrize(
    ("array", "complaint"),
    [
        (np.zeros((2, 3, 4, 5)), r"must hold many maps, \(n, h, w\), not \(2, 3, 4, 5\)"),
        (np.full((2, 2, 2), None, dtype=object), "not a readable .npy array"),
        (np.full((2, 2, 2), np.inf), "batch_maps.npy, map 0: 4 values are not finite"),
    ],
)
def test_what_is_no_stack_is_refused(tmp_path, array, complaint):
    np.save(tmp_path / "batch_maps.npy", array, allow_pickle=True)
    with pytest.raises(InputError, match=complaint):
        list(read_maps(tmp_path, ["0"]))


@pytest.mark.parametrize("name", ["a.npy", "batch_maps.npy"])
def test_a_truncated_file_is_refused(tmp_path, name):
    write(
        tmp_path / name, np.zeros((5, 40, 40)) if name == "batch_maps.npy" else np.zeros((40, 40))
    )
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:1000])
    with pytest.raises(InputError, match=f"{name}: not a readable .npy array"):
        list(read_maps(tmp_path, ["a"]))
