"""Files as people bring them, for the fuzz: valid ones with the values that were put in, and
damaged or strange ones. An input is a dict from names of files to their content.
"""

import functools
import io
import json
import pickle
import struct
import zipfile
import zlib

import numpy as np
import yaml
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from networks import shaken
from PIL import Image

HUGE = (0, 1, 255, 2**16, 2**31 - 1, 2**32 - 1, 2**63 - 1)
STRANGE_TEXT = (
    *("\0", "\ufeff", "\r\n", "\r", "\x85", "\u2028", "é", "\U0001f600", "\x1b[31m", "\x01"),
    *('"', "'", ",", ";", ":", "#", "{", "}", "[", "]", "&a", "*a", "!!python/name:os", "<<: 1"),
    *("nan", "inf", "-1", "1e999", "9" * 5000, "x" * 10_000, "[" * 3000, "{a: " * 3000, "\n" * 999),
)
STRANGE_BYTES = (
    *(text.encode() for text in STRANGE_TEXT),
    *(struct.pack("<Q", number) for number in HUGE),
    *(struct.pack(">I", min(number, 2**32 - 1)) for number in HUGE),
    *(b"\xff" * 9, b"\xc3", b"\xed\xa0\x80", b"PK\x03\x04", b"\x93NUMPY", b"\x89PNG\r\n\x1a\n"),
)
FOREIGN = (b"", b"\0", b"\n", b"\xff\xfe", b"<html>", b"\x1f\x8b\x08", b"PK\x05\x06" + b"\0" * 18)
names = st.text("abcdefgh", min_size=1, max_size=5)
values = st.floats(-1e6, 1e6, width=32, allow_subnormal=False)


# Damage


def edited(content, edits):
    """Return bytes after edits, each a kind, a place as a share of the length, a span and bytes."""
    for kind, share, span, payload in edits:
        place = int(share * len(content))
        before, part, after = (
            content[:place],
            content[place : place + span],
            content[place + span :],
        )
        content = {
            "cut": before,
            "flip": before + bytes(byte ^ 0x55 for byte in part) + after,
            "insert": before + payload + part + after,
            "replace": before + payload + content[place + len(payload) :],
            "delete": before + after,
            "repeat": before + part * 3 + after,
            "foreign": payload,
        }[kind]
    return content


edits = st.lists(
    st.tuples(
        st.sampled_from(
            ["flip", "flip", "cut", "insert", "replace", "delete", "repeat", "foreign"]
        ),
        st.integers(0, 999).map(lambda share: share / 1000),
        st.integers(1, 40),
        st.sampled_from(STRANGE_BYTES) | st.sampled_from(FOREIGN) | st.binary(max_size=8),
    ),
    min_size=1,
    max_size=2,
)


@st.composite
def damaged(draw, valid):
    """Return the files of a valid input, one of them edited."""
    files, _ = draw(valid)
    name = draw(st.sampled_from(sorted(files)))
    return {**files, name: edited(files[name], draw(edits))}


def saved(save, *content, **options):
    """Return the bytes that a function writes into a file."""
    file = io.BytesIO()
    save(file, *content, **options)
    return file.getvalue()


# Arrays and maps

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


GREYS = {"<u1": 255, "<u2": 65535, "|b1": 1}


@st.composite
def picture_maps(draw):
    dtype = draw(st.sampled_from(sorted(GREYS)))
    found = {
        name: draw(grids(st.just(dtype))) for name in draw(st.sets(names, min_size=2, max_size=3))
    }
    suffix = draw(st.sampled_from(["png", "tiff"]))
    files = {
        f"maps/{name}.{suffix}": saved(Image.fromarray(one).save, suffix)
        for name, one in found.items()
    }
    return files, {name: one / GREYS[dtype] for name, one in found.items()}


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
    shape = draw(st.lists(side, max_size=4).map(tuple) | st.just("(" * 999) | st.just("()"))
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


def png(width, height, depth, colour, interlace, pixels, extra):
    """Return a PNG with right checksums."""

    def chunk(name, data):
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace)
    body = chunk(b"IHDR", head) + extra(chunk) + chunk(b"IDAT", zlib.compress(pixels))
    return b"\x89PNG\r\n\x1a\n" + body + chunk(b"IEND", b"")


@st.composite
def png_files(draw):
    """Return a PNG whose header may say anything."""
    side = st.sampled_from([0, 1, 2, 7, 100_000, 2**31 - 1, 2**32 - 1])
    name = draw(
        st.sampled_from([b"PLTE", b"tRNS", b"eXIf", b"tEXt", b"iCCP", b"acTL", b"zTXt", b"gAMA"])
    )
    data = draw(st.binary(max_size=12))
    return png(
        *(draw(side), draw(side), draw(st.sampled_from([1, 2, 4, 8, 16, 3]))),
        *(draw(st.sampled_from([0, 2, 3, 4, 6, 5])), draw(st.sampled_from([0, 1, 2]))),
        draw(st.binary(max_size=200)),
        lambda chunk: chunk(name, data),
    )


# Matrices

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


# Images and masks


@st.composite
def images(draw, side=8):
    """Return a picture of side 8 and its pixels as RGB."""
    mode = draw(st.sampled_from(["RGB", "L", "RGBA", "1", "I;16", "P"]))
    suffix = draw(
        st.sampled_from(["png", "tiff"] if mode in ("I;16", "RGBA") else ["png", "bmp", "tiff"])
    )
    levels = draw(arrays("<u1", (side, side, 3)))
    grey = np.repeat(levels[..., :1], 3, axis=-1)
    made, expected = {
        "RGB": (levels, levels),
        "L": (levels[..., 0], grey),
        "RGBA": (np.dstack([levels, np.full((side, side), 255, np.uint8)]), levels),
        "1": (levels[..., 0] > 99, np.where(grey > 99, 255, 0)),
        "I;16": (levels[..., 0].astype(np.uint16) * 257, grey),
        "P": (levels[..., 0], levels[0][levels[..., 0] % side]),
    }[mode]
    picture = Image.fromarray(made % side if mode == "P" else made)
    if mode == "P":
        picture.putpalette(levels[0].tobytes())
    return {f"image.{suffix}": saved(picture.save, suffix)}, expected


odd_images = png_files().map(lambda content: {"image.png": content})
GREY = saved(Image.new("RGB", (6, 5), "grey").save, "png")


@st.composite
def masks(draw):
    """Return a mask of an object, and which pixels are the object."""
    found = draw(arrays(bool, (5, 6)))
    kind = draw(st.sampled_from(["1", "grey", "16 bits", "RGB", "npy"]))
    if kind == "npy":
        content = as_npy(found.astype(draw(st.sampled_from(["|b1", "<i4", "<f8"]))))
        return {"mask.npy": content, "image.png": GREY}, found
    level = draw(st.integers(1, 255))
    made = {
        "1": found,
        "grey": (found * level).astype(np.uint8),
        "16 bits": (found * level).astype(np.uint16),
        "RGB": found[..., None] * np.uint8([0, level, 0]),
    }[kind]
    return {"mask.png": saved(Image.fromarray(made).save, "png"), "image.png": GREY}, found


odd_masks = st.one_of(
    png_files().map(lambda content: {"mask.png": content, "image.png": GREY}),
    npy_files().map(lambda content: {"mask.npy": content, "image.png": GREY}),
)


@st.composite
def folders(draw):
    """Return a folder of images in classes, and its classes by place."""
    places = draw(st.sets(st.tuples(names, names), min_size=1, max_size=4))
    colour = draw(st.integers(0, 255))
    content = saved(Image.new("RGB", (3, 4), (colour, 9, 9)).save, "png")
    files = {f"images/{label}/{name}.png": content for label, name in places}
    return files, {f"images/{label}/{name}.png": label for label, name in places}


file_name = st.sampled_from(
    ["a.png", "A.PNG", "b.jpg", ".a.png", "é.png", "e\u0301.png", "a\nb.png", "x" * 245 + ".png"]
    + ["notes.txt", "a", " .png", "a.tif", "a,b.png", "\udcff.png", "a.psd", "a.ico", "a.xbm"]
)
odd_folders = st.dictionaries(
    st.tuples(
        st.sampled_from(["", "cat/", "Val/", "train/x/", "test/", "c\n/", "__MACOSX/"]), file_name
    )
    .map("".join)
    .map("images/{}".format),
    st.sampled_from([GREY, *FOREIGN]) | png_files(),
    max_size=4,
)


# Checkpoints


@st.composite
def weights(draw):
    """Return a checkpoint of a few tensors, and these as arrays."""
    import torch
    from safetensors.numpy import save

    kinds = st.sampled_from(["<f4", "<f8", "<f2", "<i8", "|u1"])
    tensors = draw(st.dictionaries(names, grids(kinds, 1), min_size=1, max_size=3))
    if draw(st.booleans()):
        return {"w.safetensors": save(tensors)}, tensors
    nested = draw(st.booleans())
    content = {key: torch.tensor(array) for key, array in tensors.items()}
    content = {"net": content, "epoch": 3} if nested else content
    prefix, is_zip = "net." if nested else "", draw(st.booleans())
    file = saved(lambda file: torch.save(content, file, _use_new_zipfile_serialization=is_zip))
    return {"w.pth": file}, {prefix + key: array for key, array in tensors.items()}


json_number = st.sampled_from([0, 4, 8, 16, -1, 2**40, 2**64, 1.5, "4", None])
entry = st.fixed_dictionaries(
    {
        "dtype": st.sampled_from(
            ["F32", "F16", "BF16", "I64", "BOOL", "F8_E4M3", "F4", "C64", "", 3]
        ),
        "shape": st.lists(json_number, max_size=3),
        "data_offsets": st.lists(json_number, min_size=1, max_size=3),
    }
)


@st.composite
def odd_safetensors(draw):
    """Return a .safetensors whose header may say anything."""
    key = st.sampled_from(["a", "b", "__metadata__", "", "a.b", "\n", "é"])
    header = json.dumps(
        draw(st.dictionaries(key, entry | st.just({"format": "pt"}), max_size=3))
    ).encode()
    header = draw(st.sampled_from([header, header, b'{"a":' * 3000, b"{" + b" " * 9000]))
    length = draw(st.just(len(header)) | st.sampled_from([0, 2**31, 2**62, 3]))
    return {"w.safetensors": struct.pack("<Q", length) + header + b"\0" * draw(st.integers(0, 16))}


def strange_objects():
    """Return what somebody may have saved with PyTorch or pickle."""
    import torch

    deep: dict = {}
    for _ in range(80):
        deep = {"a": deep, "w": torch.ones(1)}
    circle: dict = {"w": torch.ones(2)}
    circle["self"] = circle
    return [
        *(
            deep,
            circle,
            [],
            {},
            3,
            "text",
            None,
            torch.ones(2, 2),
            [torch.ones(2, 2)],
            {"a": [1, [2]]},
        ),
        *({0: torch.ones(1), "0": torch.ones(1)}, {None: torch.ones(1)}, {(1, 2): torch.ones(1)}),
        *({"a\nb": torch.ones(2, 2)}, {b"a": torch.ones(2, 2)}, {"": torch.ones(2, 2)}),
        {"a": torch.ones(2, 2).to_sparse()},
        {"a": torch.ones(2, 2, dtype=torch.complex64)},
        {"a": torch.empty(2, 2, device="meta")},
        {"a": torch.ones(1).expand(10**6, 10**6)},
        {"a": torch.ones(2, 2).to(torch.float8_e4m3fn)},
        {"a": torch.quantize_per_tensor(torch.ones(2, 2), 0.1, 0, torch.qint8)},
        {"a": torch.nn.Parameter(torch.full((2, 2), float("nan")))},
        {"a": np.ones(2), "b": Image.Image, "c": {1, 2}},
    ]


@st.composite
def odd_pickles(draw, name="w.pth"):
    """Return a file of PyTorch or pickle with what is no state dict, or a strange one."""
    import torch

    content = draw(st.sampled_from(strange_objects()))
    if draw(st.integers(0, 4)) == 0:
        try:
            return {name: pickle.dumps(content, draw(st.integers(0, 5)))}
        except NotImplementedError:
            return {name: b"\x80"}
    try:
        return {name: saved(lambda file: torch.save(content, file))}
    except (AttributeError, NotImplementedError):
        return {name: b"\x80"}


# Configs

MAPS = {
    f"maps/{model}/{image}.npy": as_npy(np.full((2, 3), value, np.float32))
    for value, (model, image) in enumerate([("A", "x"), ("A", "y"), ("B", "x"), ("B", "y")])
}
BESIDE = {**MAPS, "matrix.csv": b",A,B\nA,0,1\nB,1,0\n"}


@st.composite
def config_values(draw):
    """Return a config of given maps or of networks."""
    config = {
        "seed": draw(st.integers(0, 2**31)),
        "maps": {
            "size": draw(st.integers(8, 99)),
            "sign": draw(st.sampled_from(["signed", "absolute"])),
        },
        "metrics": [
            draw(st.sampled_from(["cosine", "pearson"])),
            {"rbf": {"sigma": draw(st.integers(1, 99))}},
        ],
        "inference": {"bootstrap": draw(st.integers(50, 999))},
        "aggregate": draw(st.sampled_from(["mean", "mean_std"])),
    }
    if draw(st.booleans()):
        config["models"] = {name: {"maps": f"maps/{name}", "family": draw(names)} for name in "AB"}
    else:
        config["images"] = {
            "size": draw(st.integers(16, 99)),
            "fit": draw(st.sampled_from(["crop", "pad"])),
        }
        config["models"] = {
            name: {"timm": "test_vit", "lr": draw(st.integers(1, 99)) / 1000}
            for name in draw(st.sets(names, min_size=2, max_size=3))
        }
        config["methods"] = {
            "ig": {"explain": "integrated_gradients", "steps": draw(st.integers(1, 99))}
        }
    if draw(st.booleans()):
        config["matrices"] = {"mine": {"path": "matrix.csv", "kind": "dissimilarity"}}
    return config


def as_yaml(config, style=False):
    return yaml.safe_dump(
        config, sort_keys=False, default_flow_style=style, allow_unicode=True
    ).encode()


@st.composite
def configs(draw):
    """Return a config as YAML or JSON, and its values."""
    config = draw(config_values())
    texts = [as_yaml(config), as_yaml(config, True), json.dumps(config, indent="\t").encode()]
    text = draw(st.sampled_from(texts))
    if draw(st.booleans()):
        text = text.replace(b"\n", b"\r\n")
    return {**BESIDE, "config.yaml": text}, config


STRANGE_VALUES = st.sampled_from(
    [
        None,
        True,
        -1,
        0,
        2**70,
        1e308,
        float("nan"),
        float("inf"),
        "",
        "a\nb",
        [],
        {},
        [[]],
        "../x",
        "/",
    ]
    + [
        "\0",
        "x" * 5000,
        {"a": {}},
        ["cosine", "cosine"],
        "1e5",
        "~nobody/x",
        "$NOTHING",
        "{image}",
        "demo",
    ]
    + [
        "maps",
        "matrix.csv",
        "maps/A/x.npy",
        "maps/{model}/{image}.npy",
        {1: 2},
        "http://x",
        "label",
    ]
)


def places_of(value):
    """Return every mapping and list within a value, with each of its keys."""
    pairs = list(value.items()) if isinstance(value, dict) else list(enumerate(value))
    below = [
        place for _, part in pairs if isinstance(part, dict | list) for place in places_of(part)
    ]
    return [(value, key) for key, _ in pairs] + below


@st.composite
def odd_configs(draw, keys):
    """Return a config with other values, or other keys of the schema, at one or two places."""
    config = draw(config_values())
    for _ in range(draw(st.integers(1, 2))):
        part, key = draw(st.sampled_from(places_of(config)))
        if isinstance(part, dict) and draw(st.booleans()):
            key = draw(st.sampled_from([*keys, "a\nb", "", "é", "__use_yte__", "x" * 300]))
        part[key] = draw(STRANGE_VALUES)
        if not places_of(config):
            break
    return {**BESIDE, "config.yaml": as_yaml(config)}


RECIPE = {"timm": "test_resnet", "options": {"output_stride": 8}}


@functools.cache
def state_dict():
    """Return the state dict of a network."""
    return shaken(RECIPE, seed=0).state_dict()


@st.composite
def networks(draw):
    """Return the state dict of a network, below a prefix and with one of its biases drawn."""
    import torch

    state, prefix = state_dict(), draw(st.sampled_from(["", "module.", "state_dict.backbone."]))
    bias = draw(arrays("<f4", state["fc.bias"].shape, elements=values_of("<f4")))
    found = {**state, "fc.bias": torch.tensor(bias)}
    content = {prefix + name: tensor for name, tensor in found.items()}
    return {"w.pth": saved(lambda file: torch.save(content, file))}, bias


@st.composite
def odd_networks(draw):
    """Return the state dict of a network in which a few tensors are others, or have other names."""
    import torch

    content = dict(state_dict())
    for _ in range(draw(st.integers(1, 3))):
        name = draw(st.sampled_from(sorted(content)))
        tensor = content.pop(name)
        changes = {
            "away": {},
            "renamed": {
                draw(st.sampled_from(["fc.x", "a", "", "module." + name, name + "."])): tensor
            },
            "twice": {name: tensor, "ema." + name: tensor},
            "whole": {name: tensor.to(torch.int8)},
            "complex": {name: tensor.to(torch.complex64)},
            "eighth": {name: tensor.float().to(torch.float8_e5m2)},
            "NaN": {name: tensor.float() * float("nan")},
            "sparse": {name: tensor.to_sparse()},
            "scalar": {name: torch.tensor(1.0)},
            "empty": {name: torch.zeros(0)},
            "wide": {name: torch.zeros(1).expand(10**5, 10**5)},
            "turned": {name: tensor.mT if tensor.ndim > 1 else tensor},
        }
        content |= changes[draw(st.sampled_from(sorted(changes)))]
    return {"w.pth": saved(lambda file: torch.save(content, file))}
