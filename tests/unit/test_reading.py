"""Images as arrays: brought to a square, and scaled from every kind of pixel."""

import numpy as np
import pytest
from PIL import Image, ImageOps

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
