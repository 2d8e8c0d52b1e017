"""Numba's compiler, and where the machine code is kept."""

import atexit
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])
# Of a run, in the folder where it was started.
RUN = Path(".snakemake")


def kept(**options: Any) -> Callable[[Function], Function]:
    """Return a decorator that compiles a function at its first call, and keeps the machine code.

    Numba keeps it next to the module, or else in the user's cache. Where neither can be written to,
    as in a container, it would stop; here it then goes to the run's folder, or, without a run, to
    a folder that is removed when the process ends.

    Parameters
    ----------
    **options
        As of `numba.njit`.
    """
    from numba import config, njit

    decorate = njit(cache=True, **options)

    def compiled(function: Function) -> Function:
        try:
            return decorate(function)
        except RuntimeError:
            os.environ["NUMBA_CACHE_DIR"] = place_of_code()
            config.reload_config()
            return decorate(function)

    return compiled


def place_of_code() -> str:
    """Return a folder for machine code that can be written to, and that nobody else shares."""
    if RUN.is_dir() and os.access(RUN, os.W_OK | os.X_OK):
        return str(RUN.absolute() / "numba")
    folder = tempfile.mkdtemp(prefix="lookalike-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
