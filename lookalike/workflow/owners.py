"""A Snakemake that was killed does not stop the next one: its lock, its jobs and what they left
unfinished are removed.
"""

import atexit
import contextlib
import fcntl
import logging
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any
from uuid import uuid4

from lookalike.core.orphans import VARIABLE
from lookalike.core.replacing import UNFINISHED
from lookalike.core.types import StrPath

# Modules whose functions take a lock for the one that calls them.
HOLDING = (threading.__file__, logging.__file__)
LOCKED = (
    "another Snakemake works in this folder and makes the same files; wait until it has ended. If "
    "it was killed on another host, `snakemake --unlock` removes its lock"
)
# Written into the file of an owner whose jobs may live on other hosts when it is dead.
ELSEWHERE = "jobs on other hosts\n"
# In which the jobs of a killed process end, in seconds; a moment, but for a job that the system
# itself keeps waiting.
JOBS_END_WITHIN = 10.0


@dataclass
class Owner:
    """One process that works in a folder.

    Attributes
    ----------
    path : path
        A file that it holds locked until it ends.
    jobs : path
        A second one, which it holds locked as long as its jobs are to live.
    handle : int
        Of the second.
    unlocked : bool
        Whether Snakemake's locks of killed processes were removed.
    """

    path: Path
    jobs: Path
    handle: int
    unlocked: bool = False

    def start(self, elsewhere: bool) -> None:
        """Let jobs that are started from now on end with this process, and SIGINT and SIGTERM end
        both.

        Snakemake's own answer to SIGTERM waits for a lock that the interrupted code may hold, for
        ever; and that to SIGINT waits for jobs whose results it then does not count.

        Parameters
        ----------
        elsewhere : bool
            Whether jobs run on other hosts. These do not end with it.
        """
        if elsewhere:
            self.path.write_text(ELSEWHERE)
        os.environ[VARIABLE] = str(self.jobs)
        # A run in the background of a script ignores SIGINT.
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, self.end)
        signal.signal(signal.SIGTERM, self.end)

    def end(self, number: int, frame: FrameType | None) -> None:
        """End the jobs, and interrupt this process as Ctrl-C does."""
        if must_not_stop(frame):
            signal.signal(signal.SIGALRM, self.end)
            signal.setitimer(signal.ITIMER_REAL, 0.01)
            return
        # `timeout`, `make` and cluster systems send it more than once.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.close(self.handle)
        raise KeyboardInterrupt

    def others(self) -> list[Path]:
        """Return the files of all others that work in the folder, or were killed there."""
        return [path for path in self.path.parent.glob("*.owner") if path != self.path]

    def is_alone(self) -> bool:
        """Return whether nobody else works in the folder."""
        return not any(map(may_live, self.others()))


def must_not_stop(frame: FrameType | None) -> bool:
    """Return whether an interrupt at this place of the code would be lost, or would leave a lock
    that other threads wait for.
    """
    # Between taking a lock and the block that gives it back; `wait` has given it back.
    if frame and frame.f_code.co_filename in HOLDING and frame.f_code.co_name != "wait":
        return True
    while frame:
        # What writes Snakemake's log drops an interrupt, and the run would go on.
        if frame.f_code.co_name == "emit":
            return True
        frame = frame.f_back
    return False


def claim(folder: StrPath, results: StrPath) -> Owner | None:
    """Register this process as one that works in a folder, until it ends. If all others that
    registered were killed, remove their locks and unfinished files.

    Parameters
    ----------
    folder : path
        `.snakemake`, with Snakemake's locks in `locks/`. In `owners/`, each process has a file that
        it holds locked, and that is gone when it ends by itself: a file that nobody holds is that
        of a killed one.
    results : path
        Where the unfinished files lie.

    Returns
    -------
    Owner or None
        None where no file can be held. Locks stay where any other process holds its file, or has
        written `ELSEWHERE` into it, and where no process of this workflow was killed.
    """
    # Absolute, since Snakemake goes back to where it came from before it ends.
    owners, locks = Path(folder, "owners").absolute(), Path(folder, "locks")
    name = uuid4().hex
    try:
        owners.mkdir(parents=True, exist_ok=True)
        own = Owner(owners / f"{name}.owner", owners / f"{name}.jobs", hold(owners / f"{name}.new"))
        # Seen by others only when both are held. Of two that start together, each sees the other.
        own.path.with_suffix(".new").rename(own.jobs)
        hold(own.path.with_suffix(".new"))
        own.path.with_suffix(".new").rename(own.path)
    except OSError:
        return None
    for path in (own.path, own.jobs):
        atexit.register(path.unlink, missing_ok=True)
    others = own.others()
    if not others or any(map(may_live, others)):
        return own
    locked = locks.is_dir() and any(locks.iterdir())
    # What another user's rights keep stays, and so does the lock.
    shutil.rmtree(locks, ignore_errors=True)
    remove_unfinished(results)
    for path in others:
        with contextlib.suppress(OSError):
            path.unlink()
            path.with_suffix(".jobs").unlink(missing_ok=True)
    own.unlocked = locked and not locks.exists()
    return own


def hold(path: Path) -> int:
    """Hold a new file as long as the process lives, or until the handle is closed."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    fcntl.flock(handle, fcntl.LOCK_EX)
    return handle


def may_live(owner: Path) -> bool:
    """Return whether the process of a file, or jobs of it, may be alive."""
    if is_held(owner):
        return True
    until = time.monotonic() + JOBS_END_WITHIN
    while is_held(owner.with_suffix(".jobs")):
        if time.monotonic() > until:
            return True
        time.sleep(0.05)
    try:
        return owner.read_text() == ELSEWHERE
    except OSError as error:
        return not isinstance(error, FileNotFoundError)


def is_held(path: Path) -> bool:
    """Return whether a process holds a file, or may hold it."""
    try:
        # To write, which some network file systems ask for.
        handle = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False


def locked_in_one_line(
    refusal: type[Exception], execute: Callable[..., Any], *args: Any, **kwargs: Any
) -> Any:
    """Execute a workflow; if Snakemake refuses a locked folder, say it in one line.

    Its own text has several, and advises to remove the lock, also that of one that lives.
    """
    try:
        return execute(*args, **kwargs)
    except refusal as error:
        error.args = (LOCKED,)
        raise


def remove_unfinished(folder: StrPath) -> None:
    """Remove what killed processes left below a folder when they were writing."""
    for place, _, names in os.walk(folder):
        for name in names:
            if name.startswith(UNFINISHED):
                with contextlib.suppress(OSError):
                    Path(place, name).unlink()
