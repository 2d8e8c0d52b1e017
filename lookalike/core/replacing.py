"""Writing files: whole or not at all, and why a file cannot be written."""

import contextlib
import errno
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from lookalike.core.errors import InputError
from lookalike.core.types import StrPath

# Begins the name of a file that is being written. A killed process leaves it.
UNFINISHED = ".unfinished."
# What the system says where nothing can be written, and the remedy.
FULL = "the disk is full or a quota is reached; free some space, and start the same command again"
CLOSED = "the disk is read-only; work in another folder (`--directory FOLDER`)"
DENIED = (
    "you may not write there; work in another folder (`--directory FOLDER`), or change its rights"
)
REASONS = {
    errno.ENOSPC: FULL,
    errno.EDQUOT: FULL,
    errno.EFBIG: "files may not be so large here (see `ulimit -f`); raise the limit",
    errno.EROFS: CLOSED,
    errno.EACCES: DENIED,
    errno.EPERM: DENIED,
}

# What no right of the user changes.
OF_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


@contextlib.contextmanager
def replacing(path: StrPath, *, synced: bool = True) -> Iterator[Path]:
    """Yield a temporary path next to `path`, which replaces it if the block ends without error.

    Parameters
    ----------
    path : path
    synced : bool
        Whether the content is on the disk before the file gets its name, so that none is empty
        after a power cut. That takes a few milliseconds, which one of thousands of files in a
        folder does without: the sums of the folder tell whether all are whole.

    Raises
    ------
    InputError
        If the disk is full, or nothing may be written there.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # The whole name and more would be too long for some.
        handle, temporary = tempfile.mkstemp(
            prefix=f"{UNFINISHED}{path.name[:16]}.", suffix=path.suffix, dir=path.parent
        )
    except OSError as error:
        raise unwritten(path, error) from None
    os.close(handle)
    try:
        yield Path(temporary)
        Path(temporary).chmod(0o666 & ~current_umask())
        if synced:
            sync(temporary)
        Path(temporary).replace(path)
    except InputError:
        raise
    except Exception as error:
        raise unwritten(path, error) from None
    finally:
        Path(temporary).unlink(missing_ok=True)


def check_folder(folder: StrPath) -> None:
    """Refuse a folder in which nothing can be written."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise unwritten(Path(folder).absolute(), error) from None


def sync(path: StrPath) -> None:
    """Wait until the content of a file is on the disk."""
    handle = os.open(path, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def unwritten(path: StrPath, error: Exception) -> Exception:
    """Return why a file could not be written, if it is the system's fault; else the error itself.

    Not all packages give the number of the system's error: safetensors writes it out, and NumPy
    tells nothing.
    """
    number = error.errno if isinstance(error, OSError) else None
    if stated := re.search(r"\(os error (\d+)\)", str(error)):
        number = int(stated[1])
    if number not in REASONS and is_full(Path(path).parent):
        number = errno.ENOSPC
    return (
        InputError(f"{path}: cannot be written: {REASONS[number]}") if number in REASONS else error
    )


def is_full(folder: Path) -> bool:
    """Return whether the disk of a folder is as good as full."""
    with contextlib.suppress(OSError):
        found = os.statvfs(folder)
        return found.f_bavail * found.f_frsize < 2**16
    return False


def current_umask() -> int:
    """Return the process's umask, which `mkstemp` ignores."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
