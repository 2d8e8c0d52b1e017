"""A folder is taken over from dead processes only, and their jobs end with them."""

import fcntl
import logging
import os
import select
import signal
import subprocess
import sys
import threading
import time

import pytest

from lookalike.core import io, orphans
from lookalike.workflow import owners as module
from lookalike.workflow.owners import claim, may_live

# Claims a folder and waits; with jobs, starts one below a shell, as conda does, and tells its id.
CLAIM = """
import logging, subprocess, sys, time
from lookalike.workflow.owners import claim
owner = claim(sys.argv[1], sys.argv[1] + "/results")
owner.start(elsewhere=sys.argv[2] == "elsewhere")
print(owner.unlocked, flush=True)
if sys.argv[2] == "job":
    subprocess.run(["bash", "-c", '"$0" -c "$1"; true', sys.executable, sys.argv[3]])
elif sys.argv[2] == "log":
    # As Snakemake's: it drops interrupts.
    class Handler(logging.Handler):
        def emit(self, record):
            try:
                print("logged", flush=True)
                time.sleep(0.3)
            except KeyboardInterrupt:
                pass
    while True:
        Handler().emit(None)
        time.sleep(0.1)
else:
    sys.stdin.read()
"""
JOB = """
import os, sys, time
from lookalike.core.logs import log_to
print(os.getpid(), flush=True)
log_to(os.devnull)
time.sleep(600)
"""
WRITE = """
import os, signal, sys
from lookalike.core import io
from lookalike.core.replacing import replacing
with replacing(sys.argv[1]) as temporary:
    temporary.write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
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
    return {path.name for path in (folder / "owners").glob("*")}


def files_of(owner):
    return {owner.path.name, owner.jobs.name}


@pytest.fixture
def start(folder):
    """Return a function that starts a process that claims the folder and waits."""
    started = []

    def claiming(kind="alone"):
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        command = [sys.executable, "-c", CLAIM, folder, kind, JOB]
        started.append(subprocess.Popen(command, **pipes))
        assert started[-1].stdout.readline() == "False\n"
        return started[-1]

    yield claiming
    for process in started:
        process.kill()
        process.communicate()


def kill(process):
    process.kill()
    process.wait()


def test_the_lock_of_a_killed_process_is_removed_though_it_is_not_reaped(folder, start):
    process = start()
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    own = claim(folder, folder / "results")
    assert own.unlocked and not is_locked(folder) and owners(folder) == files_of(own)


def test_a_lock_stays_while_any_owner_lives(folder, start):
    killed, living = start(), start()
    kill(killed)
    own = claim(folder, folder / "results")
    assert not own.unlocked and not own.is_alone()
    assert is_locked(folder) and living.poll() is None


def test_a_lock_stays_where_jobs_may_live_elsewhere(folder, start):
    kill(start("elsewhere"))
    assert not claim(folder, folder / "results").unlocked and is_locked(folder)


def test_a_lock_of_which_nothing_is_known_stays(folder):
    (folder / "owners").mkdir()
    (folder / "owners" / ".DS_Store").touch()
    own = claim(folder, folder / "results")
    assert not own.unlocked and own.is_alone() and is_locked(folder)


def test_a_process_that_ends_is_no_owner_any_more(folder, start):
    start().communicate()
    assert owners(folder) == set()
    assert not claim(folder, folder / "results").unlocked and is_locked(folder)


def test_where_nothing_can_be_written_nothing_is_removed(folder):
    (folder / "owners").touch()
    assert claim(folder, folder / "results") is None and is_locked(folder)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_jobs_end_with_the_process_that_started_them(number, folder, start):
    process = start("job")
    job = os.pidfd_open(int(process.stdout.readline()))
    process.send_signal(number)
    process.communicate(timeout=60)
    assert select.select([job], [], [], 60)[0]
    os.close(job)
    own = claim(folder, folder / "results")
    # Only a process that is killed at once leaves its files.
    assert own.unlocked == (number == signal.SIGKILL) and owners(folder) == files_of(own)


def test_a_signal_is_not_lost_while_the_log_is_written(start):
    process = start("log")
    assert process.stdout.readline() == "logged\n"
    process.terminate()
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGINT


def test_a_lock_stays_while_a_job_of_a_dead_owner_lives(folder, start, monkeypatch):
    monkeypatch.setattr(module, "JOBS_END_WITHIN", 0.2)
    process = start()
    (owner,) = (folder / "owners").glob("*.owner")
    kill(process)
    # A job that cannot end yet.
    with owner.with_suffix(".jobs").open() as held:
        fcntl.flock(held, fcntl.LOCK_SH)
        assert may_live(owner)
    assert not may_live(owner)


def test_a_job_that_starts_after_its_run_is_over_ends(folder):
    (folder / "owners").mkdir()
    environment = os.environ | {orphans.VARIABLE: str(folder / "owners" / "gone.jobs")}
    done = subprocess.run([sys.executable, "-c", JOB], env=environment, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL


def test_what_a_killed_process_was_writing_is_removed(folder, start):
    kill(start())
    path = folder / "results" / "a" / "b.csv"
    io.write_text(path, "whole")
    subprocess.run([sys.executable, "-c", WRITE, path], timeout=60, check=False)
    assert len(list(path.parent.iterdir())) == 2
    claim(folder, folder / "results")
    assert list(path.parent.iterdir()) == [path] and path.read_text() == "whole"


class Spy:
    """A lock that keeps the frame of the code that takes it."""

    def acquire(self, *_):
        self.frame = sys._getframe(1)
        return True

    def __enter__(self):
        self.frame = sys._getframe(1)

    def release(self):
        pass


def test_no_interrupt_leaves_a_lock_that_others_wait_for():
    spy = Spy()
    # As of a semaphore, which Snakemake's scheduler and its workers share.
    threading.Condition(spy).__enter__()
    assert module.must_not_stop(spy.frame)
    handler = logging.NullHandler()
    handler.lock = spy
    handler.acquire()
    assert module.must_not_stop(spy.frame)
    assert not module.must_not_stop(sys._getframe())


def test_what_waits_may_be_interrupted():
    condition = threading.Condition()

    def wait():
        with condition:
            condition.wait()

    waiting = threading.Thread(target=wait)
    waiting.start()
    while not condition._waiters:
        time.sleep(0.001)
    assert not module.must_not_stop(sys._current_frames()[waiting.ident])
    with condition:
        condition.notify()
    waiting.join()
