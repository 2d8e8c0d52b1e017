"""Maps as arrays and tables, and matrices."""

import io
import struct
import zipfile

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fuzzing.damage import names, saved

numbers = st.sampled_from(["<f4", ">f4", "<f8", "<f2", "|u1", "<i2", ">i4", "|b1"])


def values_of(dtype):
    kind = np.dtype(dtype).kind
    whole = st.booleans() if kind == "b" else st.integers(0, 100)
    return st.integers(-500, 500).map(lambda x: x / 4) if kind == "f" else whole


@st.composite
def grids(draw, dtypes=numbers, min_side=2):
    dtype = draw(dtypes)
    shape = (draw(st.integers(min_side, 6)), draw(st.integers(min_side, 7)))
    return draw(arrays(dtype, shape, elements=values_of(dtype)))


def as_npy(array, version=(1, 0), order="C"):
    array = np.asarray(array, order=order)
    return saved(lambda file: np.lib.format.write_array(file, array, version))


@st.composite
def npy_maps(draw):
    version, order = draw(st.sampled_from([(1, 0), (2, 0), (3, 0)])), draw(st.sampled_from("CF"))
    if draw(st.booleans()):
        maps = {name: draw(grids()) for name in draw(st.sets(names, min_size=2, max_size=3))}
        files = {f"maps/{name}.npy": as_npy(one, version, order) for name, one in maps.items()}
        return files, maps
    stack = draw(arrays("<f4", (4, 3, 5), elements=values_of("<f4")))
    maps = {f"{place}-of-4": one for place, one in enumerate(stack)}
    return {"maps/batch_maps.npy": as_npy(stack, version, order)}, maps


@st.composite
def npz_maps(draw):
    maps = {name: draw(grids()) for name in draw(st.sets(names, min_size=2, max_size=3))}
    save = draw(st.sampled_from([np.savez, np.savez_compressed]))
    beside = draw(st.sampled_from([{}, {"label": 3, "name": "text", "logits": np.zeros(9)}]))
    if draw(st.booleans()):
        return {
            f"maps/{name}.npz": saved(save, saliency=one, **beside) for name, one in maps.items()
        }, maps
    return {"maps/all.npz": saved(save, **maps, **beside)}, maps


@st.composite
def text_maps(draw):
    maps = {name: draw(grids()) for name in draw(st.sets(names, min_size=2, max_size=3))}
    separator, end = (
        draw(st.sampled_from([",", ";", "\t", " "])),
        draw(st.sampled_from(["\n", "\r\n"])),
    )
    start = draw(st.sampled_from(["", "\ufeff", "# a map\n", "\n\n"]))
    suffix = draw(st.sampled_from(["csv", "tsv", "txt"]))
    files = {
        f"maps/{name}.{suffix}": (
            start + "".join(separator.join(f"{cell:g}" for cell in row * 1.0) + end for row in one)
        ).encode()
        for name, one in maps.items()
    }
    # A first line 0, 1, 2 is a header.
    if any(len(one[0]) > 2 and (one[0] == np.arange(len(one[0]))).all() for one in maps.values()):
        return draw(text_maps())
    return files, maps


@st.composite
def other_maps(draw):
    """Return maps as PyTorch or MATLAB save them."""
    import torch
    from scipy.io import savemat

    kinds = st.sampled_from(["<f4", "<f8", "|u1", "<i2"])
    maps = {name: draw(grids(kinds)) for name in draw(st.sets(names, min_size=2, max_size=3))}
    if draw(st.booleans()):
        files = {
            f"maps/{name}.mat": saved(savemat, {"saliency": one, "label": 3})
            for name, one in maps.items()
        }
    else:
        files = {
            f"maps/{name}.pt": saved(lambda file, one: torch.save(torch.tensor(one), file), one)
            for name, one in maps.items()
        }
    return files, maps


@st.composite
def npy_files(draw):
    """Return a NumPy file whose header may say anything."""
    types = [
        "'<f4'",
        "'>i8'",
        "'|O'",
        "'<U9'",
        "'<M8[s]'",
        "'|V9'",
        "'<c8'",
        "'|b1'",
        "'<f16'",
        "7",
    ]
    types += ["[('a', '<f4')]", "'<f4', 'more': 1", "'zz'", "'|S0'", "('<f4', (2, 2))"]
    side = st.sampled_from([0, 1, 2, 3, 4, -1, 2**20, 2**31, 2**63, True, "x"])
    shape = draw(
        st.lists(side, max_size=4).map(tuple)
        | st.sampled_from([(2**31, 0, 3), (2**40, 3, 0), "(" * 999])
        | st.just("()")
    )
    text = f"{{'descr': {draw(st.sampled_from(types))}, 'fortran_order': "
    text += f"{draw(st.sampled_from(['True', 'False', '3']))}, 'shape': {shape}}}\n"
    length = draw(st.just(len(text)) | st.sampled_from([0, 5, 65535]))
    data = draw(st.binary(max_size=64))
    major = draw(st.sampled_from([1, 1, 1, 2, 3, 9]))
    head = struct.pack("<H" if major == 1 else "<I", length)
    return b"\x93NUMPY" + bytes([major, 0]) + head + text.encode() + data


odd_npy = npy_files().map(lambda one: {"maps/a.npy": one, "maps/b.npy": one})


@st.composite
def odd_npz(draw):
    """Return an archive of strange members."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for number in range(draw(st.integers(0, 3))):
            name = draw(
                st.sampled_from(["a.npy", "a", "../a.npy", "/a.npy", "é\n.npy", "images.npy"])
            )
            array = draw(npy_files() | grids().map(as_npy) | st.just(as_npy(np.array(["a"]))))
            archive.writestr(name if number < 2 else f"{number}{name}", array)
    return {"maps/a.npz": file.getvalue()}


MODELS = ["ant", "bee", "cow", "dog"]


@st.composite
def matrices(draw):
    """Return a table of distances of four models, with names in one of many layouts."""
    upper = draw(st.lists(st.integers(1, 400).map(lambda x: x / 8), min_size=6, max_size=6))
    matrix = np.zeros((4, 4))
    matrix[np.triu_indices(4, 1)] = upper
    matrix += matrix.T
    mark, end = draw(st.sampled_from(",;\t")), draw(st.sampled_from(["\n", "\r\n"]))
    layout = draw(st.sampled_from(["both", "above", "lower", "pairs", "npy", "condensed"]))
    if layout in ("npy", "condensed"):
        array = matrix if layout == "npy" else np.array(upper)
        return {"matrix.npy": as_npy(array)}, matrix
    cells = [[repr(float(cell)) for cell in row] for row in matrix]
    if mark != "," and draw(st.booleans()):
        cells = [[cell.replace(".", ",") for cell in row] for row in cells]
    table = [["", *MODELS], *([name, *row] for name, row in zip(MODELS, cells, strict=True))]
    if layout == "above":
        table = [row[1:] for row in table]
    if layout == "lower":
        table = [table[0], *(row[: place + 2] for place, row in enumerate(table[1:]))]
    if layout == "pairs":
        pairs = zip(*np.triu_indices(4, 1), strict=True)
        table = [[MODELS[i], MODELS[j], cells[i][j]] for i, j in pairs]
    start = draw(st.sampled_from(["", "\ufeff"]))
    return {"matrix.csv": (start + end.join(map(mark.join, table)) + end).encode()}, matrix


cell = st.sampled_from(
    ["a", "b", "0", "1", "2", "", "nan", "-", "1e400", "0,5", '"', "é", "\0", "1_0"]
)
odd_matrices = st.one_of(
    st.lists(st.lists(cell, max_size=4), max_size=5).map(
        lambda rows: {"matrix.csv": "\n".join(map(",".join, rows)).encode()}
    ),
    npy_files().map(lambda content: {"matrix.npy": content}),
)
