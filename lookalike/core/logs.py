"""The log of a job: everything that it prints, C libraries and tracebacks included."""

import os
import sys
import warnings
from functools import partial
from io import TextIOWrapper
from pathlib import Path
from types import TracebackType

from lookalike.core.errors import InputError
from lookalike.core.orphans import end_with_run
from lookalike.core.replacing import OF_DISK, unwritten
from lookalike.core.types import StrPath


def log_to(path: StrPath) -> None:
    """Send standard output and error of this process to a file, at the level of file descriptors.

    An `InputError` then ends the process with one line instead of a traceback. The process ends
    with the run that started it, too.
    """
    end_with_run()
    sys.excepthook = partial(print_error, before=os.dup(sys.stderr.fileno()))
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
        os.dup2(log, stream.fileno())
    os.close(log)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)
    warnings.simplefilter("default")


def print_error(
    kind: type[BaseException],
    error: BaseException,
    traceback: TracebackType | None,
    before: int,
) -> None:
    """Print an `InputError` in one line, and what the disk refuses; anything else with its
    traceback. If the log takes nothing more, it goes to where standard error was `before`.
    """
    if isinstance(error, OSError) and error.errno in OF_DISK:
        error = unwritten(error.filename or "a file", error)
    if not isinstance(error, InputError):
        sys.__excepthook__(kind, error, traceback)
        return
    line = f"error: {error}\n".encode(errors="backslashreplace")
    try:
        sys.stderr.flush()
        os.write(sys.stderr.fileno(), line)
    except OSError:
        os.write(before, line)
