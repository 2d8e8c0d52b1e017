"""Files below folders: links are followed, what systems and editors add is passed over."""

import os
from collections.abc import Iterator
from pathlib import Path

from lookalike.core.errors import InputError
from lookalike.core.types import StrPath

# What macOS adds to archives; other files that systems add begin with a dot.
SYSTEM_FOLDERS = ("__MACOSX",)


def walk(folder: StrPath, above: frozenset[str] = frozenset()) -> Iterator[tuple[Path, str]]:
    """Yield what lies below a folder and is no folder, with the reason if it is no file either.

    A link to a folder that it lies in, or to one of those `above`, is not followed, since it would
    never end.

    Raises
    ------
    InputError
        If a folder cannot be read.
    """
    real = os.path.realpath(folder)
    if real in above:
        yield Path(folder), "link to a folder above"
        return
    try:
        with os.scandir(folder) as scan:
            paths = [Path(entry) for entry in scan if not is_hidden(entry.name)]
    except OSError as error:
        raise InputError(f"{folder}: cannot be read ({error.strerror})") from None
    for path in paths:
        if path.is_dir():
            yield from walk(path, above | {real})
        else:
            yield path, "" if path.is_file() else "link to nowhere, or no file"


def files_below(folder: StrPath, above: frozenset[str] = frozenset()) -> list[Path]:
    """Return the files below a folder, as `walk` finds them, sorted.

    Raises
    ------
    InputError
        If a folder cannot be read, or the name of a file is not UTF-8.
    """
    files = sorted(path for path, reason in walk(folder, above) if not reason)
    for path in files:
        check_encoding(path)
    return files


def check_encoding(path: Path) -> None:
    """Refuse a path that is not UTF-8, which no table can hold."""
    if printable(path) != str(path):
        raise InputError(f"{printable(path)}: its name is not UTF-8; rename it")


def printable(path: Path) -> str:
    """Return a path with a mark in place of each byte that is not UTF-8."""
    return os.fsencode(path).decode("utf-8", "replace")


def is_hidden(name: str) -> bool:
    """Return whether a file or folder is one that systems and editors add."""
    return name.startswith(".") or name in SYSTEM_FOLDERS
