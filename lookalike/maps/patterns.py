"""Where files lie: walks through folders, and patterns such as `out/{model}/{image}_*.npy`."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from lookalike.core.errors import InputError, unknown
from lookalike.core.types import StrPath
from lookalike.core.walking import files_below

PLACEHOLDERS = ("image", "model", "class")
SPECIAL = re.compile(r"\{[^{}]*\}|\*\*/|[*?]")


ListFiles = Callable[[Path], list[Path]]


class Match(NamedTuple):
    """A file that fits a pattern, and what stands in the place of its placeholders."""

    path: Path
    values: dict[str, str]


def is_pattern(path: StrPath) -> bool:
    """Return whether a path stands for several files by placeholders, `*` or `?`."""
    return SPECIAL.search(str(path)) is not None and not Path(path).exists()


def root_of(path: StrPath) -> Path:
    """Return the folder that a pattern begins with; of any other path the path itself."""
    if not is_pattern(path):
        return Path(path)
    plain = str(path)[: SPECIAL.search(str(path)).start()]  # type: ignore[union-attr]
    return Path(plain[: plain.rfind("/") + 1] or ".")


def placeholders_of(pattern: StrPath) -> set[str]:
    """Return the names of the placeholders of a pattern.

    Raises
    ------
    InputError
        If one is unknown, or a brace stands alone.
    """
    names = {
        mark[1:-1].partition(",")[0] for mark in SPECIAL.findall(str(pattern)) if mark[0] == "{"
    }
    for name in sorted(names):
        if name not in PLACEHOLDERS:
            raise unknown(f"placeholder of {pattern}", name, PLACEHOLDERS)
    if re.search(r"[{}]", SPECIAL.sub("", str(pattern))):
        raise InputError(
            f"{pattern}: a brace stands alone; write {{image}}, {{model}} or {{class}}"
        )
    return names


def find_matches(
    pattern: StrPath, *, folders: bool = False, list_files: ListFiles = files_below
) -> Iterator[Match]:
    """Yield the files, or also the folders, that fit a pattern.

    Parameters
    ----------
    pattern : path
        `*` and `?` are as in a shell, `**/` stands for folders of any depth. A placeholder
        is a part of a name, or follows a regular expression: `{model,[^_]+}`.
    folders : bool
    list_files : function
        Gives the files below a folder.

    Raises
    ------
    InputError
        If no folder is there, or a file fits in two ways.
    """
    placeholders_of(pattern)
    root = root_of(pattern)
    if not root.is_dir():
        raise InputError(f"{pattern}: {root} is no folder")
    rest = os.path.relpath(pattern, root)
    readings = [
        re.compile(expression(rest, lazy_names, lazy_stars))
        for lazy_names in (True, False)
        for lazy_stars in (True, False)
    ]
    paths = list_files(root)
    if folders:
        above = {parent for path in paths for parent in path.parents if root in parent.parents}
        paths = sorted({*paths, *above})
    start = 0 if str(root) == "." else len(str(root).rstrip("/")) + 1
    for path in paths:
        text = str(path)[start:]
        if not readings[0].fullmatch(text):
            continue
        found = [reading.fullmatch(text).groupdict() for reading in readings]  # type: ignore[union-attr]
        for other in found:
            if other != found[0]:
                first, second = (
                    ", ".join(f"{name} {value!r}" for name, value in values.items())
                    for values in (found[0], other)
                )
                name = "model" if "model" in other else next(iter(other))
                raise InputError(
                    f"{pattern}: {path} fits in two ways: {first}, or {second}; say what a name "
                    f"may hold, such as {{{name},[^_]+}} for one without underscores"
                )
        yield Match(path, found[0])


def expression(pattern: str, lazy_names: bool, lazy_stars: bool) -> str:
    """Return a pattern as a regular expression, each part as short or as long as possible."""
    stars = {"**/": "(?:.*/)?", "*": "[^/]*", "?": "[^/]"}
    text, end, known = "", 0, set()
    for mark in SPECIAL.finditer(pattern):
        text += re.escape(pattern[end : mark.start()])
        end = mark.end()
        if mark[0] in stars:
            text += stars[mark[0]] + ("?" if lazy_stars and mark[0] != "?" else "")
            continue
        name, _, rule = mark[0][1:-1].partition(",")
        if name in known:
            text += f"(?P={name})"
            continue
        known.add(name)
        text += f"(?P<{name}>{rule or '[^/]+' + ('?' if lazy_names else '')})"
    text += re.escape(pattern[end:])
    try:
        re.compile(text)
    except re.error as error:
        raise InputError(f"{pattern}: not a valid pattern ({error})") from None
    return text


def fill_model(pattern: StrPath, model: str) -> str:
    """Return the pattern of one model's maps."""
    return re.sub(r"\{model(,[^{}]*)?\}", lambda _: model, str(pattern))
