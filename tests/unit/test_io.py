"""Files: written atomically, read back exactly, refused with their name."""

import os
import re

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from lookalike.core import io
from lookalike.core.errors import InputError
from lookalike.core.replacing import replacing
from lookalike.images import masks, reading
from lookalike.maps import stacks
from lookalike.models.weights import write_weights

# The folder of a test is shared by its examples, which overwrite one file.
repeated = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
# Without the carriage return, which Python's csv writes unquoted before 3.13.
cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=8)
finite = st.floats(allow_nan=False, allow_infinity=False)


def files_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_failed_write_keeps_the_old_file_and_leaves_nothing_behind(tmp_path):
    io.write_text(tmp_path / "a.txt", "old")
    with pytest.raises(ZeroDivisionError), replacing(tmp_path / "a.txt") as temporary:
        temporary.write_text("half")
        assert temporary.parent == tmp_path and temporary.suffix == ".txt"
        raise ZeroDivisionError
    assert io.read_text(tmp_path / "a.txt") == "old"
    assert files_in(tmp_path) == ["a.txt"]


def test_new_file_appears_only_when_it_is_whole(tmp_path):
    path = tmp_path / "deep" / "er" / "a.txt"
    with replacing(path) as temporary:
        temporary.write_text("new")
        assert not path.exists()
    assert path.read_text() == "new" and files_in(path.parent) == ["a.txt"]


def test_written_files_have_the_rights_of_the_umask(tmp_path):
    before = os.umask(0o027)
    try:
        io.write_text(tmp_path / "a.txt", "x")
        assert os.umask(0o027) == 0o027
    finally:
        os.umask(before)
    assert (tmp_path / "a.txt").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    "write",
    [
        lambda path: io.write_text(path, "lone surrogate \ud800"),
        lambda path: io.write_json(path, {"a": float("nan")}),
        lambda path: io.write_json(path, {"a": object()}),
        lambda path: io.write_table(path, [{"a": 1}, {"b": 2}]),
        lambda path: io.write_matrix(path, np.zeros((2, 3)), ["a", "b"]),
        lambda path: io.write_map(path, np.array(["x"])),
        lambda path: stacks.write_batch(
            path, [np.zeros((2, 2))], {"images": ["a", "b"], "shape": [2, 2, 2]}
        ),
        lambda path: stacks.write_batch(
            path, [np.zeros((2, 2))] * 3, {"images": ["a", "b"], "shape": [2, 2, 2]}
        ),
        lambda path: io.write_image(path, np.zeros((2, 2, 7), np.uint8)),
        lambda path: write_weights(path, {"a": 1}),
    ],
)
def test_content_that_cannot_be_written_harms_no_file(write, tmp_path):
    path = tmp_path / "a.npy"
    path.write_text("old")
    with pytest.raises((ValueError, TypeError, KeyError, AttributeError)):
        write(path)
    assert path.read_text() == "old" and files_in(tmp_path) == ["a.npy"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | finite | cells,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(cells, inner, max_size=3),
)


@repeated
@given(json_values)
def test_json_comes_back(tmp_path, content):
    io.write_json(tmp_path / "a.json", content)
    assert io.read_json(tmp_path / "a.json") == content


def test_bad_json_and_bad_text_are_named(tmp_path):
    (tmp_path / "a.json").write_text("{'a': 1}")
    with pytest.raises(InputError, match=r"a.json: not valid JSON"):
        io.read_json(tmp_path / "a.json")
    (tmp_path / "b.json").write_bytes(b"\xff\xfe")
    for name in ("b.json", "absent.json"):
        with pytest.raises(InputError, match=f"{name}: cannot be read"):
            io.read_json(tmp_path / name)


@repeated
@given(
    st.lists(
        st.fixed_dictionaries({"image": cells, "a value": finite, "n": st.integers()}),
        min_size=1,
        max_size=4,
    )
)
def test_table_comes_back_whatever_its_cells_hold(tmp_path, rows):
    io.write_table(tmp_path / "a.csv", rows)
    read = io.read_table(tmp_path / "a.csv")
    assert [row["image"] for row in read] == [row["image"] for row in rows]
    assert [float(row["a value"]) for row in read] == [row["a value"] for row in rows]
    assert [int(row["n"]) for row in read] == [row["n"] for row in rows]


def test_table_writes_numpy_numbers_in_full_and_none_as_empty(tmp_path):
    rows = [{"a": np.float64(0.1), "b": np.int64(3), "c": None, "d": True, "left out": 1}]
    io.write_table(tmp_path / "a.csv", rows, columns=["d", "c", "b", "a"])
    assert (tmp_path / "a.csv").read_text() == "d,c,b,a\nTrue,,3,0.1\n"
    io.write_table(tmp_path / "b.csv", [], columns=["x", "y"])
    assert io.read_table(tmp_path / "b.csv") == []


@repeated
@given(st.data(), st.lists(cells, min_size=1, max_size=5, unique=True))
def test_matrix_comes_back_exactly_with_its_gaps(tmp_path, data, names):
    matrix = data.draw(arrays(float, (len(names), len(names)), elements=finite | st.just(np.nan)))
    names = [f"m{name}" for name in names]
    io.write_matrix(tmp_path / "a.csv", matrix, names)
    read, read_names = io.read_matrix(tmp_path / "a.csv")
    np.testing.assert_array_equal(read, matrix)
    assert read_names == names


def test_matrix_by_hand_is_read(tmp_path):
    (tmp_path / "a.csv").write_text(",a,b\r\na,0,1e-3\r\nb,,0\r\n\r\n", newline="")
    matrix, names = io.read_matrix(tmp_path / "a.csv")
    np.testing.assert_array_equal(matrix, [[0, 0.001], [np.nan, 0]])
    assert names == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (",a,b\na,0,1\nc,1,0\n", "names of the rows are not the names of the columns"),
        (",a,b\na,0,1\n", "not square: 1 rows below 2 names"),
        (",a,b\na,0,x\nb,1,0\n", "not a matrix of numbers"),
        (",a,b\na,0\nb,1,0\n", "not square"),
        (",a,b\na,0,1,2\nb,1,0,2\n", "not square"),
        ("", "holds no matrix"),
        (";a;b\na;0;1\nb;1;0\n", "holds no matrix: the first row must hold the names, with commas"),
    ],
)
def test_broken_matrix_is_refused(text, complaint, tmp_path):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(InputError, match=f"a.csv: .*{complaint}"):
        io.read_matrix(tmp_path / "a.csv")


@repeated
@given(
    arrays(
        st.sampled_from([np.float32, np.float64, np.int64, np.bool_, np.dtype("U5")]),
        array_shapes(min_dims=0, max_dims=3, max_side=4),
    )
)
def test_arrays_come_back(tmp_path, array):
    io.write_arrays(tmp_path / "a.npz", first=array, second=[1, 2])
    read = io.read_arrays(tmp_path / "a.npz")
    assert set(read) == {"first", "second"} and read["first"].dtype == array.dtype
    np.testing.assert_array_equal(read["first"], array)
    np.testing.assert_array_equal(read["second"], [1, 2])


def test_arrays_of_several_files_come_by_path(tmp_path):
    for name in "ab":
        io.write_arrays(tmp_path / f"{name}.npz", x=[name])
    assert {
        path: list(held["x"])
        for path, held in io.read_each([tmp_path / "a.npz", tmp_path / "b.npz"]).items()
    } == {
        str(tmp_path / "a.npz"): ["a"],
        str(tmp_path / "b.npz"): ["b"],
    }


def spoil_arrays(kind, path):
    """Write something to an .npz path that is no file of plain arrays."""
    if kind == "objects":
        np.savez(path, a=np.array([{}], dtype=object))
    elif kind == "array":
        np.save(path.with_suffix(".npy"), np.zeros(3))
        path.with_suffix(".npy").rename(path)
    elif kind == "truncated":
        np.savez(path, a=np.zeros(1000))
        path.write_bytes(path.read_bytes()[:2000])
    elif kind == "text":
        path.write_text("nonsense")


@pytest.mark.parametrize("kind", ["objects", "array", "truncated", "text", "absent"])
def test_unreadable_arrays_are_named(kind, tmp_path):
    spoil_arrays(kind, tmp_path / "a.npz")
    with pytest.raises(InputError, match=r"a.npz: not a readable .npz file"):
        io.read_arrays(tmp_path / "a.npz")


@repeated
@given(
    arrays(
        np.float32,
        array_shapes(min_dims=2, max_dims=2, max_side=5),
        elements=st.floats(allow_nan=False, allow_infinity=False, width=32),
    )
)
def test_map_comes_back_exactly(tmp_path, saliency):
    io.write_map(tmp_path / "a.npy", saliency.astype(float))
    read = io.read_map(tmp_path / "a.npy")
    assert read.dtype == np.float32
    np.testing.assert_array_equal(read, saliency)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e300])
def test_map_that_is_not_finite_names_file_and_place(bad, tmp_path):
    saliency = np.ones((4, 5))
    saliency[2, 3] = saliency[3, 0] = bad
    np.save(tmp_path / "a.npy", saliency)
    with pytest.raises(
        InputError,
        match=re.escape(
            f"{tmp_path / 'a.npy'}: 2 values are not finite, the first at row 2, column 3"
        ),
    ):
        io.read_map(tmp_path / "a.npy")


@pytest.mark.parametrize(
    ("array", "complaint"),
    [
        (
            np.zeros((2, 3, 4)),
            r"must be a 2-D array of real numbers, not float64 of shape \(2, 3, 4\)",
        ),
        (np.zeros(4), r"must be a 2-D array of real numbers, not float64 of shape \(4,\)"),
        (np.zeros((2, 2), complex), "must be a 2-D array of real numbers, not complex128"),
        (np.full((2, 2), "x"), "must be a 2-D array of real numbers, not <U1"),
        (np.full((2, 2), None), "not a readable .npy array"),
    ],
)
def test_array_that_is_no_map_is_refused(array, complaint, tmp_path):
    np.save(tmp_path / "a.npy", array)
    with pytest.raises(InputError, match=f"a.npy: .*{complaint}"):
        io.read_map(tmp_path / "a.npy")


def spoil_map(kind, path):
    """Write something to an .npy path that is no array."""
    if kind == "truncated":
        np.save(path, np.zeros((20, 20)))
        path.write_bytes(path.read_bytes()[:-100])
    elif kind == "archive":
        np.savez(path.with_suffix(".npz"), a=np.zeros((2, 2)))
        path.with_suffix(".npz").rename(path)
    elif kind == "text":
        path.write_text("nonsense")
    elif kind == "empty":
        path.touch()


@pytest.mark.parametrize("kind", ["truncated", "archive", "text", "empty", "absent"])
def test_unreadable_map_or_batch_is_named(kind, tmp_path):
    io.write_json(tmp_path / "a.json", {"images": [], "shape": [0, 2, 2]})
    spoil_map(kind, tmp_path / "a.npy")
    for read in (io.read_map, stacks.read_batch):
        with pytest.raises(InputError, match=r"a.npy: not a readable .npy array"):
            read(tmp_path / "a.npy")


def test_equal_lists_of_images_pass():
    assert io.same_images(["a", "b"], ["a", "b"], "x", "y") is None
    with pytest.raises(InputError, match=r"number 0 is 'a' in one, 'b' in the other"):
        io.same_images(["a", "b"], ["b", "a"], "x", "y")


def test_images_and_masks_come_back(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    io.write_image(tmp_path / "a.png", pixels)
    np.testing.assert_array_equal(reading.read_image(tmp_path / "a.png", 16, "crop"), pixels)
    mask = pixels[..., 0] > 100
    io.write_image(tmp_path / "m.png", mask)
    read = masks.read_object(tmp_path / "m.png", tmp_path / "m.png")
    np.testing.assert_array_equal(read, mask)
    with pytest.raises(InputError, match=r"absent.png: not a readable image"):
        reading.read_image(tmp_path / "absent.png", 16, "crop")
