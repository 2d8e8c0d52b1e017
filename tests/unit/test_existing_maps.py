"""Existing maps: files and images are found, and what is ambiguous is refused."""

import json
import os
import unicodedata
from pathlib import Path

import numpy as np
import pytest

from lookalike.core.errors import InputError
from lookalike.images.folders import name_images
from lookalike.maps.existing import MapFile, find_all, find_maps, read_maps


def write(path, array=None):
    """Write a .npy file; by default a small map."""
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, np.ones((2, 2)) if array is None else array)


def ids(path):
    return list(find_maps(path).maps)


def numbered(count):
    """Return maps that are told apart by their values: map i is i everywhere."""
    return np.broadcast_to(np.arange(float(count))[:, None, None], (count, 2, 4)).copy()


def test_single_maps_are_found_in_any_depth_by_the_names_of_their_files(tmp_path):
    for name in ("b/two.npy", "a/deep/one.npy", "batch_maps.npy"):
        write(tmp_path / name)
    found = find_maps(tmp_path)
    assert found.maps == {
        "one": MapFile(tmp_path / "a/deep/one.npy"),
        "two": MapFile(tmp_path / "b/two.npy"),
    }
    assert found.skipped == [tmp_path / "batch_maps.npy"]
    assert found.files == [tmp_path / "a/deep/one.npy", tmp_path / "b/two.npy"]


@pytest.mark.parametrize("name", ["batch_maps", "all_saliency_maps"])
@pytest.mark.parametrize("named", ["a folder", "the file"])
@pytest.mark.parametrize(
    ("suffix", "card", "images"),
    [
        (None, None, ["0-of-5", "1-of-5", "2-of-5", "3-of-5", "4-of-5"]),
        (".json", json.dumps({"images": list("vwxyz")}), list("vwxyz")),
        (".json", json.dumps(["v.png", "w.JPEG", "x", "y.1", "z"]), ["v", "w", "x", "y.1", "z"]),
        (".json", json.dumps({"n": 5}), ["0-of-5", "1-of-5", "2-of-5", "3-of-5", "4-of-5"]),
        (".csv", "number,image\n0,v\n1,w\n2,x\n3,y\n4,z.jpg\n", list("vwxyz")),
    ],
)
def test_a_stack_gives_its_images_by_list_or_by_number(tmp_path, named, name, suffix, card, images):
    path = tmp_path / "deep" / f"{name}.npy"
    write(path, numbered(5))
    if suffix:
        path.with_suffix(suffix).write_text(card)
    given = path if named == "the file" else tmp_path
    found = find_maps(given)
    assert list(found.maps) == images and not found.skipped
    assert found.files == sorted([path, *([path.with_suffix(suffix)] if suffix else [])])
    assert [saliency.tolist() for saliency in read_maps(given, images[::-1])] == [
        [[float(place)] * 4] * 2 for place in (4, 3, 2, 1, 0)
    ]


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


def test_numbers_of_a_stack_sort_as_text_and_never_match_those_of_another_length(tmp_path):
    for count in (11, 12):
        write(tmp_path / f"{count}/batch_maps.npy", np.zeros((count, 2, 2)))
    images = ids(tmp_path / "11")
    assert images == sorted(images) and images[-1] == "10-of-11"
    assert not {*images} & {*ids(tmp_path / "12")}


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((5, 1, 2, 4), (2, 4)),
        ((5, 2, 4, 1), (2, 4)),
        ((5, 3, 2, 4), (2, 4)),
        ((5, 2, 4, 3), (2, 4)),
        ((2, 4, 5), (2, 4)),
    ],
)
def test_stacks_of_other_shapes_are_read_by_the_axis_of_their_images(tmp_path, shape, expected):
    axis = shape.index(5)
    stack = np.moveaxis(np.zeros(shape), axis, 0)
    stack += np.arange(5.0).reshape(5, *[1] * (len(shape) - 1))
    write(tmp_path / "all.npy", np.moveaxis(stack, 0, axis))
    (tmp_path / "all.json").write_text(json.dumps(list("vwxyz")))
    for channels, times in (("sum", 3 if 3 in shape else 1), ("max", 1)):
        (saliency,) = read_maps(tmp_path, ["y"], channels=channels)
        np.testing.assert_array_equal(saliency, np.full(expected, 3 * times))
    if 3 in shape:
        with pytest.raises(InputError, match=r"all.npy, map of image 'y': a map of 3 channels"):
            list(read_maps(tmp_path, ["y"]))


@pytest.mark.parametrize(
    ("array", "complaint"),
    [
        (np.zeros((0, 2, 2)), "holds no map"),
        (np.zeros((4, 4)), r"must hold many maps, \(n, h, w\), not \(4, 4\)"),
        (np.zeros((2, 3, 4, 5, 6)), r"must hold many maps, \(n, h, w\), not \(2, 3, 4, 5, 6\)"),
        (np.zeros((6, 4, 3)), r"\(6, 4, 3\) looks like one map with channels"),
        (np.zeros((6, 6, 5)), r"\(6, 6, 5\) looks like \(h, w, n\), not \(n, h, w\); list"),
        (np.full((2, 2, 2), None, dtype=object), "not a readable .npy file"),
    ],
)
def test_what_is_no_stack_is_refused(tmp_path, array, complaint):
    np.save(tmp_path / "batch_maps.npy", array, allow_pickle=True)
    with pytest.raises(InputError, match=f"batch_maps.npy: {complaint}"):
        find_maps(tmp_path)


@pytest.mark.parametrize(
    ("images", "complaint"),
    [
        (["x", "y"], "holds 3 maps, but its list names 2 images"),
        (["x", "y", "x"], "image 'x' appears twice"),
        (["x", "x.png", "y"], "image 'x' appears twice"),
    ],
)
def test_a_list_that_does_not_fit_its_stack_is_refused(tmp_path, images, complaint):
    write(tmp_path / "batch_maps.npy", np.zeros((3, 5, 5)))
    (tmp_path / "batch_maps.json").write_text(json.dumps({"images": images}))
    with pytest.raises(InputError, match=f"batch_maps.npy: {complaint}"):
        find_maps(tmp_path)


@pytest.mark.parametrize("shape", [(2, 2), (1, 2, 2), (2, 2, 1), (1, 1, 2, 2), (3, 2, 2)])
def test_the_only_file_of_a_folder_may_be_a_single_map(tmp_path, shape):
    write(tmp_path / "cat.npy", np.ones(shape))
    assert ids(tmp_path) == ["cat"]


def test_hidden_files_are_left_alone(tmp_path):
    for name in ("a/._one.npy", "a/one.npy", ".ipynb_checkpoints/one.npy"):
        write(tmp_path / name)
    assert ids(tmp_path) == ["one"]
    # A folder that is named stands for what it holds, hidden or not.
    assert ids(tmp_path / ".ipynb_checkpoints") == ["one"]


def test_links_to_folders_are_followed_once(tmp_path):
    write(tmp_path / "elsewhere/one.npy")
    (tmp_path / "model").mkdir()
    (tmp_path / "model/linked").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "model/linked/loop").symlink_to(tmp_path / "model")
    (tmp_path / "model/broken.npy").symlink_to(tmp_path / "nothing.npy")
    assert find_maps(tmp_path / "model").maps == {"one": MapFile(tmp_path / "model/linked/one.npy")}


def test_names_that_repeat_in_class_folders_are_those_of_the_images(tmp_path):
    names = ["cat/1", "dog/1", "dog/2"]
    rows = [{"path": f"{name}.png", "label": name[:3], "split": "val"} for name in names]
    name_images(rows)
    for name in names:
        write(tmp_path / f"flat/{name}.npy")
        write(tmp_path / f"deep/maps/val/{name}.npy")
    images = [row["image"] for row in rows]
    assert images == ["cat.1", "dog.1", "dog.2"]
    for source in (
        "flat",
        "deep",
        "deep/maps/val/{class}/{image}.npy",
        "*/maps/**/{class}/{image}.*",
    ):
        assert ids(tmp_path / source) == images
    (tmp_path / "flat/dog/1.npy").unlink()
    assert ids(tmp_path / "flat") == ["1", "2"]


def test_a_pattern_says_where_the_name_of_the_image_stands(tmp_path):
    for name in ("a_b_vit_01", "c_vit_02", "c_resnet_02", ".x_vit_01"):
        write(tmp_path / f"out/{name}.npy")
    (tmp_path / "out/c_vit_02.txt").write_text("notes")
    found = find_maps(f"{tmp_path}/out/{{image}}_vit_*")
    assert found.maps == {
        "a_b": MapFile(tmp_path / "out/a_b_vit_01.npy"),
        "c": MapFile(tmp_path / "out/c_vit_02.npy"),
    }
    assert found.skipped == [tmp_path / "out/c_vit_02.txt"]
    assert ids(f"{tmp_path}/out/{{image,[a-z]}}_vit_0?.npy") == ["c"]
    # A path that exists is no pattern.
    write(tmp_path / "{image}*/x.npy")
    assert ids(tmp_path / "{image}*") == ["x"]


@pytest.mark.parametrize(
    ("pattern", "complaint"),
    [
        ("out/{img}.npy", "unknown placeholder of .* 'img'; did you mean 'image'"),
        ("out/{image.npy", "cannot be read"),
        ("out/{class}/{image}/x}.npy", "a brace stands alone"),
        ("out/{image,(}.npy", "not a valid pattern"),
        ("out/{image}_{model}.npy", r"\{model\} stands for many models; give it to models_from"),
        ("out/*.npy", r"write \{image\} there"),
        ("nowhere/{image}.npy", "nowhere is no folder"),
        ("out/{image}.png", "no map fits it"),
        ("out/*_{image}_*.npy", "a_b_c_d.npy fits in two ways: image 'b', or image 'c'"),
        ("out/{image}_?.npy", None),
        ("out/?_*{image}.npy", "fits in two ways"),
    ],
)
def test_a_pattern_that_does_not_fit_is_refused(tmp_path, monkeypatch, pattern, complaint):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "out/a_b_c_d.npy")
    if complaint is None:
        assert ids(pattern) == ["a_b_c"]
        return
    with pytest.raises(InputError, match=complaint):
        find_maps(pattern)


def test_two_files_of_one_image_are_refused(tmp_path):
    for name in ("a/cat.png.npy", "a/cat.npy", "b/one.npy"):
        write(tmp_path / name)
    with pytest.raises(
        InputError, match=r"a/cat.npy and .*a/cat.png.npy would both be the map of image 'cat'"
    ):
        find_maps(tmp_path)
    with pytest.raises(InputError, match=r"b/one.npy and|and .*b/one.npy would both be the map"):
        write(tmp_path / "c/one.npy")
        find_maps(f"{tmp_path}/*/{{image,one}}.npy")


def test_names_in_decomposed_letters_are_those_in_composed_ones(tmp_path):
    name = "café"
    for form in ("NFC", "NFD"):
        write(tmp_path / form / f"{unicodedata.normalize(form, name)}.npy")
        assert ids(tmp_path / form) == [unicodedata.normalize("NFC", name)]
    write(tmp_path / "NFC" / f"{unicodedata.normalize('NFD', name)}.npy")
    with pytest.raises(InputError, match="would both be the map of image 'café'"):
        find_maps(tmp_path / "NFC")


def test_one_format_is_read_and_other_files_are_counted_and_named(tmp_path, capsys):
    for name in ("a", "b"):
        write(tmp_path / f"{name}.npy")
        (tmp_path / f"{name}.png").write_bytes(b"a picture of the map")
    (tmp_path / "notes.txt").write_text("none")
    found = find_maps(tmp_path)
    assert list(found.maps) == ["a", "b"] and all(
        place.path.suffix == ".npy" for place in found.maps.values()
    )
    list(read_maps(tmp_path, ["a"]))
    assert "skipped (3 files: a.png, b.png, notes.txt)" in capsys.readouterr().out
    for name in ("a", "b"):
        (tmp_path / f"{name}.npy").unlink()
    assert {place.path.suffix for place in find_maps(tmp_path).maps.values()} == {".png"}


def test_no_map_and_several_stacks_are_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty/a.h5").touch()
    with pytest.raises(InputError, match=r"empty: holds no map \(1 file: a.h5\); give a folder"):
        find_maps(tmp_path / "empty")
    for name in ("a/batch_maps.npy", "b/batch_maps.npy"):
        write(tmp_path / name, np.zeros((3, 2, 2)))
    with pytest.raises(
        InputError, match=r"holds 2 files batch_maps.npy; give one of their folders"
    ):
        find_maps(tmp_path)


def test_all_sets_that_do_not_fit_are_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b", "c"):
        write(tmp_path / name / "batch_maps.npy", np.zeros((5, 2, 2) if name == "b" else (2, 2)))
    paths = [Path(name) for name in ("a", "b", "c")]
    with pytest.raises(
        InputError, match=r"2 of 3 sets of maps do not fit: .*a/batch_maps.npy: .*c/batch_maps.npy"
    ):
        find_all(paths)
    assert list(find_all(paths[1:2])) == paths[1:2]
    with pytest.raises(InputError, match=r"^[^;]*a/batch_maps.npy: must hold many maps"):
        find_all(paths[:2])


def test_maps_are_read_in_the_order_asked_for_from_files_and_stacks(tmp_path):
    maps = np.random.default_rng(0).random((3, 4, 5)).astype(np.float32)
    write(tmp_path / "stack" / "batch_maps.npy", maps)
    for place, saliency in enumerate(maps):
        write(tmp_path / "single" / f"{place}-of-3.npy", saliency)
    for folder in ("stack", "single"):
        np.testing.assert_array_equal(
            list(read_maps(tmp_path / folder, ["2-of-3", "0-of-3"])), maps[[2, 0]]
        )


def test_a_map_that_is_not_there_is_named(tmp_path):
    write(tmp_path / "a.npy")
    with pytest.raises(InputError, match=r"has no map of image 'b'; name its file b\.npy"):
        list(read_maps(tmp_path, ["a", "b"]))


def test_negative_maps_of_a_method_without_sign_are_refused(tmp_path):
    write(tmp_path / "a.npy", np.array([[0.0, -1.0]]))
    assert len(list(read_maps(tmp_path, ["a"]))) == 1
    with pytest.raises(
        InputError,
        match=r"a.npy, map of image 'a': has negative values, but maps of this method have none",
    ):
        list(read_maps(tmp_path, ["a"], signed=False))


@pytest.mark.parametrize("name", ["a.npy", "batch_maps.npy"])
def test_a_truncated_file_is_refused(tmp_path, name):
    write(
        tmp_path / name, np.zeros((5, 40, 40)) if name == "batch_maps.npy" else np.zeros((40, 40))
    )
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:1000])
    with pytest.raises(InputError, match=f"{name}: not a readable .npy file"):
        list(read_maps(tmp_path, ["a"]))


def test_names_that_no_file_system_or_table_bears_are_refused(tmp_path):
    for place in ("a", "b"):
        write(tmp_path / "long" / (place * 60) / f"{'x' * 200}.npy")
    with pytest.raises(InputError, match=r"too long|more than 251 bytes"):
        find_maps(tmp_path / "long")
    write(tmp_path / "bytes/a.npy")
    (tmp_path / "bytes/a.npy").rename(tmp_path / "bytes" / os.fsdecode(b"caf\xe9.npy"))
    with pytest.raises(InputError, match=r"bytes.caf.\.npy: its name is not UTF-8; rename it"):
        find_maps(tmp_path / "bytes")
    write(tmp_path / "stack.npy", np.zeros((2, 4, 4)))
    (tmp_path / "stack.json").write_text(json.dumps(["x" * 252, "y"]))
    with pytest.raises(InputError, match="of at most 251 bytes"):
        find_maps(tmp_path / "stack.npy")
