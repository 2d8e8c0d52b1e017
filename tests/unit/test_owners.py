"""A folder's lock is taken over from dead processes only."""

import subprocess
import sys
import time

import psutil
import pytest

from lookalike.workflow.owners import claim, name_of


@pytest.fixture
def locked(tmp_path):
    """Return a folder with the lock of nobody."""
    (tmp_path / "locks").mkdir()
    (tmp_path / "locks" / "0.input.lock").write_text("a\n")
    (tmp_path / "owners").mkdir()
    return tmp_path


def is_locked(folder):
    return (folder / "locks" / "0.input.lock").exists()


def owner(folder, name):
    (folder / "owners" / name).touch()
    return name


@pytest.fixture
def living():
    """Return a process that lives as long as a test."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield psutil.Process(process.pid)
    process.communicate()


def dead():
    """Return the name of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    name = name_of(psutil.Process(process.pid))
    process.communicate()
    return name


def test_the_lock_of_a_dead_process_is_removed(locked):
    name = owner(locked, dead())
    assert claim(locked) and not is_locked(locked)
    names = {path.name for path in (locked / "owners").iterdir()}
    assert name not in names and names == {name_of(psutil.Process())}


def test_a_lock_stays_while_any_owner_lives(locked, living):
    owner(locked, dead())
    owner(locked, name_of(living))
    assert not claim(locked) and is_locked(locked)


def test_a_lock_stays_where_its_owner_is_on_another_host(locked):
    _, pid, started = dead().rsplit("~", 2)
    owner(locked, f"another~host~{pid}~{started}")
    assert not claim(locked) and is_locked(locked)


def test_a_lock_of_which_nothing_is_known_stays(locked):
    assert not claim(locked) and is_locked(locked)


def test_a_number_that_is_used_again_is_another_process(locked, living):
    host, pid, started = name_of(living).rsplit("~", 2)
    owner(locked, f"{host}~{pid}~{float(started) - 60:.2f}")
    assert claim(locked) and not is_locked(locked)


def test_a_process_that_was_killed_and_not_reaped_is_dead(locked):
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    owner(locked, name_of(psutil.Process(process.pid)))
    process.kill()
    while psutil.Process(process.pid).status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)
    assert claim(locked) and not is_locked(locked)
    process.communicate()


def test_a_process_that_ends_is_no_owner_any_more(tmp_path):
    code = f"from lookalike.workflow.owners import claim; claim({str(tmp_path)!r})"
    subprocess.run([sys.executable, "-c", code], check=True)
    assert not any((tmp_path / "owners").iterdir())
    assert not claim(tmp_path)
