"""Errors that a user can act on: one line, with the name of what is wrong and the remedy."""

import difflib


class InputError(ValueError):
    """Something that the user gave (config, image, map, checkpoint) cannot be used."""


def unknown(kind, name, names):
    """Return the error for a name that does not exist, with the near names first.

    Parameters
    ----------
    kind : str
        What the name stands for: "metric", "config key", ...
    name : str
    names : iterable of str
        All valid names.

    Returns
    -------
    InputError
    """
    names = sorted(names)
    near = difflib.get_close_matches(str(name), names, n=3, cutoff=0.6)
    hint = f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
    shown = ", ".join(names) if len(names) <= 40 else f"{len(names)} names"
    return InputError(f"unknown {kind} {str(name)!r}{hint} (all: {shown})")
