"""What a file holds, in a short text: it shows whether a user's file or folder has changed."""

import errno
import hashlib
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from lookalike.core.errors import InputError
from lookalike.core.types import StrPath

# Bytes that `file_state` reads at most; their hash takes some 10 ms.
HASHED_BYTES = 2**24


def hash_file(path: StrPath) -> str:
    """Return the SHA-256 of a file's content, in hex digits."""
    try:
        with Path(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error})") from None


def file_state(path: StrPath) -> str:
    """Return a short text that changes whenever a file, or a file of a folder, may have changed.

    A file or folder of up to `HASHED_BYTES` in all is known by its content: a touch or a copy
    leaves the text as it is. A larger one is known by the size, inode and times (of content and of
    status) of each file: replacing a file by an older one changes the text, and so does a copy.
    Reading never changes it. The cost is bounded: `HASHED_BYTES` to read, and one `stat` for each
    file.

    Parameters
    ----------
    path : path
        Of a file or a folder. All files below a folder count, hidden ones too, with their names
        relative to it. Links are followed; a folder that is reached twice is read once.

    Returns
    -------
    str
        16 hex digits.

    Raises
    ------
    InputError
        If the path does not exist, or something below it cannot be read.
    """
    try:
        entries = sorted(entries_below(path), key=lambda entry: entry[0])
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error})") from None
    sizes = [state.st_size for _, state in entries if isinstance(state, os.stat_result)]
    is_small = sum(sizes) <= HASHED_BYTES
    lines = [[name, *describe(Path(path, name), state, is_small)] for name, state in entries]
    return hashlib.sha256(json.dumps(lines).encode()).hexdigest()[:16]


def describe(path: Path, state: os.stat_result | str, is_small: bool) -> tuple[str | int, ...]:
    """Return what is compared of one file: its content, or else its size, inode and times."""
    if isinstance(state, str):
        return (state,)
    if is_small:
        return (hash_file(path),)
    return state.st_size, state.st_ino, state.st_mtime_ns, state.st_ctime_ns


def entries_below(path: StrPath) -> Iterator[tuple[str, os.stat_result | str]]:
    """Yield the name and the status of each file below a path; "" is the name of the path itself.

    What is no file gets a text instead: a broken link, a device, a folder that was read already.
    """
    folders: dict[tuple[int, int], str] = {}
    pending = [""]
    while pending:
        name = pending.pop()
        place = Path(path, name)
        try:
            state = place.stat()
        except OSError as error:
            if not name or error.errno not in (errno.ENOENT, errno.ELOOP):
                raise
            yield name, "broken link"
            continue
        identity = state.st_dev, state.st_ino
        if stat.S_ISREG(state.st_mode):
            yield name, state
        elif not stat.S_ISDIR(state.st_mode):
            yield name, "no file"
        elif identity in folders:
            yield name, f"folder {folders[identity]!r}"
        else:
            folders[identity] = name
            names = sorted((child.name for child in place.iterdir()), reverse=True)
            pending.extend(f"{name}/{child}" if name else child for child in names)
