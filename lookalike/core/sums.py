"""The SHA-256 of every file that a job wrote, so that a later job notices what was changed since.

The sums of an output have a file of their own in the folder `sums` next to it, from the job that
wrote the output: `results/models.csv` has `results/sums/models.csv.sha256`. Its lines are those of
sha256sum, with paths relative to the working directory; a folder has a line for each file in it.
"""

import os
import re
import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path

from lookalike.core.errors import InputError
from lookalike.core.io import hash_file
from lookalike.core.replacing import replacing
from lookalike.core.types import StrPath

# Before the sum, sha256sum marks names in which characters are escaped.
LINE = re.compile(r"\\?([0-9a-f]{64})  (.+)")
ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r"}


def place_of(path: StrPath) -> Path | None:
    """Return where the sums of a file or folder are; None for what no rule writes here: files that
    lie elsewhere, and local copies of what is kept in remote storage.
    """
    first, *inside = Path(path).parts
    if not inside or first.startswith((".", os.sep)):
        return None
    return Path(first, "sums", *inside[:-1], f"{inside[-1]}.sha256")


def record(paths: Iterable[StrPath]) -> None:
    """Write the sums of files and folders that are complete."""
    for path in paths:
        if place := place_of(path):
            lines = [line_of(file) for file in files_of(Path(path))]
            with replacing(place, synced=Path(path).is_dir()) as temporary:
                temporary.write_bytes(os.fsencode("".join(lines)))


def forget(paths: Iterable[StrPath]) -> None:
    """Remove the sums of files and folders that are about to be written."""
    for path in paths:
        if place := place_of(path):
            place.unlink(missing_ok=True)


def check(paths: Iterable[StrPath]) -> None:
    """Refuse files and folders that are not as they were written; of those without sums, nothing is
    known.

    Raises
    ------
    InputError
        On the first file that is missing in a folder, or whose content is another.
    """
    for path in paths:
        for name, digest in known(path).items():
            if not os.path.lexists(name) or hash_file(name) != digest:
                raise damaged(name, path)


def has_lost_files(folder: StrPath) -> bool:
    """Return whether a folder is there, and some of the files are not with which it was written."""
    return Path(folder).is_dir() and not all(map(os.path.lexists, known(folder)))


def known(path: StrPath) -> dict[str, str]:
    """Return the names of a file, or of all files of a folder, with their sums, as recorded; empty
    if nothing is.
    """
    place = place_of(path)
    try:
        lines = os.fsdecode(place.read_bytes()).split("\n") if place else []
    except OSError:
        return {}
    found = [match for line in lines if (match := LINE.fullmatch(line))]
    return {
        unescaped(match[2]) if match[0].startswith("\\") else match[2]: match[1] for match in found
    }


def damaged(name: str, path: StrPath) -> InputError:
    """Return the error for a file, in a folder or by itself, with the line that removes it."""
    what = "differs from what was written" if os.path.lexists(name) else "is missing"
    remove = "rm -r" if Path(path).is_dir() else "rm"
    return InputError(
        f"{name}: {what} (SHA-256); to make it again, run `{remove} {shlex.quote(str(path))}` and "
        "then the same command"
    )


def files_of(path: Path) -> Iterator[Path]:
    """Yield a file itself, or all files below a folder but hidden ones, sorted."""
    if not path.is_dir():
        yield path
        return
    for place, folders, names in os.walk(path):
        folders.sort()
        yield from (Path(place, name) for name in sorted(names) if not name.startswith("."))


def line_of(path: Path) -> str:
    """Return the line of sha256sum for a file."""
    name = "".join(ESCAPES.get(character, character) for character in str(path))
    mark = "\\" if name != str(path) else ""
    return f"{mark}{hash_file(path)}  {name}\n"


def unescaped(name: str) -> str:
    """Return a name without sha256sum's escapes."""
    characters = {escape: character for character, escape in ESCAPES.items()}
    return re.sub(r"\\[\\nr]", lambda match: characters[match[0]], name)
