"""Masks as people have them: every kind gives the same object, or is refused in one line."""

import numpy as np
import pytest
from PIL import Image

from lookalike.core.errors import InputError
from lookalike.images import masks
from lookalike.maps import localisation

WIDTH, HEIGHT = 40, 24
OBJECT = np.zeros((HEIGHT, WIDTH), bool)
OBJECT[4:16, 10:34] = True
BORDER = np.zeros_like(OBJECT)
BORDER[2:18, 8:36] = True
BORDER &= ~OBJECT
VOC = [0, 0, 0, 128, 0, 0, 0, 128, 0, 128, 128, 0, 0, 0, 128, *[0] * 750, 224, 224, 192]


def grey(value, dtype=np.uint8):
    return Image.fromarray((value * OBJECT).astype(dtype))


def indexed(indices, palette=VOC):
    image = Image.fromarray(indices.astype(np.uint8)).copy()
    image.putpalette(palette)
    return image


def with_alpha(colour, alpha):
    bands = [np.broadcast_to(band, OBJECT.shape).astype(np.uint8) for band in (*colour, alpha)]
    return Image.fromarray(np.stack(bands, axis=-1))


def classes():
    """Return class 4 in the left half of the object, class 2 in the right one."""
    return np.where(np.arange(WIDTH) < 20, 4, 2) * OBJECT


KINDS = {
    "0 and 1": lambda: grey(1),
    "0 and 255": lambda: grey(255),
    "classes in grey": lambda: Image.fromarray(classes().astype(np.uint8)),
    "16 bits": lambda: grey(200, np.uint16),
    "32 bits": lambda: grey(1, np.int32),
    "float in [0, 1]": lambda: grey(0.3, np.float32),
    "1 bit": lambda: Image.fromarray(OBJECT),
    "palette of classes": lambda: indexed(classes()),
    "palette with void border": lambda: indexed(np.where(BORDER, 255, classes())),
    "palette of 0 and 255": lambda: indexed(255 * OBJECT, [0, 0, 0] * 255 + [255, 255, 255]),
    "colours": lambda: Image.fromarray(OBJECT[..., None] * np.uint8([0, 0, 128])),
    "colour with opaque alpha": lambda: with_alpha((0, 9 * OBJECT, 0), 255),
    "black on transparent": lambda: with_alpha((0, 0, 0), 255 * OBJECT),
    "white on transparent": lambda: with_alpha((255, 255, 255), 255 * OBJECT),
    "black on transparent white": lambda: with_alpha((255 * ~OBJECT,) * 3, 255 * OBJECT),
    "white on black, transparent around": lambda: with_alpha((OBJECT,) * 3, OBJECT | BORDER),
    "grey with alpha": lambda: with_alpha((0, 0, 0), 200 * OBJECT).convert("LA"),
}
SUFFIXES = {"float in [0, 1]": ".tif", "32 bits": ".tif"}


@pytest.fixture
def image(tmp_path):
    return paint(tmp_path / "images" / "a.png")


def paint(path, size=(WIDTH, HEIGHT), **options):
    path.parent.mkdir(exist_ok=True, parents=True)
    Image.new("RGB", size, (9, 99, 199)).save(path, **options)
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_mask_is_the_object(kind, image, tmp_path):
    path = tmp_path / f"a{SUFFIXES.get(kind, '.png')}"
    KINDS[kind]().save(path)
    np.testing.assert_array_equal(masks.read_object(path, image), OBJECT)


@pytest.mark.parametrize("dtype", [bool, np.uint8, float])
def test_an_array_is_a_mask(dtype, image, tmp_path):
    np.save(tmp_path / "a.npy", OBJECT.astype(dtype))
    np.testing.assert_array_equal(masks.read_object(tmp_path / "a.npy", image), OBJECT)


@pytest.mark.parametrize(("suffix", "options"), [(".jpg", {"quality": 30}), (".webp", {})])
def test_noise_of_compression_is_no_object(suffix, options, image, tmp_path):
    path = tmp_path / f"a{suffix}"
    grey(255).convert("RGB").save(path, **options)
    assert np.unique(np.asarray(Image.open(path))).size > 2
    np.testing.assert_array_equal(masks.read_object(path, image), OBJECT)


def test_a_lossless_webp_keeps_labels(image, tmp_path):
    grey(1).convert("RGB").save(tmp_path / "a.webp", lossless=True)
    np.testing.assert_array_equal(masks.read_object(tmp_path / "a.webp", image), OBJECT)


def test_a_palette_with_indices_swapped_is_refused(image, tmp_path):
    indexed(~OBJECT, [255, 255, 255, 0, 0, 0]).save(tmp_path / "a.png")
    with pytest.raises(
        InputError, match=r"index 0 of its palette is \(255, 255, 255\), and index 1"
    ):
        masks.read_object(tmp_path / "a.png", image)


def save_cmyk(path):
    grey(255).convert("CMYK").save(path)


def save_film(path):
    grey(255).save(path, save_all=True, append_images=[grey(9)])


@pytest.mark.parametrize(
    ("name", "save", "complaint"),
    [
        ("a.jpg", lambda path: grey(4).save(path), "a lossy file whose values are not near 0"),
        ("a.jpg", lambda path: grey(120).save(path), "a lossy file whose values are not near 0"),
        ("a.tif", save_cmyk, "a mask of mode CMYK; save it as grey or RGB"),
        ("a.gif", save_film, "holds 2 pictures; a mask is one"),
        ("a.png", lambda path: path.write_text("no picture"), "not a readable mask"),
        ("a.npy", lambda path: path.write_text("no array"), "not a readable .npy array"),
        ("a.npy", lambda path: np.save(path, np.ones((2, 3, 4))), "must be a 2-D array"),
        ("a.npy", lambda path: np.save(path, np.full((24, 40), np.nan)), "must be a 2-D array"),
    ],
)
def test_what_is_no_mask_is_refused(name, save, complaint, image, tmp_path):
    save(tmp_path / name)
    with pytest.raises(InputError, match=complaint) as caught:
        masks.read_object(tmp_path / name, image)
    assert "\n" not in str(caught.value) and name in str(caught.value)


@pytest.mark.parametrize("size", [(80, 48), (20, 12), (13, 8), (5, 3), (41, 24), (1000, 601)])
def test_a_mask_may_have_another_resolution(size, image, tmp_path):
    grey(255).resize(size).save(tmp_path / "a.png")
    assert masks.read_object(tmp_path / "a.png", image).shape == size[::-1]


@pytest.mark.parametrize("size", [(24, 40), (40, 40), (40, 26), (400, 250)])
def test_a_mask_of_another_shape_is_refused_with_both_sizes(size, image, tmp_path):
    grey(255).resize(size).save(tmp_path / "m.png")
    with pytest.raises(
        InputError, match=rf"m.png is {size[0]} x {size[1]}, .*a.png 40 x 24; a mask"
    ):
        masks.read_object(tmp_path / "m.png", image)


@pytest.mark.parametrize("orientation", [6, 8])
def test_a_mask_of_the_image_before_it_is_turned_is_refused(orientation, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = paint(tmp_path / "photo.jpg", exif=exif)
    grey(255).save(tmp_path / "m.png")
    with pytest.raises(
        InputError, match=r"m.png is 40 x 24, .* 24 x 40 once it is .* turn the mask"
    ):
        masks.read_object(tmp_path / "m.png", image)
    upright = Image.fromarray(np.where(OBJECT.T, 255, 0).astype(np.uint8))
    upright.save(tmp_path / "m.png")
    np.testing.assert_array_equal(masks.read_object(tmp_path / "m.png", image), OBJECT.T)


@pytest.mark.parametrize("fit", ["crop", "squash", "pad"])
@pytest.mark.parametrize("shape", [(24, 24), (7, 11), (3, 50), (1, 1)])
def test_a_mask_goes_the_way_of_its_image_and_covers_cells_by_area(fit, shape):
    # Pixels so fine that cells hold whole ones.
    fine = np.kron(OBJECT, np.ones(shape)).astype(float)
    if fit == "crop":
        margin = (WIDTH - HEIGHT) // 2 * shape[1]
        fine = fine[:, margin:-margin]
    if fit == "pad":
        fine = np.pad(fine, [((WIDTH - HEIGHT) // 2 * shape[0],) * 2, (0, 0)])
    blocks = fine.reshape(shape[0], fine.shape[0] // shape[0], shape[1], fine.shape[1] // shape[1])
    found = masks.fit_mask(OBJECT, shape, fit)
    np.testing.assert_allclose(found, blocks.mean(axis=(1, 3)), atol=1e-12)


def test_masks_are_found_by_name_or_place_with_any_suffix(tmp_path, capsys):
    rows = [{"image": name, "path": f"{name}.jpg"} for name in ("01", "cat.02", "caf\u00e9", "04")]
    for name in ("sub/01.png", "cat/02.tif", "cafe\u0301.bmp", "other.png", "other_mask.gif"):
        paint(tmp_path / name)
    np.save(tmp_path / "05.npy", OBJECT)
    (tmp_path / "._04.png").write_text("not a picture")
    found = {row["image"]: row["mask"] for row in masks.find_masks(rows, tmp_path)}
    assert found == {
        "01": str(tmp_path / "sub/01.png"),
        "cat.02": str(tmp_path / "cat/02.tif"),
        "caf\u00e9": str(tmp_path / "cafe\u0301.bmp"),
    }
    assert capsys.readouterr().out == (
        "3 masks of no image (05.npy, other.png, other_mask.gif)\n1 images without mask (04)\n"
    )
    paint(tmp_path / "01.jpg")
    with pytest.raises(
        InputError, match=r"01.jpg and .*01.png would both be the mask of image '01'"
    ):
        masks.find_masks(rows, tmp_path)
    with pytest.raises(InputError, match=r"no mask of any image \(01.jpg, .*such as 99.png"):
        masks.find_masks([{"image": "99", "path": "99.jpg"}], tmp_path)


@pytest.mark.parametrize(("value", "kind"), [(0, "empty"), (1, "full")])
def test_a_folder_of_blank_masks_is_refused(value, kind, image, tmp_path):
    rows = []
    for name in "ab":
        Image.fromarray(np.full((HEIGHT, WIDTH), value, np.uint8)).save(tmp_path / f"{name}.png")
        rows.append({"image": name, "mask": str(tmp_path / f"{name}.png"), "path": str(image)})
    with pytest.raises(
        InputError, match=f"images.masks: all 2 masks are {kind}, for example .*a.png"
    ):
        masks.measure_masks(rows)
    grey(1).save(tmp_path / "b.png")
    assert [row["area"] for row in masks.measure_masks(rows)] == [value, OBJECT.mean()]


@pytest.mark.parametrize("kind", KINDS)
def test_planted_maps_are_found_on_the_object_whatever_the_mask(kind, image, tmp_path):
    path = tmp_path / f"a{SUFFIXES.get(kind, '.png')}"
    KINDS[kind]().save(path)
    inside = OBJECT[:, 8:32]
    maps = {"on": inside, "off": ~inside, "even": np.ones((24, 24)), "dead": np.zeros((24, 24))}
    maps["three quarters"] = 3 * inside / inside.sum() + ~inside / (~inside).sum()
    found = on_object(maps, path, image, "crop")
    mass = {row["model"]: row["mass"] for row in found}
    area = inside.mean()
    assert mass["on"] == pytest.approx(1) and mass["off"] == pytest.approx(0)
    assert mass["even"] == pytest.approx(area) and mass["three quarters"] == pytest.approx(0.75)
    assert np.isnan(mass["dead"])
    assert [row["area"] for row in found] == pytest.approx([area] * 5)


def on_object(maps, path, image, fit):
    """Return the rows of one map a model, under the mask at a path."""
    read = masks.reader_of({"a": {"mask": path, "path": image}})
    return localisation.measure(list(maps), {"a": 0}, lambda name, _: maps[name], read, fit, 0)[0]


def test_masks_whose_object_lies_outside_the_crop_are_refused(image, tmp_path):
    beside = np.zeros((HEIGHT, WIDTH), np.uint8)
    beside[:, :6] = 1
    Image.fromarray(beside).save(tmp_path / "a.png")
    (row,) = on_object({"m": np.ones((20, 20))}, tmp_path / "a.png", image, "squash")
    assert row["mass"] == pytest.approx(0.15) and row["area"] == pytest.approx(0.15)
    with pytest.raises(InputError, match=r"the masks of all 1 are empty or full; images\.fit"):
        on_object({"m": np.ones((20, 20))}, tmp_path / "a.png", image, "crop")


def test_an_archive_under_the_name_of_an_array_is_refused(tmp_path):
    np.savez(tmp_path / "mask.npz", mask=np.eye(4))
    path = (tmp_path / "mask.npz").rename(tmp_path / "mask.npy")
    with pytest.raises(InputError, match=r"mask.npy: not a readable .npy array"):
        masks.read_array(path)
