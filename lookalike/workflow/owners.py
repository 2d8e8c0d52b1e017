"""Which Snakemakes work in a folder: the lock that a killed one left does not stop the next."""

import atexit
import shutil
import socket
from pathlib import Path

import psutil

from lookalike.core.types import StrPath


def claim(folder: StrPath) -> bool:
    """Write down that this process works in a folder, until it ends, and remove the locks there if
    they are of processes that were killed.

    Parameters
    ----------
    folder : path
        `.snakemake`, with the locks in `locks/` and one empty file for each process in `owners/`.

    Returns
    -------
    bool
        Whether locks were removed. They stay where any other process of this folder is alive, or
        runs on another host, of which nothing is known; and where nothing is known of their owner.
    """
    # Absolute, since Snakemake goes back to where it came from before it ends.
    owners, locks = Path(folder, "owners").absolute(), Path(folder, "locks")
    try:
        owners.mkdir(parents=True, exist_ok=True)
        own = owners / name_of(psutil.Process())
        # First of all: of two that start together, neither then removes what is the other's.
        own.touch()
    except OSError:
        # Nothing can be written, and no lock either.
        return False
    atexit.register(own.unlink, missing_ok=True)
    others = [path for path in owners.iterdir() if path.name != own.name]
    if not others or any(map(may_live, others)):
        return False
    stale = locks.is_dir() and any(locks.iterdir())
    shutil.rmtree(locks, ignore_errors=True)
    for path in others:
        path.unlink(missing_ok=True)
    return stale


def name_of(process: psutil.Process) -> str:
    """Return the host, the number and the start of a process; numbers alone are used again."""
    return f"{socket.gethostname()}~{process.pid}~{process.create_time():.2f}"


def may_live(owner: Path) -> bool:
    """Return whether the process that wrote a file may be alive."""
    host, pid, _ = owner.name.rsplit("~", 2)
    if host != socket.gethostname():
        return True
    try:
        process = psutil.Process(int(pid))
        is_dead = process.status() == psutil.STATUS_ZOMBIE
        return name_of(process) == owner.name and not is_dead
    except psutil.NoSuchProcess:
        return False
