"""Titles of figures."""

from lookalike.compare.user_matrices import GIVEN_MATRICES


def title_of(method: str, metric: str, subset: str, *, given: bool = False) -> str:
    """Return what a matrix is about, as a title; user-supplied ones may be of an unknown method."""
    if not given:
        return f"{method}, {metric}, {subset} images"
    about = metric if method == GIVEN_MATRICES else f"{method}, {metric}"
    return f"{about}, a user-supplied matrix"
