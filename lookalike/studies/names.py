"""Lists of names in sentences."""

from collections.abc import Sequence

MOST_NAMED = 6


def named(names: Sequence[str], between: str = ", ") -> str:
    """Return some names, or the first of them and how many more there are."""
    more = len(names) - MOST_NAMED
    return between.join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
