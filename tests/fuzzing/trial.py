"""One trial after the other: with limits, and a look at what was written."""

import contextlib
import resource
import shutil
import signal
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings

from fuzzing.damage import damaged
from lookalike.core.errors import LONGEST, InputError

SECONDS = 10
GIGABYTES = 2
MOST_KILOBYTES = 2**20


class Hang(BaseException):
    """Not an `Exception`, which a reader would turn into its own."""


def stop(*_):
    raise Hang


@contextlib.contextmanager
def limited():
    """Limit time and address space of what runs."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limits = resource.getrlimit(resource.RLIMIT_AS)
    most = pages * resource.getpagesize() + GIGABYTES * 2**30
    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    resource.setrlimit(resource.RLIMIT_AS, (most, limits[1]))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        resource.setrlimit(resource.RLIMIT_AS, limits)


def listing(folder):
    """Return the content of every file below a folder, and None for folders."""
    return {
        path: None if path.is_dir() else path.read_bytes() for path in sorted(folder.rglob("*"))
    }


def try_one(kind, files, tmp_path):
    """Return what is read from files, or the error as text, and check that nothing was written."""
    folder = tmp_path / "given"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    before = listing(tmp_path)
    with contextlib.chdir(folder), limited():
        try:
            found = kind.read()
        except InputError as error:
            found = str(error)
    assert listing(tmp_path) == before
    return found


def fuzz(kind, tmp_path, monkeypatch, times=1, start=0):
    """Try valid and odd inputs of a kind; return how many of each there were, and were read.

    Of each kind there are `times` as many as usual; `start` is the seed.
    """
    count = times * kind.count
    share = -(-count * 35 // 100)
    tried = {"valid": 0, "odd": 0, "odd and read": 0}
    # Files that are written by the way are seen as well.
    for name in ("HOME", "TMPDIR"):
        (tmp_path / name).mkdir()
        monkeypatch.setenv(name, str(tmp_path / name))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    def try_valid(drawn):
        files, expected = drawn
        found = try_one(kind, files, tmp_path)
        assert not isinstance(found, str), found
        kind.same(found, expected)
        kind.sound(found)
        tried["valid"] += 1

    def try_odd(files):
        found = try_one(kind, files, tmp_path)
        tried["odd"] += 1
        if isinstance(found, str):
            assert len(found.splitlines()) == 1 and len(found) <= LONGEST
        else:
            kind.sound(found)
            tried["odd and read"] += 1

    repeat(try_valid, kind.valid, share, start)
    repeat(try_odd, damaged(kind.valid) | kind.odd, count - share, start)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory < MOST_KILOBYTES
    return tried


def repeat(function, strategy, count, start):
    """Call a function with values of a strategy."""
    usual = settings(
        max_examples=count,
        derandomize=not start,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    test = usual(given(strategy)(function))
    (seed(start)(test) if start else test)()
