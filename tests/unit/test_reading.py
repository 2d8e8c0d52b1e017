"""Images as arrays: brought to a square, and scaled from every kind of pixel."""

import numpy as np
import pytest
from PIL import Image, ImageOps

from lookalike.core.errors import InputError
from lookalike.images import demo, reading

SIDE = 56


@pytest.fixture(scope="module")
def photographs():
    """A wide photograph, the same one tall, and a square one."""
    wide = Image.fromarray(demo.load_photographs()[1])
    assert wide.width > 1.2 * wide.height
    return [wide, wide.transpose(Image.Transpose.ROTATE_90), wide.crop((0, 0, 300, 300))]


@pytest.mark.parametrize("index", range(3))
def test_crop_pad_and_squash_agree_with_pillow_s_own(index, photographs):
    """`ImageOps` does without the faster scaling in two steps, which is seen at edges alone."""
    image = photographs[index]
    bicubic, grey = Image.Resampling.BICUBIC, (128, 128, 128)
    expected = {
        "crop": ImageOps.fit(image, (SIDE, SIDE), bicubic),
        "pad": ImageOps.pad(image, (SIDE, SIDE), bicubic, grey),
        "squash": image.resize((SIDE, SIDE), bicubic),
    }
    for fit, whole in expected.items():
        found = np.asarray(reading.fit_image(image, SIDE, fit, bicubic, 128), dtype=float)
        difference = np.abs(found - np.asarray(whole))
        assert found.shape == (SIDE, SIDE, 3)
        assert difference.mean() < 0.7 and difference.max() < 12, fit


def test_a_mask_goes_the_way_of_its_image(tmp_path):
    """A white disk on black, and its mask at half the size, on a wide, a tall, and an odd frame."""
    for width, height in ((120, 80), (80, 120), (100, 60)):
        rows, columns = np.mgrid[:height, :width] + 0.5
        disk = (rows - height / 2) ** 2 + (columns - width / 2 - 6) ** 2 < 20**2
        Image.fromarray(disk).convert("RGB").save(tmp_path / "disk.png")
        half = Image.fromarray(disk[::2, ::2])
        for fit in ("crop", "squash", "pad"):
            image = reading.read_image(tmp_path / "disk.png", 40, fit)[..., 0]
            mask = np.asarray(reading.fit_image(half, 40, fit, Image.Resampling.NEAREST))
            inside = image > 200
            overlap = (inside & mask).sum() / (inside | mask).sum()
            assert overlap > 0.85, (width, fit)


def test_the_orientation_counts_before_the_crop(tmp_path):
    """Red left, blue right: turned by a quarter, as EXIF says, red is on top in the middle."""
    pixels = np.zeros((40, 120, 3), dtype=np.uint8)
    pixels[:, :60, 0] = pixels[:, 60:, 2] = 255
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(pixels).save(tmp_path / "a.png", exif=exif)
    found = reading.read_image(tmp_path / "a.png", 20, "crop")
    assert (found[:9, :, 0] > 250).all() and (found[11:, :, 2] > 250).all()
    padded = reading.read_image(tmp_path / "a.png", 30, "pad")
    assert (padded[:, [0, -1]] == 128).all() and (padded[:14, 11:19, 0] > 250).all()


@pytest.mark.parametrize("width", [2048, 2047, 2041])
def test_a_reduced_jpeg_has_the_geometry_of_the_whole(width, tmp_path):
    """Decoding at an eighth of the size moves no edge by half a pixel of what is read."""
    ramp = np.linspace(0, 255, width)
    pixels = np.repeat(np.tile(ramp, (512, 1))[..., None], 3, axis=2).round().astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.jpg", quality=95)
    for fit in ("crop", "squash", "pad"):
        whole = reading.fit_image(Image.fromarray(pixels), 64, fit, Image.Resampling.BICUBIC, 128)
        found = reading.read_image(tmp_path / "a.jpg", 64, fit).astype(float)
        inner = np.abs(found - np.asarray(whole))[20:-20]
        assert inner.max() < 2.5, fit


RAMP = np.tile(np.arange(0, 256, 8, dtype=np.uint8), (32, 1))
TIFF_TAGS = {"bits": 258, "white is zero": 262, "largest": 281, "format": 339}


def read(path, size=32):
    return reading.read_image(path, size, "squash")


def write_tiff(path, values, channels=1, **tags):
    """Write an uncompressed TIFF by hand, with whatever tags."""
    data = values.tobytes()
    entries = {256: [32], 257: [32], 258: [values.itemsize * 8] * channels, 259: [1]}
    entries |= {262: [1 if channels == 1 else 2], 273: [8], 277: [channels], 278: [32]}
    entries |= {279: [len(data)]} | {TIFF_TAGS[name]: value for name, value in tags.items()}
    start = 8 + len(data)
    outside, extra = start + 2 + 12 * len(entries) + 4, b""
    table = len(entries).to_bytes(2, "little")
    for tag, numbers in sorted(entries.items()):
        kind, width = (4, 4) if tag == 279 else (3, 2)
        packed = b"".join(number.to_bytes(width, "little") for number in numbers)
        if len(packed) > 4:
            packed, extra = (outside + len(extra)).to_bytes(4, "little"), extra + packed
        table += tag.to_bytes(2, "little") + kind.to_bytes(2, "little")
        table += len(numbers).to_bytes(4, "little") + packed.ljust(4, b"\0")
    header = b"II*\0" + start.to_bytes(4, "little")
    path.write_bytes(header + data + table + bytes(4) + extra)
    return path


@pytest.mark.parametrize(
    ("mode", "suffix"),
    [(mode, "png") for mode in ("L", "P", "LA", "RGB", "RGBA")]
    + [(mode, "tif") for mode in ("L", "RGB", "RGBA", "CMYK", "LAB", "YCbCr")]
    + [("L", "pgm"), ("RGB", "ppm"), ("RGB", "pnm"), ("RGB", "bmp"), ("RGB", "tga"), ("L", "gif")]
    + [("RGB", "jfif"), ("RGB", "avif"), ("RGB", "jp2"), ("RGB", "webp"), ("CMYK", "jpg")],
)
def test_every_mode_is_read_as_the_grey_that_it_shows(mode, suffix, tmp_path):
    image = Image.fromarray(RAMP)
    if mode == "LAB":
        from PIL import ImageCms

        srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
        image = ImageCms.profileToProfile(image.convert("RGB"), srgb, lab, outputMode="LAB")
    else:
        image = image.quantize(32) if mode == "P" else image.convert("RGB").convert(mode)
    image.save(tmp_path / f"a.{suffix}", **({"quality": 100} if suffix in ("jfif", "jpg") else {}))
    found = read(tmp_path / f"a.{suffix}")
    assert found.shape == (32, 32, 3) and found.dtype == np.uint8
    exact = mode not in ("LAB", "YCbCr") and suffix not in ("jfif", "avif", "webp", "jpg")
    np.testing.assert_allclose(found.astype(int), np.stack([RAMP] * 3, -1), atol=0 if exact else 8)


def test_one_bit_is_black_and_white(tmp_path):
    for suffix in ("png", "tif", "pbm"):
        Image.fromarray(RAMP >= 128).save(tmp_path / f"a.{suffix}")
        np.testing.assert_array_equal(read(tmp_path / f"a.{suffix}")[..., 0], (RAMP >= 128) * 255)


WIDE = RAMP.astype(np.uint16)
FLOAT = (RAMP / 255).astype(np.float32)


@pytest.mark.parametrize(
    ("values", "tags"),
    [
        (WIDE * 257, {}),
        (WIDE * 16, {"largest": [4095]}),
        (WIDE * 4, {"largest": [1023]}),
        (FLOAT, {"format": [3]}),
        ((255 - WIDE) * 257, {"white is zero": [0]}),
        (1 - FLOAT, {"format": [3], "white is zero": [0]}),
        (255 - RAMP, {"white is zero": [0]}),
    ],
)
def test_values_of_a_tiff_are_scaled_by_their_range(values, tags, tmp_path):
    found = read(write_tiff(tmp_path / "a.tif", values, **tags))
    np.testing.assert_allclose(found[..., 1].astype(int), RAMP, atol=1)


def test_12_packed_bits_are_scaled(tmp_path):
    one, other = (WIDE * 16)[:, ::2], (WIDE * 16)[:, 1::2]
    packed = np.stack([one >> 4, (one & 15) << 4 | other >> 8, other & 255], -1).astype(np.uint8)
    found = read(write_tiff(tmp_path / "a.tif", packed, bits=[12]))
    np.testing.assert_allclose(found[..., 1].astype(int), RAMP, atol=1)


def test_colours_of_16_bits_are_scaled(tmp_path):
    colours = np.stack([WIDE * 257, WIDE[:, ::-1] * 257, WIDE * 0 + 65535], -1)
    found = read(write_tiff(tmp_path / "a.tif", colours, channels=3))
    np.testing.assert_array_equal(found, colours >> 8)


@pytest.mark.parametrize("largest", [255, 1023, 4095, 65535])
def test_a_pgm_is_scaled_by_its_stated_maximum(largest, tmp_path):
    values = np.round(RAMP / 255 * largest).astype(">u2" if largest > 255 else np.uint8)
    header = f"P5\n32 32\n{largest}\n".encode()
    (tmp_path / "a.pgm").write_bytes(header + values.tobytes())
    np.testing.assert_allclose(read(tmp_path / "a.pgm")[..., 0].astype(int), RAMP, atol=1)
    assert reading.inspect_image(tmp_path / "a.pgm") == (
        "",
        65535 * 248 // 255 if largest > 4095 else None,
    )


@pytest.mark.parametrize(
    ("values", "tags", "message"),
    [
        (RAMP.astype(np.int32), {"format": [2]}, "integers are signed"),
        (RAMP.astype(np.uint32), {}, "integers of 32 bits, whose range is not known"),
        (WIDE * 100, {"format": [2]}, "integers are signed"),
        (RAMP.astype(np.int8), {"format": [2]}, "integers are signed"),
        (FLOAT * 255, {"format": [3]}, "go from 0 to 248 of their range, which is 0 to 1"),
        (FLOAT - 0.5, {"format": [3]}, "go from -0.5"),
        (FLOAT * np.nan, {"format": [3]}, "go from nan to nan"),
        (WIDE * 257, {"largest": [4095]}, "go from 0 to 15.5"),
    ],
)
def test_values_of_an_unknown_range_are_refused(values, tags, message, tmp_path):
    path = write_tiff(tmp_path / "a.tif", values, **tags)
    with pytest.raises(InputError, match=f"a.tif: not a readable image .*{message}.*; replace it"):
        read(path)


def test_transparent_parts_become_white(tmp_path):
    """Whatever colour lies below: most programs leave it black."""
    alpha = np.zeros((32, 32), dtype=np.uint8)
    alpha[:, 16:] = 255
    alpha[:, 8:16] = 128
    colour = Image.new("RGB", (32, 32), (200, 0, 0))
    colour.putalpha(Image.fromarray(alpha))
    palette = Image.new("P", (32, 32), 1)
    palette.putpalette([0, 0, 0, 200, 0, 0])
    palette.paste(0, (0, 0, 8, 32))
    colour.save(tmp_path / "rgba.png")
    colour.save(tmp_path / "rgba.webp", lossless=True)
    palette.save(tmp_path / "p.png", transparency=0)
    for name in ("rgba.png", "rgba.webp", "p.png"):
        found = read(tmp_path / name)
        assert (found[:, :8] == 255).all() and (found[:, 16:] == (200, 0, 0)).all(), name
        assert reading.inspect_image(tmp_path / name) == (reading.WHITENED, None)
    half = read(tmp_path / "rgba.png")[0, 10]
    np.testing.assert_allclose(half.astype(int), [227, 127, 127], atol=1)
    colour.putalpha(255)
    colour.save(tmp_path / "opaque.png")
    assert reading.inspect_image(tmp_path / "opaque.png") == ("", None)
    colour.putalpha(0)
    colour.save(tmp_path / "clear.png")
    with pytest.raises(InputError, match="transparent throughout"):
        read(tmp_path / "clear.png")


def test_the_first_of_several_frames_is_taken_and_this_is_noted(tmp_path):
    first, second = Image.fromarray(RAMP), Image.fromarray(255 - RAMP)
    for name in ("a.gif", "a.tif", "a.png", "a.webp"):
        first.save(tmp_path / name, save_all=True, append_images=[second], lossless=True)
        np.testing.assert_array_equal(read(tmp_path / name)[..., 0], RAMP)
        assert reading.inspect_image(tmp_path / name) == (reading.FIRST_FRAME, None)


def test_an_image_that_is_too_large_is_refused(tmp_path, monkeypatch):
    Image.new("1", (1000, 1000)).save(tmp_path / "a.png")
    monkeypatch.setattr(reading, "MOST_PIXELS", 999_999)
    with pytest.raises(InputError, match=r"a.png: has more than 1 million pixels; scale it down"):
        read(tmp_path / "a.png")


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1)])
@pytest.mark.parametrize("fit", ["crop", "squash", "pad"])
def test_an_image_of_one_pixel_or_line_has_a_square(shape, fit, tmp_path):
    Image.new("RGB", shape, (9, 99, 199)).save(tmp_path / "a.png")
    found = reading.read_image(tmp_path / "a.png", 32, fit)
    assert found.shape == (32, 32, 3) and (found[16, 16] == (9, 99, 199)).all()
