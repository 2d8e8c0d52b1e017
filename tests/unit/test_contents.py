"""The state of user-supplied files: it changes with their content, not with a touch or a copy."""

import hashlib
import os
import shutil
from pathlib import Path

import pytest

from lookalike.core.errors import InputError
from lookalike.core.io import hash_file
from lookalike.workflow import contents as module
from lookalike.workflow.contents import Contents

OLD = (1_000_000_000, 1_000_000_000)  # 2001


def file_state(path):
    """Return what a fresh process finds in a file or folder."""
    return Contents(Path(path).parent / "no record").of(path)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "given" / "matrix.csv"
    path.parent.mkdir()
    path.write_bytes(b"0123456789")
    return path


@pytest.fixture
def folder(file):
    """A folder with files in two depths, one of them hidden."""
    for name in ("maps/a.npy", "maps/b.npy", ".hidden"):
        path = file.parent / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"content of {name}")
    return file.parent


def test_a_hash_is_that_of_the_content(file):
    assert hash_file(file) == hashlib.sha256(b"0123456789").hexdigest()
    with pytest.raises(InputError, match=r"absent: cannot be read"):
        hash_file(file.with_name("absent"))


def test_reading_and_asking_again_change_nothing(folder):
    before = file_state(folder), file_state(folder / "matrix.csv")
    for path in folder.rglob("*.*"):
        path.read_bytes()
    assert (file_state(folder), file_state(folder / "matrix.csv")) == before


def test_a_touch_a_copy_and_a_move_of_something_small_change_nothing(folder, tmp_path):
    before, of_file = file_state(folder), file_state(folder / "matrix.csv")
    os.utime(folder / "matrix.csv")
    os.utime(folder / "maps" / "a.npy", OLD)
    assert file_state(folder) == before and file_state(folder / "matrix.csv") == of_file
    assert file_state(shutil.copytree(folder, tmp_path / "copy")) == before
    assert file_state(shutil.copy(folder / "matrix.csv", tmp_path / "other.csv")) == of_file
    assert file_state(folder.rename(tmp_path / "moved")) == before


@pytest.mark.parametrize("of_folder", [True, False])
def test_an_edit_of_equal_size_that_restores_the_time_is_noticed(file, of_folder):
    path = file.parent if of_folder else file
    before, times = file_state(path), file.stat()
    file.write_bytes(b"9876543210")
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert file.stat().st_mtime_ns == times.st_mtime_ns
    assert file_state(path) != before


@pytest.mark.parametrize("of_folder", [True, False])
def test_a_file_replaced_by_an_older_one_is_noticed(file, tmp_path, of_folder):
    path = file.parent if of_folder else file
    before = file_state(path)
    older = tmp_path / "older.csv"
    older.write_bytes(b"9876543210")
    os.utime(older, OLD)
    older.replace(file)
    assert file_state(path) != before


def link(folder):
    (folder / "link").symlink_to(folder / "maps")


CHANGES = {
    "added": lambda folder: (folder / "maps" / "c.npy").write_text("c"),
    "added, hidden": lambda folder: (folder / ".more").touch(),
    "removed": lambda folder: (folder / "maps" / "a.npy").unlink(),
    "renamed": lambda folder: (folder / "maps" / "a.npy").rename(folder / "maps" / "c.npy"),
    "exchanged": lambda folder: [
        (folder / "maps" / "a.npy").rename(folder / "x"),
        (folder / "maps" / "b.npy").rename(folder / "maps" / "a.npy"),
        (folder / "x").rename(folder / "maps" / "b.npy"),
    ],
    "moved up": lambda folder: (folder / "maps" / "a.npy").rename(folder / "a.npy"),
    "folder renamed": lambda folder: (folder / "maps").rename(folder / "heatmaps"),
    "hidden file edited": lambda folder: (folder / ".hidden").write_text("edited"),
    "link to a folder": link,
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_in_a_folder_is_noticed(folder, change):
    before = file_state(folder)
    CHANGES[change](folder)
    assert file_state(folder) != before


def test_links_are_followed_and_may_go_in_circles_or_nowhere(folder, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "c.npy").write_text("c")
    (folder / "out").symlink_to(outside)
    (folder / "maps" / "up").symlink_to(folder)
    (folder / "maps" / "itself").symlink_to(folder / "maps" / "itself")
    (folder / "nowhere").symlink_to(tmp_path / "absent")
    before = file_state(folder)
    assert file_state(folder) == before
    (outside / "c.npy").write_text("changed")
    after = file_state(folder)
    assert after != before
    (tmp_path / "absent").write_text("here")
    assert file_state(folder) != after


def test_a_link_has_the_state_of_its_target(folder, tmp_path):
    (tmp_path / "link").symlink_to(folder)
    assert file_state(tmp_path / "link") == file_state(folder)


def test_a_pipe_is_not_read(folder):
    before = file_state(folder)
    os.mkfifo(folder / "pipe")
    assert file_state(folder) == before


def test_what_is_absent_is_an_error_of_one_line(tmp_path):
    with pytest.raises(InputError, match=r"absent: cannot be read"):
        file_state(tmp_path / "absent")


def test_a_file_is_read_once_until_it_changes(folder, tmp_path, monkeypatch):
    read = []
    monkeypatch.setattr(module, "hash_file", lambda path: read.append(path) or hash_file(path))
    record = tmp_path / "results" / "contents.json"

    def look():
        read.clear()
        contents = Contents(record)
        found = contents.of(folder)
        contents.save()
        return found, len(read)

    first, count = look()
    assert count == 4 and look() == (first, 0)
    os.utime(folder / "matrix.csv", OLD)
    assert look() == (first, 1) and look() == (first, 0)
    (folder / "matrix.csv").write_bytes(b"9876543210")
    other, count = look()
    assert other != first and count == 1


def test_a_damaged_record_is_made_anew(folder, tmp_path):
    record = tmp_path / "contents.json"
    before = Contents(record).of(folder)
    record.write_text('{"half a')
    assert Contents(record).of(folder) == before


def test_a_fact_is_found_once_for_each_content(folder, tmp_path):
    asked = []

    def find():
        asked.append(1)
        return len(asked)

    def look():
        contents = Contents(tmp_path / "contents.json")
        found = contents.fact(f"number {contents.of(folder)}", find)
        contents.save()
        return found

    assert [look(), look()] == [1, 1]
    (folder / "matrix.csv").write_bytes(b"9876543210")
    assert [look(), look()] == [2, 2]


def test_names_are_relative_to_the_folder_that_is_said(folder, tmp_path):
    files = [folder / "maps" / "a.npy", folder / "maps" / "b.npy"]
    before = Contents(tmp_path / "no record").of_files(files, folder)
    moved = folder.rename(tmp_path / "moved")
    files = [moved / "maps" / "a.npy", moved / "maps" / "b.npy"]
    assert Contents(tmp_path / "no record").of_files(files, moved) == before
    assert Contents(tmp_path / "no record").of_files(files, tmp_path) != before
