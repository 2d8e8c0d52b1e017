"""Jobs of a Snakemake that was killed end by themselves, so that none runs next to a new one's."""

import fcntl
import os
import signal
import threading
from pathlib import Path

# Names the file that a run holds locked as long as its jobs are to live, for all of its jobs.
VARIABLE = "LOOKALIKE_RUN"


def end_with_run() -> None:
    """Let this process be killed when the run that started it is over, whatever shells lie between.

    Nothing happens in a process that no run has started, and where files cannot be locked.
    """
    path = Path(os.environ.get(VARIABLE, ""))
    if not path.name or not path.parent.is_dir():
        return
    try:
        handle = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        # The run is over, and a new one has begun.
        os.kill(os.getpid(), signal.SIGKILL)
    threading.Thread(target=wait_for_end, args=(handle,), daemon=True).start()


def wait_for_end(handle: int) -> None:
    """Wait until a file is no longer locked, and kill this process; hold the file until then, so
    that a new run can wait for that.
    """
    try:
        fcntl.flock(handle, fcntl.LOCK_SH)
    except OSError:
        return
    os.kill(os.getpid(), signal.SIGKILL)
