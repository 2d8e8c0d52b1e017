"""Formats and shapes of existing maps: the right values, and what is no map is refused by name."""

import io
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from lookalike.core.errors import InputError
from lookalike.maps.existing import find_maps, read_maps
from lookalike.maps.formats import READERS, open_arrays

MAP = np.array([[7, 0, 1, 2], [3, 4, 5, 250]])
STACK = np.arange(40.0).reshape(5, 2, 4)


def save_torch(path, content):
    import torch

    torch.save(content, path)


def read_one(folder, **options):
    """Return the map of image `a`, the only one of a folder that has a second image `b`."""
    return next(read_maps(folder, ["a"], **options))


def write_grid(path, separator, cell="{:g}"):
    path.write_text(
        "".join(separator.join(cell.format(value) for value in row) + "\n" for row in MAP)
    )


WRITERS = {
    "npy": lambda path: np.save(path, MAP),
    "npz": lambda path: np.savez(path, MAP),
    "npz with more": lambda path: np.savez_compressed(
        path, saliency=MAP, label=3, logits=np.zeros((1, 9)), name="a"
    ),
    "mat": lambda path: savemat(path, {"saliency": MAP, "label": 3, "name": "a"}),
    "pt": lambda path: save_torch(path, __import__("torch").tensor(MAP)),
    "pt of a network": lambda path: save_torch(
        path, __import__("torch").tensor(MAP, dtype=__import__("torch").bfloat16).requires_grad_()
    ),
    "pth": lambda path: save_torch(path, {"saliency": __import__("torch").tensor(MAP)}),
    "csv": lambda path: write_grid(path, ","),
    "csv of a spreadsheet": lambda path: write_grid(path, ";"),
    "csv of pandas": lambda path: path.write_text(",0,1,2,3\n0,7,0,1,2\n1,3,4,5,250\n2,0,0,0,0\n"),
    "tsv": lambda path: write_grid(path, "\t"),
    "txt": lambda path: np.savetxt(path, MAP, header="a map"),
}


@pytest.mark.parametrize("kind", WRITERS)
def test_every_format_gives_the_same_map(tmp_path, kind):
    for image in "ab":
        WRITERS[kind](tmp_path / f"{image}.{kind.split()[0]}")
    saliency = read_one(tmp_path)
    # pandas counts rows and columns, which tells its tables from three rows on.
    np.testing.assert_array_equal(saliency[:2], MAP)
    assert saliency.dtype == np.float32 and saliency.flags.c_contiguous


def test_every_suffix_with_a_reader_of_arrays_or_text_is_tried():
    assert {f".{kind.split()[0]}" for kind in WRITERS} == set(list(READERS)[:8])


@pytest.mark.parametrize(
    ("suffix", "array", "largest", "mode"),
    [
        ("png", MAP.astype(np.uint8), 255, "L"),
        ("png", (MAP * 257).astype(np.uint16), 65535, "I;16"),
        ("png", MAP > 2, 1, "1"),
        ("png", np.stack([MAP] * 3, axis=-1).astype(np.uint8), 255, "RGB"),
        ("png", np.stack([MAP] * 3 + [MAP * 0 + 255], axis=-1).astype(np.uint8), 255, "RGBA"),
        ("png", np.stack([MAP, MAP * 0 + 255], axis=-1).astype(np.uint8), 255, "LA"),
        ("tif", (MAP * 257).astype(np.uint16), 65535, "I;16"),
        ("tif", (MAP / 7).astype(np.float32), 1, "F"),
        ("bmp", MAP.astype(np.uint8), 255, "L"),
        ("pgm", MAP.astype(np.uint8), 255, "L"),
    ],
)
def test_grey_pictures_are_scaled_by_the_range_of_their_mode(
    tmp_path, suffix, array, largest, mode
):
    for image in "ab":
        Image.fromarray(array).save(tmp_path / f"{image}.{suffix}")
    with Image.open(tmp_path / f"a.{suffix}") as file:
        assert file.mode == mode
    grey = array[..., 0] if array.ndim == 3 else array
    np.testing.assert_allclose(read_one(tmp_path), grey / largest, rtol=1e-6)


def test_a_grey_jpeg_and_a_grey_palette_are_read(tmp_path):
    wide = np.kron(MAP.astype(np.uint8), np.ones((8, 8), np.uint8))
    for image in "ab":
        Image.fromarray(wide).convert("RGB").save(tmp_path / f"{image}.jpg", quality=100)
    np.testing.assert_allclose(read_one(tmp_path), wide / 255, atol=2 / 255)
    palette = Image.fromarray(MAP.astype(np.uint8)).quantize(16)
    assert palette.mode == "P"
    (tmp_path / "palette").mkdir()
    for image in "ab":
        palette.save(tmp_path / f"palette/{image}.png")
    np.testing.assert_allclose(read_one(tmp_path / "palette"), MAP / 255, rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "image", "complaint"),
    [
        ("a.png", Image.new("RGB", (4, 4), (0, 0, 255)), "a.png: is coloured, and a colour is no"),
        ("a.png", Image.new("RGBA", (4, 4), (9, 9, 9, 128)), "a.png: is transparent in part"),
        ("a.tif", Image.new("I", (4, 4), 9), "a.tif: the range of values of mode I is not known"),
    ],
)
def test_a_picture_whose_pixels_are_no_values_is_refused(tmp_path, name, image, complaint):
    image.save(tmp_path / name)
    with pytest.raises(InputError, match=complaint):
        read_one(tmp_path)


def test_several_pictures_in_one_file_are_refused(tmp_path):
    frames = [Image.new("L", (4, 4), value) for value in (0, 200)]
    frames[0].save(tmp_path / "a.tif", save_all=True, append_images=frames[1:])
    with pytest.raises(InputError, match=r"a.tif: holds 2 pictures"):
        read_one(tmp_path)


@pytest.mark.parametrize(
    "array",
    [
        MAP.astype(np.uint8),
        MAP.astype(np.int64),
        MAP.astype(">f4"),
        MAP.astype(">i2"),
        MAP.astype(np.float16),
        MAP.astype(np.longdouble),
        np.asfortranarray(MAP.astype(float)),
        MAP[None],
        MAP[..., None],
        MAP[None, None],
        MAP[None, ..., None],
    ],
    ids=lambda array: f"{array.dtype.str}{array.shape}",
)
def test_numbers_of_all_types_and_orders_are_read(tmp_path, array):
    for image in "ab":
        np.save(tmp_path / f"{image}.npy", array)
    saliency = read_one(tmp_path)
    np.testing.assert_array_equal(saliency, MAP)
    assert saliency.dtype.str in ("<f4", "=f4") and saliency.flags.c_contiguous


def test_truth_values_are_zero_and_one(tmp_path):
    np.save(tmp_path / "a.npy", MAP > 2)
    np.testing.assert_array_equal(read_one(tmp_path), [[1, 0, 0, 0], [1, 1, 1, 1]])


@pytest.mark.parametrize("axis", [0, 2])
def test_channels_are_joined_as_asked_and_never_in_silence(tmp_path, axis):
    channels = np.stack([MAP, -2 * MAP, 4 * MAP])
    np.save(tmp_path / "a.npy", np.moveaxis(channels, 0, axis))
    np.testing.assert_array_equal(read_one(tmp_path, channels="sum"), 3 * MAP)
    np.testing.assert_array_equal(read_one(tmp_path, channels="max"), 4 * MAP)
    with pytest.raises(
        InputError,
        match=r"a.npy, map of image 'a': a map of 3 channels, shape .*maps: {channels: sum} or",
    ):
        read_one(tmp_path)


@pytest.mark.parametrize(
    ("array", "complaint"),
    [
        (np.zeros((2, 3, 4, 5)), r"2-D array of real numbers, not float64 of shape \(2, 3, 4, 5\)"),
        (np.zeros((64, 7, 7)), r"2-D array of real numbers, not float64 of shape \(64, 7, 7\)"),
        (np.zeros((3, 5, 3)), r"does not tell which axis holds the channels"),
        (np.array([["a", "b"]]), "2-D array of real numbers, not <U1"),
        (np.ones((2, 2), complex), "2-D array of real numbers, not complex128"),
        (np.array([[0.0, np.nan]]), "1 values are not finite, the first at row 0, column 1"),
        (np.array([[0.0, 1e300]]), "1 values are not finite, the first at row 0, column 1"),
        (np.array([[0.0, 1e-60]]), "too small"),
        (np.zeros((0, 4)), "holds no value"),
        (np.array(3.0), r"2-D array of real numbers, not float64 of shape \(\)"),
    ],
)
def test_what_is_no_map_is_refused(tmp_path, array, complaint):
    for image in "ab":
        np.save(tmp_path / f"{image}.npy", array)
    with pytest.raises(InputError, match=f"a.npy, map of image 'a': .*{complaint}"):
        read_one(tmp_path, channels="sum")


def test_python_objects_are_never_unpickled(tmp_path):
    class Bomb:
        def __reduce__(self):
            return (pytest.fail, ("unpickled",))

    objects = np.array([[Bomb(), None]], dtype=object)
    np.save(tmp_path / "a.npy", objects, allow_pickle=True)
    np.savez(tmp_path / "a.npz", objects, allow_pickle=True)
    save_torch(tmp_path / "a.pt", [Bomb()])
    with pytest.raises(InputError, match=r"a.npy: not a readable .npy file \(.*objects"):
        open_arrays(tmp_path / "a.npy")
    with pytest.raises(InputError, match=r"a.pt: holds more than tensors, which may be unsafe"):
        open_arrays(tmp_path / "a.pt")
    for name in ("a.npy", "a.pt"):
        (tmp_path / name).unlink()
    with pytest.raises(InputError, match=r"a.npz"):
        read_one(tmp_path)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("0,1,2,3\n5,5,5,5\n", "its first line counts 0, 1, 2"),
        ("1,2\n3\n", "not a grid: its lines hold different numbers of cells"),
        ("", "not a grid"),
        ("a,b\n1,2\n", "not a grid of numbers .*without header"),
        ("0,5;0,3\n0,1;0,2\n", "not a grid of numbers .*with decimal points"),
        ("1,,2\n3,4,5\n", "not a grid of numbers"),
        ("1,nan\n3,4\n", "1 values are not finite"),
    ],
)
def test_text_that_is_no_grid_is_refused(tmp_path, text, complaint):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(InputError, match=f"a.csv.*: .*{complaint}"):
        read_one(tmp_path)


def test_a_matlab_file_of_the_newest_version_is_refused_with_the_remedy(tmp_path):
    start = b"MATLAB 7.3 MAT-file, Platform: GLNXA64"
    (tmp_path / "a.mat").write_bytes(start.ljust(124) + b"\x00\x02IM" + b"\x89HDF\r\n\x1a\n" * 8)
    with pytest.raises(InputError, match=r"a.mat: a MATLAB file of version 7.3; save it .*-v7"):
        read_one(tmp_path)


@pytest.mark.parametrize("suffix", ["npy", "npz", "pt", "mat", "png", "csv"])
def test_a_file_of_rubbish_is_refused_in_one_line(tmp_path, suffix):
    (tmp_path / f"a.{suffix}").write_bytes(bytes(range(256)))
    with pytest.raises(InputError, match=rf"a\.{suffix}: ") as raised:
        read_one(tmp_path)
    assert "\n" not in str(raised.value)


def archives(arrays):
    """Return writers of several arrays in one file."""
    import torch

    tensors = {
        name: array if isinstance(array, list) else torch.tensor(array)
        for name, array in arrays.items()
    }
    cells = {
        name: np.array(array, dtype=object) if isinstance(array, list) else array
        for name, array in arrays.items()
    }
    return {
        "maps.npz": lambda path: np.savez(path, **arrays),
        "maps.pt": lambda path: save_torch(path, tensors),
        "maps.mat": lambda path: savemat(path, cells),
    }


@pytest.mark.parametrize("name", ["maps.npz", "maps.pt", "maps.mat"])
def test_a_file_of_several_arrays_holds_one_for_each_image_or_a_stack_and_its_images(
    tmp_path, name
):
    archives({"a": MAP, "b": MAP + 1, "label": np.array(3)})[name](tmp_path / name)
    assert list(find_maps(tmp_path).maps) == ["a", "b"]
    np.testing.assert_array_equal(list(read_maps(tmp_path, ["b", "a"])), [MAP + 1, MAP])
    images = ["v.png", "w", "xx", "y", "z"]
    archives({"maps": STACK, "images": images, "labels": np.arange(5)})[name](tmp_path / name)
    assert list(find_maps(tmp_path / name).maps) == ["v", "w", "xx", "y", "z"]
    np.testing.assert_array_equal(list(read_maps(tmp_path, ["z", "v"])), STACK[[4, 0]])
    archives({"maps": STACK, "gradients": STACK})[name](tmp_path / name)
    with pytest.raises(InputError, match=rf"{name}: holds the arrays .*'maps'.* keep one stack"):
        find_maps(tmp_path)


def test_single_maps_in_files_of_several_arrays_are_ambiguous(tmp_path):
    for image in "ab":
        np.savez(tmp_path / f"{image}.npz", gradcam=MAP, ig=MAP)
    with pytest.raises(
        InputError, match=r"a.npz: several arrays may be the map \('gradcam', 'ig'\); keep one"
    ):
        read_one(tmp_path)


def test_nothing_heavy_is_imported_for_arrays_of_numpy(tmp_path):
    for image in "ab":
        np.save(tmp_path / f"{image}.npy", MAP)
        np.savez(tmp_path / f"{image}.npz", MAP)
    code = (
        "import sys; from lookalike.maps.existing import read_maps\n"
        f"list(read_maps({str(tmp_path)!r}, ['a', 'b']))\n"
        "assert not {'torch', 'PIL', 'scipy'} & set(sys.modules)\n"
        "sys.modules['torch'] = None\n"
        "from lookalike.maps.formats import open_arrays\n"
        "open_arrays('maps.pt')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "InputError: maps.pt: PyTorch reads such a file, and is not installed" in done.stderr


def test_a_tensor_that_claims_more_than_it_holds_is_refused(tmp_path):
    import torch

    torch.save(torch.ones(1).expand(10**6, 10**6), tmp_path / "a.pt")
    with pytest.raises(InputError, match=r"a.pt: not a readable .* claims the shape \(1000000, 10"):
        open_arrays(tmp_path / "a.pt")
    torch.save(torch.tensor(MAP[None]).expand(3, 2, 4), tmp_path / "a.pt")
    assert open_arrays(tmp_path / "a.pt")[""].shape == (3, 2, 4)


@pytest.mark.parametrize("shape", [(2**31, 2, 4), (2**31, 0, 4), (5, 2, 3)])
def test_an_array_that_claims_another_size_is_refused(tmp_path, shape):
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        header = io.BytesIO()
        about = {"descr": "<f8", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(header, about)
        archive.writestr("maps.npy", header.getvalue() + STACK.tobytes() * (0 not in shape))
    with pytest.raises(
        InputError, match=r"a.npz: (not a readable .* claims the shape|holds no map)"
    ):
        find_maps(tmp_path / "a.npz")
