"""The registry of metrics and explanation methods: name -> function with its card.

A thing is added as one file: `metrics/NAME.py` holds a function NAME under `@metric(...)`,
`methods/NAME.py` one under `@method(...)`. Nothing else is edited. The registry is listed without
importing SciPy, Numba or torch, because those files import what is heavy inside their functions.
"""

import functools
import importlib
import pkgutil
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from lookalike.core.cards import Method, Metric
from lookalike.core.errors import unknown
from lookalike.core.options import (
    check_option,
    words_of,
)

Card = TypeVar("Card", Metric, Method)


def carded(card: Card, function: Callable[..., Any]) -> Card:
    """Return a card under the name and with the docstring of its function."""
    functools.update_wrapper(card, function)
    return card


def metric(**card: Any) -> Callable[[Callable[..., np.ndarray]], Metric]:
    """Register the decorated kernel as the metric of its module; the arguments are `Metric`'s
    attributes.
    """
    return lambda kernel: carded(Metric(kernel, **card), kernel)


def method(**card: Any) -> Callable[[Callable[..., tuple[Any, dict[str, Any]]]], Method]:
    """Register the decorated function as the method of its module; the arguments are `Method`'s
    attributes.
    """
    return lambda explain: carded(Method(explain, **card), explain)


KINDS: dict[str, type[Metric] | type[Method]] = {"metric": Metric, "method": Method}


def get(kind: str, name: str) -> Any:
    """Return the metric or method of a name.

    Raises
    ------
    InputError
        If there is none, naming the near ones.
    """
    module = f"lookalike.{kind}s.{name}"
    try:
        found = getattr(importlib.import_module(module), name, None)
    except ModuleNotFoundError as error:
        # Part of the name asked for is missing, or something that the file itself imports.
        if not f"{module}.".startswith(f"{error.name}."):
            raise
        found = None
    if not isinstance(found, KINDS[kind]):
        raise unknown(kind, name, names(kind))
    return found


def names(kind: str) -> list[str]:
    """Return the names of all metrics or methods, sorted."""
    package = importlib.import_module(f"lookalike.{kind}s")
    modules = [found.name for found in pkgutil.iter_modules(package.__path__)]
    return sorted(
        name
        for name in modules
        if isinstance(
            getattr(importlib.import_module(f"{package.__name__}.{name}"), name, None), KINDS[kind]
        )
    )


def with_defaults(kind: str, name: str, options: dict[str, Any]) -> dict[str, Any]:
    """Return the options of a metric or method, completed; an unknown one is refused."""
    card = get(kind, name)
    known = card.options
    words = words_of(card.explain) if isinstance(card, Method) else {}
    for option, value in options.items():
        if option not in known:
            raise unknown(f"option of {kind} {name!r}", option, known)
        check_option(f"{kind} {name!r}: {option}", value, known[option], words.get(option, ()))
        allowed = card.choices.get(option)
        if allowed and value not in allowed:
            raise unknown(f"{option} of {kind} {name!r}", value, allowed)
    return known | options
