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
    shown = ", ".join(names) if len(names) <= 40 else f"{len(names)} names"
    return InputError(f"unknown {kind} {str(name)!r}{near_names(name, names)} (all: {shown})")


def near_names(name, names):
    """Return the end of a sentence that asks for the near ones of all valid names; empty where none
    is near.
    """
    near = difflib.get_close_matches(str(name), sorted(names), n=3, cutoff=0.6)
    return f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
