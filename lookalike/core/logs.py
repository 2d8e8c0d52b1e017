"""The log of a job: everything that it prints, C libraries and tracebacks included."""

import os
import sys
import warnings
from io import TextIOWrapper
from pathlib import Path
from types import TracebackType

from lookalike.core.errors import InputError
from lookalike.core.orphans import end_with_run
from lookalike.core.types import StrPath


def log_to(path: StrPath) -> None:
    """Send standard output and error of this process to a file, at the level of file descriptors.

    An `InputError` then ends the process with one line instead of a traceback. The process ends
    with the run that started it, too.
    """
    end_with_run()
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
        os.dup2(log, stream.fileno())
    os.close(log)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)
    warnings.simplefilter("default")
    sys.excepthook = print_error


def print_error(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    """Print an `InputError` in one line, anything else with its traceback."""
    if issubclass(kind, InputError):
        print(f"error: {error}", file=sys.stderr)
    else:
        sys.__excepthook__(kind, error, traceback)
