"""Options of a function: its keyword-only parameters, with their defaults."""

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any, Literal, get_args, get_origin

from lookalike.core.errors import InputError

# Options that are no user's choice.
GIVEN_BY_THE_WORKFLOW = ("data_range", "upper", "human", "reference")


# Nothing is counted so far: steps, samples, segments.
MOST = 1_000_000
# Named where the default is a word.
EXAMPLE = 64


def check_option(label: str, value: object, default: object, words: Sequence[str] = ()) -> None:
    """Refuse an option of another kind than its default, numbers not above 0 or that, and whole
    numbers that are far too large. Some words may stand for a whole number, and be its default.
    """
    if value in words:
        return
    if default in words:
        default = EXAMPLE
    if isinstance(default, bool):
        if not isinstance(value, bool):
            raise InputError(f"{label} must be true or false, not {value!r}")
        return
    if default is None and not isinstance(value, str | None):
        raise InputError(f"{label} must be text, not {value!r}")
    if isinstance(default, str) and not isinstance(value, str):
        raise InputError(f"{label} must be text such as {default!r}, not {value!r}")
    if isinstance(default, tuple):
        if not isinstance(value, list | tuple) or not value:
            raise InputError(f"{label} must be a list such as {list(default)}, not {value!r}")
        for one in value:
            check_option(label, one, default[0])
    if isinstance(default, int | float):
        kind = int if isinstance(default, int) else int | float
        if (
            not isinstance(value, kind)
            or isinstance(value, bool)
            or value < 0
            or (value == 0 and default != 0)
        ):
            raise InputError(
                f"{label} must be a {'whole ' if kind is int else ''}number such as "
                f"{default}{''.join(f', or {word}' for word in words)}, not {value!r}"
            )
        if kind is int and value > MOST:
            raise InputError(f"{label} must be at most {MOST}, not {value!r}")


@functools.cache
def options_of(function: Callable[..., Any]) -> dict[str, Any]:
    """Return names and defaults of a function's keyword-only parameters."""
    parameters = inspect.signature(function).parameters.values()
    return {
        parameter.name: parameter.default
        for parameter in parameters
        if parameter.kind is parameter.KEYWORD_ONLY
    }


@functools.cache
def choices_of(function: Callable[..., Any]) -> dict[str, tuple[str, ...]]:
    """Return the keyword-only parameters of a function that are annotated as a `Literal`, with its
    values.
    """
    parameters = inspect.signature(function).parameters.values()
    return {
        parameter.name: get_args(parameter.annotation)
        for parameter in parameters
        if get_origin(parameter.annotation) is Literal
    }


@functools.cache
def words_of(function: Callable[..., Any]) -> dict[str, tuple[str, ...]]:
    """Return the keyword-only parameters of a function that are annotated as a number or a
    `Literal`, with the values of the latter.
    """
    return {
        parameter.name: get_args(part)
        for parameter in inspect.signature(function).parameters.values()
        for part in get_args(parameter.annotation)
        if get_origin(part) is Literal
    }


def chosen_by_users(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options without those that the workflow gives."""
    return {name: default for name, default in options.items() if name not in GIVEN_BY_THE_WORKFLOW}


def accepted_kwargs(function: Callable[..., Any], options: dict[str, Any]) -> dict[str, Any]:
    """Return those of the options that a function takes."""
    return {name: options[name] for name in options_of(function) if name in options}
