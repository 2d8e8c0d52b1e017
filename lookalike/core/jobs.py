"""A job: its log, and the sums of what it reads and writes."""

import atexit
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from types import TracebackType
from typing import Any

from lookalike.core import logs, sums
from lookalike.core.types import StrPath


def begin(snakemake: Any) -> None:
    """Begin the job of a script: send what it prints to its log, and refuse inputs that were
    damaged since they were written. At its end, the sums of its outputs are recorded.

    Parameters
    ----------
    snakemake : snakemake.script.Snakemake
        The object that Snakemake gives to a script.
    """
    logs.log_to(snakemake.log[0])
    written = list(snakemake.output)
    # A job that is killed leaves none of an earlier run.
    sums.forget(written)
    # A folder of images is large. Those that a job reads are checked with the manifest's sums.
    images = snakemake.input.get("images")
    sums.check(path for path in snakemake.input if path != images)
    atexit.register(finish, written)
    sys.excepthook = partial(fail, report=sys.excepthook)


def finish(written: Sequence[StrPath]) -> None:
    """Record the sums of the outputs of a job; if that fails, so does the job."""
    try:
        sums.record(written)
    except Exception as error:
        sys.excepthook(type(error), error, error.__traceback__)
        sys.stdout.flush()
        # No other way is left to end with a failure.
        os._exit(1)


def fail(
    kind: type[BaseException],
    error: BaseException,
    traceback: TracebackType | None,
    report: Callable[..., None],
) -> None:
    """End a job whose outputs are not complete."""
    atexit.unregister(finish)
    report(kind, error, traceback)
