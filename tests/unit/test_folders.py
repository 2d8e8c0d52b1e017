"""Folders of images: what is found below them, and what splits, classes and ids the places mean."""

import os
import unicodedata
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lookalike.core import io
from lookalike.core.errors import InputError
from lookalike.images.folders import SUFFIXES, find_files, list_images
from lookalike.images.scores import match_scores


def place(folder, *names):
    """Write files that are not equal; their content does not matter here."""
    for number, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{number}")
    return folder


def columns(folder, *names, **options):
    return [tuple(row[name] for name in names) for row in list_images(folder, **options)]


def test_hidden_entries_are_no_images_and_no_classes(tmp_path):
    place(
        tmp_path,
        "cat/a.png",
        "dog/b.png",
        ".ipynb_checkpoints/a-checkpoint.png",
        "cat/.ipynb_checkpoints/a-checkpoint.png",
        "cat/._a.png",
        ".DS_Store",
        "__MACOSX/cat/a.png",
    )
    assert set(columns(tmp_path, "image", "label")) == {("a", "cat"), ("b", "dog")}
    assert find_files(tmp_path)[1] == []


def test_links_are_followed_but_never_in_circles(tmp_path):
    """Four images stay four, with a link to the folder itself and to its parent."""
    real = place(tmp_path / "elsewhere", "cat/a.png", "cat/b.png")
    folder = place(tmp_path / "pets", "dog/c.png", "dog/d.png")
    (folder / "cat").symlink_to(real / "cat", target_is_directory=True)
    (folder / "dog" / "self").symlink_to(folder, target_is_directory=True)
    (folder / "dog" / "parent").symlink_to("..", target_is_directory=True)
    (folder / "dog" / "lost.png").symlink_to("nowhere.png")
    assert sorted(columns(folder, "image", "label")) == [
        ("a", "cat"),
        ("b", "cat"),
        ("c", "dog"),
        ("d", "dog"),
    ]
    assert [(Path(row["path"]).name, row["kind"]) for row in find_files(folder)[1]] == [
        ("lost.png", "link to nowhere, or no file"),
        ("parent", "link to a folder above"),
        ("self", "link to a folder above"),
    ]


def test_what_is_skipped_is_listed_by_its_kind(tmp_path):
    place(tmp_path, "a.png", "b.JPG", "c.heic", "d.heic", "notes.txt", "README", "e.avif", "f.pgm")
    images, skipped = find_files(tmp_path)
    assert [path.name for path in images] == ["a.png", "b.JPG", "e.avif", "f.pgm"]
    assert Counter(row["kind"] for row in skipped) == {
        ".heic": 2,
        ".txt": 1,
        "without suffix": 1,
    }


def test_pillow_reads_every_suffix():
    Image.init()
    readable = {name for name, kind in Image.registered_extensions().items() if kind in Image.OPEN}
    assert set(SUFFIXES) <= readable
    assert {".jfif", ".avif", ".tif", ".ppm", ".pgm", ".pbm", ".pnm"} <= set(SUFFIXES)


@pytest.mark.parametrize("train", ["train", "Train", "TRAINING"])
@pytest.mark.parametrize("val", ["val", "Val", "valid", "Validation"])
def test_splits_are_known_by_usual_names_in_any_case(train, val, tmp_path):
    place(tmp_path, f"{train}/cat/a.png", f"{train}/dog/b.png", f"{val}/cat/c.png")
    assert columns(tmp_path, "split", "label", "image") == [
        ("train", "cat", "a"),
        ("train", "dog", "b"),
        ("val", "cat", "c"),
    ]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["train/cat/a.png", "Test/cat/b.png"], r"holds 'Test', a split that is not used here"),
        (["train/cat/a.png", "val/cat/b.png", "test/cat/c.png"], r"holds 'test', a split"),
        (["test/cat/a.png"], r"give .*/test as images.source"),
        (["test/a.png", "control/b.png"], r"holds 'control' next to 'test'; .*none of them called"),
        (["valid/a.png", "invalid/b.png"], r"holds 'invalid' next to 'valid'"),
        (["train/a.png", "Train/b.png"], r"'Train' and 'train' both stand for the split 'train'"),
        (["cat/train/a.png", "cat/val/b.png"], r"cat/train: would be taken for a class"),
        (["data/Train/cat/a.png"], r"data/Train: would be taken for a class; .* give .*/data as"),
        (["train/valid/a.png"], r"train/valid: would be taken for a class"),
        (["train/cat/a.png", "b.png"], r"b.png: lies next to 'train'"),
    ],
)
def test_a_split_is_never_taken_for_a_class(names, message, tmp_path):
    place(tmp_path, *names)
    with pytest.raises(InputError, match=message):
        list_images(tmp_path)


def test_without_training_there_is_no_split(tmp_path):
    place(tmp_path, *(f"{number}.png" for number in range(18)))
    assert columns(tmp_path, "split", "label", split="val") == [("val", "")] * 18
    assert Counter(columns(tmp_path, "split")) == {("train",): 14, ("val",): 4}
    place(tmp_path / "given", "train/a.png", "val/b.png")
    assert columns(tmp_path / "given", "split", split="val") == [("train",), ("val",)]


def test_identical_files_of_a_class_stay_in_one_split(tmp_path):
    for number in range(40):
        path = place(tmp_path, f"cat/{number:02d}.png") / f"cat/{number:02d}.png"
        path.write_text(f"{number // 2}")
    for seed in range(5):
        splits = {}
        for row in list_images(tmp_path, seed):
            splits.setdefault(row["sha256"], set()).add(row["split"])
        assert {len(found) for found in splits.values()} == {1}
        assert Counter(min(found) for found in splits.values()) == {"train": 16, "val": 4}


def test_ids_are_composed_unicode_as_scores_name_them(tmp_path):
    """macOS decomposes names; a table that was typed elsewhere does not."""
    composed = "caf\N{LATIN SMALL LETTER E WITH ACUTE}"
    split = unicodedata.normalize("NFD", composed)
    assert split != composed
    place(tmp_path, f"{split}/{split} 1.png", f"{split}/b.png")
    rows = list_images(tmp_path, split="val")
    assert [(row["image"], row["label"]) for row in rows] == [
        ("b", composed),
        (f"{composed} 1", composed),
    ]
    assert all(Path(row["path"]).exists() for row in rows)
    for one, other in ((composed, f"{split} 1"), (split, f"{composed} 1.png")):
        given = [{"image": "b", "score": "1"}, {"image": other, "score": "2"}]
        assert [row["score"] for row in match_scores(given, rows, one)] == [1, 2]


def test_ids_that_differ_in_case_alone_take_their_class(tmp_path):
    place(tmp_path, "cat/A.png", "dog/a.png", "dog/b.png")
    assert {row["image"] for row in list_images(tmp_path)} == {"cat.A", "dog.a", "dog.b"}


def test_long_names_have_results_and_too_long_ids_are_refused(tmp_path):
    name = 80 * "\N{CJK UNIFIED IDEOGRAPH-732B}" + "cat-1"
    assert len(f"{name}.png".encode()) == 249
    place(tmp_path, f"house cat/{name}.png", "dog/b.png")
    (image,) = (row["image"] for row in list_images(tmp_path) if row["label"] == "house cat")
    saliency = np.eye(3, dtype=np.float32)
    io.write_map(tmp_path / "maps" / f"{image}.npy", saliency)
    np.testing.assert_array_equal(io.read_map(tmp_path / "maps" / f"{name}.npy"), saliency)
    place(tmp_path, f"dog/{name}.png")
    with pytest.raises(InputError, match=r"has more than 251 bytes; shorten the file's name"):
        list_images(tmp_path)


def test_braces_quotes_and_spaces_are_parts_of_names(tmp_path):
    place(tmp_path, '{cat}/it\'s {x} a, "b".png')
    assert columns(tmp_path, "image", "label") == [('it\'s {x} a, "b"', "{cat}")]


def test_a_name_that_is_not_utf_8_is_refused(tmp_path):
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.png")).write_text("0")
    with pytest.raises(InputError, match=r"caf\uFFFD\.png: its name is not UTF-8"):
        list_images(tmp_path)


def test_a_folder_without_images_names_what_it_holds(tmp_path):
    place(tmp_path, "a.heic")
    with pytest.raises(InputError, match=r"no image in it, but .*a\.heic; it should hold one"):
        list_images(tmp_path)


def test_an_error_is_one_line_whatever_the_name_of_a_file(tmp_path):
    place(tmp_path, "cat/a\nb\x1b[31m.png", "c\u2028d.png")
    with pytest.raises(InputError) as error:
        list_images(tmp_path)
    assert len(str(error.value).splitlines()) == 1
    assert "c\\u2028d.png: lies outside" in str(error.value)
