"""The state of user-supplied files: it changes with their content, not with a touch or a copy."""

import hashlib
import os
import shutil

import pytest

from lookalike.core import file_state as module
from lookalike.core.errors import InputError
from lookalike.core.file_state import file_state, hash_file

OLD = (1_000_000_000, 1_000_000_000)  # 2001


@pytest.fixture(params=["by content", "by status"])
def is_small(request, monkeypatch):
    """Whether files are small enough to be hashed."""
    if request.param == "by status":
        monkeypatch.setattr(module, "HASHED_BYTES", 3)
    return request.param == "by content"


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


def test_reading_and_asking_again_change_nothing(folder, is_small):
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
def test_an_edit_of_equal_size_that_restores_the_time_is_noticed(file, is_small, of_folder):
    path = file.parent if of_folder else file
    before, times = file_state(path), file.stat()
    file.write_bytes(b"9876543210")
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert file.stat().st_mtime_ns == times.st_mtime_ns
    assert file_state(path) != before


@pytest.mark.parametrize("of_folder", [True, False])
def test_a_file_replaced_by_an_older_one_is_noticed(file, tmp_path, is_small, of_folder):
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
def test_a_change_in_a_folder_is_noticed(folder, change, is_small):
    before = file_state(folder)
    CHANGES[change](folder)
    assert file_state(folder) != before


def test_links_are_followed_and_may_go_in_circles_or_nowhere(folder, tmp_path, is_small):
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


def test_a_link_has_the_state_of_its_target(folder, tmp_path, is_small):
    (tmp_path / "link").symlink_to(folder)
    assert file_state(tmp_path / "link") == file_state(folder)


def test_a_pipe_is_not_read(folder):
    before = file_state(folder)
    os.mkfifo(folder / "pipe")
    assert file_state(folder) != before


def test_no_more_is_read_than_the_limit(folder, monkeypatch):
    total = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    read = []
    monkeypatch.setattr(module, "hash_file", lambda path: read.append(path) or "")
    for limit, count in ((total, 4), (total - 1, 0)):
        monkeypatch.setattr(module, "HASHED_BYTES", limit)
        read.clear()
        file_state(folder)
        assert len(read) == count


def test_names_that_are_no_text_are_names_like_others(folder):
    before = file_state(folder)
    (folder / os.fsdecode(b"\xff.npy")).touch()
    assert file_state(folder) != before


def test_what_does_not_exist_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"absent: cannot be read"):
        file_state(tmp_path / "absent")
