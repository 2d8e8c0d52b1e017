"""A folder's lock is taken over from dead processes only."""

import os
import subprocess
import sys

import pytest

from lookalike.workflow.owners import ELSEWHERE, claim

CLAIM = """
import sys
from lookalike.workflow.owners import claim
print(claim(sys.argv[1])[1], flush=True)
sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path):
    """Return a folder with a lock."""
    (tmp_path / "locks").mkdir()
    (tmp_path / "locks" / "0.input.lock").write_text("a\n")
    return tmp_path


def is_locked(folder):
    return (folder / "locks" / "0.input.lock").exists()


def owners(folder):
    return {path.name for path in (folder / "owners").iterdir()}


@pytest.fixture
def start(folder):
    """Return a function that starts a process that claims the folder and waits."""
    started = []

    def claiming():
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        started.append(subprocess.Popen([sys.executable, "-c", CLAIM, folder], **pipes))
        assert started[-1].stdout.readline() == "False\n"
        return started[-1]

    yield claiming
    for process in started:
        process.kill()
        process.communicate()


def test_the_lock_of_a_killed_process_is_removed_though_it_is_not_reaped(folder, start):
    process = start()
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    own, unlocked = claim(folder)
    assert unlocked and not is_locked(folder) and owners(folder) == {own.name}


def test_a_lock_stays_while_any_owner_lives(folder, start):
    killed, living = start(), start()
    killed.kill()
    killed.wait()
    assert not claim(folder)[1] and is_locked(folder) and living.poll() is None


def test_a_lock_stays_where_jobs_may_live_elsewhere(folder, start):
    process = start()
    (path,) = (folder / "owners").iterdir()
    path.write_text(ELSEWHERE)
    process.kill()
    process.wait()
    assert not claim(folder)[1] and is_locked(folder)


def test_a_lock_of_which_nothing_is_known_stays(folder):
    (folder / "owners").mkdir()
    (folder / "owners" / ".DS_Store").touch()
    assert not claim(folder)[1] and is_locked(folder)


def test_a_process_that_ends_is_no_owner_any_more(folder, start):
    start().communicate()
    assert owners(folder) == set()
    assert not claim(folder)[1] and is_locked(folder)


def test_where_nothing_can_be_written_nothing_is_removed(folder):
    (folder / "owners").touch()
    assert claim(folder) == (None, False) and is_locked(folder)
