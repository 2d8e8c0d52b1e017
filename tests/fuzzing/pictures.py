"""Pictures: images in folders, masks, and maps in grey."""

import struct
import zlib

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from fuzzing.arrays import as_npy, grids, npy_files
from fuzzing.damage import FOREIGN, names, saved


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
