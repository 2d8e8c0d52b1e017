"""The lock of a Snakemake that was killed does not stop the next one."""

import atexit
import contextlib
import fcntl
import os
import shutil
from pathlib import Path
from uuid import uuid4

from lookalike.core.types import StrPath

# Written into the file of an owner whose jobs may live on other hosts when it is dead.
ELSEWHERE = "jobs on other hosts\n"


def claim(folder: StrPath) -> tuple[Path | None, bool]:
    """Register this process as one that works in a folder, until it ends, and remove the locks
    there if all others that registered were killed.

    Parameters
    ----------
    folder : path
        `.snakemake`, with Snakemake's locks in `locks/`. In `owners/`, each process has a file that
        it holds locked, and that is gone when it ends by itself: a file that nobody holds is that
        of a killed one.

    Returns
    -------
    own : path or None
        The file of this process; None where none can be held.
    unlocked : bool
        Whether locks were removed. They stay where any other process holds its file, or has
        written `ELSEWHERE` into it, and where no process of this workflow was killed.
    """
    # Absolute, since Snakemake goes back to where it came from before it ends.
    owners, locks = Path(folder, "owners").absolute(), Path(folder, "locks")
    own = owners / f"{uuid4().hex}.owner"
    try:
        owners.mkdir(parents=True, exist_ok=True)
        new = own.with_suffix(".new")
        # Never closed: the file is held as long as the process lives.
        fcntl.flock(os.open(new, os.O_RDWR | os.O_CREAT, 0o644), fcntl.LOCK_EX)
        # Seen by others only when it is held. Of two that start together, each sees the other.
        new.rename(own)
    except OSError:
        return None, False
    atexit.register(own.unlink, missing_ok=True)
    others = [path for path in owners.glob("*.owner") if path != own]
    if not others or any(map(may_live, others)):
        return own, False
    locked = locks.is_dir() and any(locks.iterdir())
    # What another user's rights keep stays, and so does the lock.
    shutil.rmtree(locks, ignore_errors=True)
    for path in others:
        with contextlib.suppress(OSError):
            path.unlink()
    return own, locked and not locks.exists()


def may_live(owner: Path) -> bool:
    """Return whether the process of a file, or jobs of it, may be alive."""
    try:
        handle = os.open(owner, os.O_RDONLY)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return owner.read_text() == ELSEWHERE
    except OSError:
        return True
    finally:
        os.close(handle)
