"""What user-supplied files hold: hashes of their contents, kept so that each is read once."""

import hashlib
import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from lookalike.core import io
from lookalike.core.errors import InputError
from lookalike.core.io import hash_file
from lookalike.core.types import StrPath


class Contents:
    """Hashes of files, remembered by size, times and inode of each.

    Snakemake compares times alone. It does not notice a file that was replaced by an older one, and
    it takes one that was merely touched or moved for a new one.

    Parameters
    ----------
    record : path
        JSON file that keeps the hashes between runs. A file is read again only when its size, its
        time of change or its inode differs from what is recorded.
    """

    def __init__(self, record: StrPath) -> None:
        self.record = Path(record)
        try:
            self.known = json.loads(self.record.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            self.known = {}
        self.changed = False

    def of(self, path: StrPath) -> str:
        """Return a hash of a file, or of the names and contents of all files below a folder."""
        path = Path(path)
        return self.of_files(files_below(path), path) if path.is_dir() else self.digest(path)

    def of_files(self, files: Iterable[StrPath], folder: StrPath = "") -> str:
        """Return a hash of the contents of files, and of their names relative to a folder."""
        lines = (f"{os.path.relpath(file, folder or '.')} {self.digest(file)}" for file in files)
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]

    def digest(self, path: StrPath) -> str:
        """Return a hash of one file's content."""
        path = Path(path)
        try:
            found = path.stat()
        except OSError as error:
            raise InputError(f"{path}: cannot be read ({error})") from None
        name = str(path.absolute())
        state = [found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino]
        if self.known.get(name, [None])[:-1] != state:
            self.known[name] = [*state, hash_file(path)[:16]]
            self.changed = True
        return self.known[name][-1]

    def fact(self, key: str, find: Callable[[], Any]) -> Any:
        """Return what is known of files under a key that holds their hash; it is found once."""
        if key not in self.known:
            self.known[key] = find()
            self.changed = True
        return self.known[key]

    def save(self) -> None:
        """Write the record, unless nothing is new in it or its folder cannot be written to."""
        if self.changed:
            try:
                io.write_text(self.record, json.dumps(self.known))
            except (OSError, InputError):
                return
            self.changed = False


def files_below(folder: Path) -> list[Path]:
    """Return all files below a folder, links followed but no folder entered twice, sorted."""
    found, entered = [], set()
    for place, folders, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(place)
        if real in entered:
            folders.clear()
            continue
        entered.add(real)
        found += [Path(place, name) for name in names if Path(place, name).is_file()]
    return sorted(found)
