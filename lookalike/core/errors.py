"""Errors that a user can act on: one line that names what is wrong and the remedy."""

import difflib
import unicodedata
from collections.abc import Iterable

# Categories of characters that break a line, or that a terminal does not print as they are.
CONTROLS = ("Cc", "Cs", "Zl", "Zp")


class InputError(ValueError):
    """Something that the user gave (config, image, map, checkpoint) cannot be used.

    Its text is one line, whatever the names of files and the contents that it quotes.
    """

    def __init__(self, text: str) -> None:
        super().__init__("".join(map(escaped, text)))


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
