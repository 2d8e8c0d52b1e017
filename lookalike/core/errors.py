"""Errors that a user can act on: one line that names what is wrong and the remedy."""

import difflib
import re
import unicodedata
from collections.abc import Iterable

# Categories of characters that break a line, or that a terminal does not print as they are.
CONTROLS = ("Cc", "Cs", "Zl", "Zp")
# Characters of an error; of words in one that is too long; and of what is too long to look at.
LONGEST, LONGEST_WORDS, FAR_TOO_LONG = 300, (150, 100, 60), 4000
# Of a list in one that is too long, the first entries are kept.
LIST, KEPT = re.compile(r"(?:[^,;:()`]+, ){3,}[^,;:()`]+"), 3


class InputError(ValueError):
    """Something that the user gave (config, image, map, checkpoint) cannot be used.

    Its text is one line of at most `LONGEST` characters, whatever the names of files and the
    contents that it quotes.
    """

    def __init__(self, text: str) -> None:
        super().__init__(shortened("".join(map(escaped, cut(text, FAR_TOO_LONG)))))


def lacks(error: ModuleNotFoundError) -> str:
    """Return in one line which package the environment of Snakemake lacks, and the remedy."""
    return (
        f"the Python that runs Snakemake has no package {error.name!r}; it needs NumPy, and what "
        "reads user-supplied files (docs/cluster.md); install the versions of requirements.txt"
    )


def escaped(character: str) -> str:
    """Return a character, or its escape if it would break a line."""
    is_control = unicodedata.category(character) in CONTROLS
    return repr(character)[1:-1] if is_control else character


def shortened(text: str) -> str:
    """Return a text that is not too long: of long words the ends, of lists the first entries, and
    if that is not enough, the beginning and the remedy.

    A line to copy, in backquotes, is left whole as long as that is possible.
    """
    text = cut(text, FAR_TOO_LONG)
    for most in LONGEST_WORDS:
        if len(text) > LONGEST:
            parts = text.split("`")
            parts[::2] = [short_words(part, most) for part in parts[::2]]
            text = "`".join(parts)
        for found in sorted(LIST.findall(text), key=len, reverse=True):
            text = text.replace(found, short_list(found, len(text) - LONGEST), 1)
    return cut(text, LONGEST, tail=len(text) - text.rfind("; "))


def short_list(text: str, excess: int) -> str:
    """Return a list, entries with commas between them, without so many of its last entries that an
    excess of characters goes, if that is possible.
    """
    if excess <= 0:
        return text
    entries = text.split(", ")
    for kept in range(len(entries) - 2, KEPT - 1, -1):
        short = f"{', '.join(entries[:kept])} and {len(entries) - kept} others"
        if kept == KEPT or len(text) - len(short) >= excess:
            return short
    return text


def short_words(text: str, most: int) -> str:
    """Return a text without the middle of its long words."""
    return re.sub(r"\S+", lambda word: cut(word[0], most), text)


def cut(text: str, most: int, tail: int = 0) -> str:
    """Return a text without its middle if it is too long, with so many of its last characters if
    they are not too many.
    """
    if len(text) <= most:
        return text
    tail = tail if most // 4 <= tail <= most * 2 // 3 else most // 2
    return f"{text[: most - tail - 3]}...{text[-tail:]}"


def unknown(kind: str, name: object, names: Iterable[str]) -> InputError:
    """Return the error for a name that does not exist, with similar names first.

    Parameters
    ----------
    kind : str
        What the name stands for: "metric", "config key", ...
    name : object
        As the user gave it.
    names : iterable of str
        All valid names.

    Returns
    -------
    InputError
    """
    names = sorted(names)
    shown = ", ".join(names) if len(names) <= 40 else f"{len(names)} names"
    return InputError(f"unknown {kind} {str(name)!r}{near_names(name, names)} (all: {shown})")


def near_names(name: object, names: Iterable[str]) -> str:
    """Return the end of a sentence that suggests similar valid names; empty if there is none."""
    near = difflib.get_close_matches(str(name), sorted(names), n=3, cutoff=0.6)
    return f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
