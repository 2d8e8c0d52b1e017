"""Work that several metrics have in common, done once: inner products, sums, ranks, absolute
differences.
"""

import contextlib
import contextvars
import functools
from collections.abc import Callable, Iterator
from typing import Any, ParamSpec, TypeVar

Given = ParamSpec("Given")
Found = TypeVar("Found")

_kept: contextvars.ContextVar[dict[Any, Any] | None] = contextvars.ContextVar("kept", default=None)


@contextlib.contextmanager
def sharing() -> Iterator[None]:
    """Keep the results of all `shared` functions until the block ends, so that equal calls are made
    once.
    """
    token = _kept.set({})
    try:
        yield
    finally:
        _kept.reset(token)


def shared(function: Callable[Given, Found]) -> Callable[Given, Found]:
    """Let a function of arrays be called once for the same arrays and options within a `sharing`
    block.

    Arrays are the same if they are one object, not if they hold equal values. So none may change
    within the block, neither those given nor those returned, which the next caller gets too.
    Outside of such a block the function is called as it is.
    """

    @functools.wraps(function)
    def once(*arrays: Given.args, **options: Given.kwargs) -> Found:
        kept = _kept.get()
        if kept is None:
            return function(*arrays, **options)
        key = function, *map(id, arrays), *sorted(options.items())
        if key not in kept:
            # The arrays are kept too: else others could get their identity, and would pass for
            # them.
            kept[key] = arrays, function(*arrays, **options)
        return kept[key][1]

    return once
