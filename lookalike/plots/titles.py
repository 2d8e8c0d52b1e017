"""Titles of figures."""

from lookalike.compare.user_matrices import GIVEN_MATRICES


def title_of(method: str, metric: str, subset: str) -> str:
    """Return what a matrix is about, as a title."""
    return (
        f"{metric}, a user-supplied matrix"
        if method == GIVEN_MATRICES
        else f"{method}, {metric}, {subset} images"
    )
