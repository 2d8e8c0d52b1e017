"""The manifest, its split, the balanced sample and the demo's images."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lookalike.core.errors import InputError
from lookalike.images import demo, manifest
from lookalike.images.folders import find_files
from lookalike.images.manifest import find_images
from lookalike.images.reading import FIRST_FRAME, load_images
from lookalike.images.remarks import remarks
from lookalike.images.sampling import hold_back, sample_images, training_classes


def paint(path, value=0, size=(8, 8)):
    """Write a small image of one colour that depends on the value."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (value % 256, value // 256, 7)).save(path)


@pytest.fixture
def folder(tmp_path):
    """Ten cats and twenty dogs, unsplit."""
    for number in range(30):
        paint(tmp_path / "pets" / ("cat" if number < 10 else "dog") / f"{number:02d}.png", number)
    return tmp_path / "pets"


def ids(rows, **wanted):
    return [row["image"] for row in rows if wanted.items() <= row.items()]


def test_class_folders_are_listed_in_order(folder):
    rows = find_images(folder)
    assert len(rows) == 30
    assert list(rows[0]) == ["image", "path", "label", "split", "sha256", "note"]
    assert rows == sorted(rows, key=lambda row: (row["split"], row["label"], row["path"]))
    assert {row["image"]: row["label"] for row in rows} == {
        f"{number:02d}": "cat" if number < 10 else "dog" for number in range(30)
    }
    assert len({row["sha256"] for row in rows}) == 30


def test_given_splits_are_kept(tmp_path):
    for number, place in enumerate(["train/cat/a", "train/dog/b", "val/cat/c", "val/dog/deep/d"]):
        paint(tmp_path / f"{place}.png", number)
    rows = find_images(tmp_path)
    assert [(row["split"], row["label"], row["image"]) for row in rows] == [
        ("train", "cat", "a"),
        ("train", "dog", "b"),
        ("val", "cat", "c"),
        ("val", "dog/deep", "d"),
    ]


def test_split_is_stratified_and_follows_the_seed(folder):
    rows = find_images(folder, seed=0)
    assert (
        len(ids(rows, split="val", label="cat")) == 2
        and len(ids(rows, split="val", label="dog")) == 4
    )
    assert find_images(folder, seed=0) == rows
    assert any(
        ids(find_images(folder, seed=seed), split="val") != ids(rows, split="val")
        for seed in (1, 2)
    )


def test_split_of_a_class_does_not_depend_on_other_classes_or_names(folder):
    before = {row["sha256"]: row["split"] for row in find_images(folder) if row["label"] == "dog"}
    for number in range(5):
        paint(folder / "emu" / f"{number}.png", 1000 + number)
    for path in sorted((folder / "dog").glob("*.png")):
        path.rename(path.with_name(f"x{99 - int(path.stem)}.png"))
    rows = find_images(folder)
    assert {row["sha256"]: row["split"] for row in rows if row["label"] == "dog"} == before
    assert len(ids(rows, split="val", label="emu")) == 1


def test_single_image_of_a_class_is_for_training(tmp_path):
    for number, place in enumerate(["cat/a", "dog/b", "dog/c"]):
        paint(tmp_path / f"{place}.png", number)
    rows = find_images(tmp_path)
    assert ids(rows, label="cat", split="train") == ["a"]
    assert (
        len(ids(rows, label="dog", split="train")) == len(ids(rows, label="dog", split="val")) == 1
    )


@pytest.mark.parametrize(
    ("places", "names"),
    [
        (["train/cat/a", "train/dog/b"], {"a", "b"}),
        (["train/cat/a", "train/dog/a", "val/dog/b"], {"cat.a", "dog.a", "dog.b"}),
        (["train/cat/a", "val/cat/a"], {"train.cat.a", "val.cat.a"}),
        (["train/x/y/a", "train/x/z/a"], {"x.y.a", "x.z.a"}),
    ],
)
def test_ids_grow_only_where_stems_collide(places, names, tmp_path):
    for number, place in enumerate(places):
        paint(tmp_path / f"{place}.png", number)
    assert set(ids(find_images(tmp_path))) == names


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("place", ["cat", "train/cat"])
def test_images_that_differ_in_their_suffix_alone_are_refused(place, seed, tmp_path):
    for number, name in enumerate(("a.bmp", "a.png", "b.png")):
        paint(tmp_path / place / name, number)
    with pytest.raises(InputError, match=r"a.bmp and .*a.png differ only in their suffix"):
        find_images(tmp_path, seed)


def test_ids_do_not_depend_on_the_seed(folder):
    for number in range(10):
        paint(folder / "emu" / f"{number:02d}.png", 500 + number)
    assert len({frozenset(ids(find_images(folder, seed))) for seed in range(4)}) == 1


@pytest.mark.parametrize("content", [b"", b"no image at all", None])
def test_unreadable_image_is_named(content, folder):
    whole = (folder / "cat" / "00.png").read_bytes()
    (folder / "cat" / "bad.png").write_bytes(
        whole[: len(whole) // 2] if content is None else content
    )
    with pytest.raises(InputError, match=r"bad.png: not a readable image"):
        find_images(folder)


def test_every_truncated_file_is_found_when_images_are_listed(tmp_path):
    """The checks that read headers alone pass all of these."""
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    for kind in ("jpg", "png", "bmp", "tif", "webp"):
        Image.fromarray(noise).save(tmp_path / f"{kind}.{kind}")
        find_images(tmp_path)
        whole = (tmp_path / f"{kind}.{kind}").read_bytes()
        (tmp_path / f"{kind}.{kind}").write_bytes(whole[: len(whole) * 3 // 4])
        with pytest.raises(InputError, match=f"{kind}.{kind}: not a readable image"):
            find_images(tmp_path)
        (tmp_path / f"{kind}.{kind}").write_bytes(whole)
    for name in ("png.png", "jpg.jpg"):
        (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:3000])
    with pytest.raises(InputError, match=r"jpg.jpg: not .*; and 1 more of this folder"):
        find_images(tmp_path, threads=2)


@pytest.mark.parametrize("bits", [10, 12, 14])
def test_fewer_bits_in_16_are_refused_unless_one_image_uses_all(bits, tmp_path):
    """Such pixels were nearly black; that a folder has no brighter one gives them away."""
    for number in (1, 2):
        values = np.full((8, 8), (2**bits - 1) // number, dtype=np.uint16)
        Image.fromarray(values).save(tmp_path / f"{number}.png")
    message = f"1.png: has 16 bits a channel, but .* above {2**bits - 1} of 65535"
    with pytest.raises(InputError, match=message):
        find_images(tmp_path)
    Image.fromarray(np.full((8, 8), 40000, dtype=np.uint16)).save(tmp_path / "3.png")
    assert len(find_images(tmp_path)) == 3


def test_empty_or_absent_folder_is_refused(tmp_path):
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat" / "notes.txt").write_text("no image")
    with pytest.raises(InputError, match=f"{tmp_path}: no image in it"):
        find_images(tmp_path)
    with pytest.raises(InputError, match=r"nowhere: no such image folder"):
        find_images(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("stray.png", "lies next to .train. and .val."),
        ("train/stray.png", "lies outside the class folders"),
    ],
)
def test_image_outside_the_class_folders_is_named(place, message, tmp_path):
    for number, split in enumerate(("train", "val")):
        paint(tmp_path / split / "cat" / f"{number}.png", number)
    paint(tmp_path / place, 9)
    with pytest.raises(InputError, match=f"stray.png: {message}"):
        find_images(tmp_path)


def test_images_without_any_class_folder_have_no_label(tmp_path):
    for number in range(10):
        paint(tmp_path / f"{number}.png", number)
    rows = find_images(tmp_path)
    assert {row["label"] for row in rows} == {""}
    assert sorted(row["split"] for row in rows) == ["train"] * 8 + ["val"] * 2


def test_splits_without_any_class_folder_are_kept(tmp_path):
    for number, split in enumerate(("train", "train", "val")):
        paint(tmp_path / split / f"{number}.png", number)
    assert [(row["image"], row["split"], row["label"]) for row in find_images(tmp_path)] == [
        ("0", "train", ""),
        ("1", "train", ""),
        ("2", "val", ""),
    ]


@pytest.fixture
def rows():
    """A manifest of three classes with 4, 6 and 9 images to explain."""
    counts = {"ant": 4, "bee": 6, "cow": 9}
    explained = [
        {"image": f"{label}{number}", "label": label, "split": "val"}
        for label, count in counts.items()
        for number in range(count)
    ]
    return [{"image": "other", "label": "ant", "split": "train"}, *explained]


def counts_of(sample):
    return sorted(sum(row["label"] == label for row in sample) for label in ("ant", "bee", "cow"))


@pytest.mark.parametrize("seed", range(5))
def test_sample_is_balanced_nested_and_in_order(seed, rows):
    previous = set()
    for n in range(1, 13):
        sample = sample_images(rows, "val", n, seed)
        chosen = {row["image"] for row in sample}
        assert len(sample) == n and previous < chosen
        counts = counts_of(sample)
        assert counts[-1] - counts[0] <= 1
        assert sample == [row for row in rows if row["image"] in chosen]
        previous = chosen


def test_sample_follows_the_seed(rows):
    assert sample_images(rows, "val", 6, 0) == sample_images(rows, "val", 6, 0)
    assert len({tuple(ids(sample_images(rows, "val", 6, seed))) for seed in range(5)}) > 1
    assert len({sample_images(rows, "val", 1, seed)[0]["label"] for seed in range(20)}) == 3


def test_all_takes_the_whole_split(rows):
    assert sample_images(rows, "val", "all", 0) == rows[1:]
    assert ids(sample_images(rows, "train", "all", 0)) == ["other"]


def test_class_with_too_few_images_is_named(rows):
    with pytest.raises(
        InputError,
        match=(
            r"images.n: 15 images need 5 of class 'ant', which has 4 in split 'val'; lower n, "
            r"take `all`, or add images; 1 more in split 'train' are for the training of 'ResNet': "
            r"models are fine-tuned unless `finetune: false`"
        ),
    ):
        sample_images(rows, "val", 15, 0, ["ResNet"])


def test_unlabelled_images_are_called_so(rows):
    unlabelled = [row | {"label": ""} for row in rows[1:]]
    with pytest.raises(InputError, match=r"25 images need as many, and there are 19 .*images$"):
        sample_images(unlabelled, "val", 25, 0)
    assert len(sample_images(unlabelled, "val", 19, 0)) == 19


def test_empty_split_is_refused(rows):
    with pytest.raises(InputError, match=r"no image in split 'train'; 19 more in split 'val'"):
        sample_images(rows[1:], "train", 3, 0)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ({"train": ["", ""], "val": [""]}, r"fine-tuning A, B: .*two classes.*are unlabelled; add"),
        ({"train": ["cat", "cat"], "val": ["cat"]}, r"found only 'cat'; .*`finetune: false`"),
        ({"train": ["cat", "dog"], "val": []}, r"no image in split 'val'"),
        (
            {"train": ["cat", "dog"], "val": ["cat", "emu", "fox"]},
            r"no image in split 'train' for 2 of the 4 classes.*: 'emu', 'fox'; add images",
        ),
    ],
)
def test_what_training_lacks_is_named(labels, message):
    rows = [{"label": label, "split": split} for split in labels for label in labels[split]]
    with pytest.raises(InputError, match=message):
        training_classes(rows, "A, B")


def test_classes_of_both_splits_are_trained():
    rows = [
        {"label": label, "split": split}
        for split, label in (("train", "dog"), ("train", "cat"), ("train", "emu"), ("val", "cat"))
    ]
    assert training_classes(rows, "A") == ["cat", "dog", "emu"]


def test_a_tenth_of_each_class_is_held_back_for_choosing_the_epoch():
    counts = {"cat": 40, "dog": 4, "emu": 1}
    rows = [
        {"image": f"{label}{number}", "label": label, "split": "train"}
        for label, count in counts.items()
        for number in range(count)
    ]
    rows += [{"image": "v", "label": "cat", "split": "val"}]
    kept, held = hold_back(rows, 0)
    assert Counter(row["label"] for row in held) == {"cat": 4, "dog": 1}
    assert sorted(row["image"] for row in [*kept, *held]) == sorted(
        row["image"] for row in rows[:-1]
    )
    assert hold_back(rows, 0) == (kept, held) != hold_back(rows, 1)
    single = [row for row in rows if row["label"] == "emu"]
    assert hold_back(single, 0) == (single, single)


def test_leaks_notes_and_skipped_files_are_said(tmp_path):
    for number, place in enumerate(["train/cat/a", "train/dog/b", "train/emu/c", "val/dog/d"]):
        paint(tmp_path / f"{place}.png", number)
    copy = tmp_path / "val/cat/e.png"
    copy.parent.mkdir()
    copy.write_bytes((tmp_path / "train/cat/a.png").read_bytes())
    frames = [Image.new("L", (8, 8), value) for value in (10, 200)]
    frames[0].save(tmp_path / "train/cat/f.gif", save_all=True, append_images=frames[1:])
    (tmp_path / "train/notes.txt").write_text("")
    rows = find_images(tmp_path)
    assert {row["image"]: row["note"] for row in rows if row["note"]} == {"f": FIRST_FRAME}
    said = [
        "Not read in the folder of the images, since they are no images: 1 .txt "
        "(`images/skipped.csv`).",
        "1 image: the first of several frames or pages is taken (for example f).",
    ]
    assert remarks(rows, find_files(tmp_path)[1]) == said
    assert remarks(rows, is_training=True)[1:] == [
        "Leak: 1 of 2 images of the split val are in train too, as identical files (for example e "
        "and a): models were trained on them, and accuracies are too high.",
        "Classes without an image in the split val: 'emu'; they are trained, and never tested.",
    ]


def test_images_are_loaded_in_order_as_resized_rgb(folder):
    rows = find_images(folder)[::-1]
    loaded = load_images(rows, 16, "crop")
    assert loaded.shape == (30, 16, 16, 3) and loaded.dtype == np.uint8
    assert [int(image[0, 0, 0]) for image in loaded] == [int(row["image"]) for row in rows]
    assert (loaded == loaded[:, :1, :1]).all()
    with pytest.raises(InputError, match=r"absent.png"):
        load_images([*rows, {"path": str(folder / "absent.png")}], 16, "crop")


@pytest.fixture(scope="module")
def drawn():
    return list(demo.draw_images(0, "val", 50, 64))


def test_demo_images_are_the_same_for_a_seed(drawn):
    again = list(demo.draw_images(0, "val", 10, 64))
    for (shape, number, image, mask), (shape_again, number_again, image_again, mask_again) in zip(
        drawn[:10], again, strict=True
    ):
        assert (shape, number) == (shape_again, number_again)
        np.testing.assert_array_equal(image, image_again)
        np.testing.assert_array_equal(mask, mask_again)
    for seed, split in ((1, "val"), (0, "train")):
        assert not np.array_equal(next(demo.draw_images(seed, split, 1, 64))[2], drawn[0][2])


def test_demo_images_have_all_shapes_in_turn(drawn):
    assert [shape for shape, *_ in drawn] == [*demo.SHAPES] * 10
    assert [number for _, number, *_ in drawn] == list(range(50))
    for _, _, image, mask in drawn:
        assert image.shape == (64, 64, 3) and image.dtype == np.uint8
        assert mask.shape == (64, 64) and mask.dtype == bool


def test_demo_masks_lie_where_the_bright_shape_is(drawn):
    for _, _, image, mask in drawn:
        brightness = image.mean(axis=2)
        assert brightness[mask].mean() > brightness[~mask].mean() + 30
        assert brightness[mask].std() < 30
    share = np.mean([mask.mean() for *_, mask in drawn])
    assert 0.07 < share < 0.14


def test_demo_shapes_keep_within_the_image_and_away_from_a_fixed_place(drawn):
    assert max(mask[[0, -1]].any() or mask[:, [0, -1]].any() for *_, mask in drawn) <= 1
    centres = np.array([np.argwhere(mask).mean(axis=0) for *_, mask in drawn])
    assert centres.min() > 8 and centres.max() < 56
    assert (centres.std(axis=0) > 8).all()
    assert np.mean([mask[32, 32] for *_, mask in drawn]) < 0.3


@pytest.mark.parametrize(
    ("shape", "share"),
    [("disk", np.pi), ("ring", np.pi * (1 - 0.58**2)), ("triangle", 3 * np.sqrt(3) / 4)],
)
def test_masks_have_the_area_of_their_shape(shape, share):
    mask = demo.draw_mask(shape, (50, 40), 30, 15, 100)
    assert mask.min() == 0 and mask.max() == 1
    assert mask.sum() == pytest.approx(share * 30**2, rel=0.03)
    rows, columns = np.indices(mask.shape)
    assert (mask * columns).sum() / mask.sum() == pytest.approx(50, abs=1)
    assert (mask * rows).sum() / mask.sum() == pytest.approx(40, abs=1)


def test_files_are_named_below_a_folder_that_may_lie_elsewhere_later(folder):
    rows = find_images(folder)
    below = manifest.below(rows, folder)
    assert below[0]["path"] == f"{rows[0]['label']}/{Path(rows[0]['path']).name}"
    assert manifest.placed(below, folder) == rows and manifest.placed(rows, []) == rows
    moved = manifest.placed(below, "elsewhere")
    assert {row["path"].split("/")[0] for row in moved} == {"elsewhere"}
