"""Titles of figures, and from how many models on figures are others."""

from lookalike.compare.user_matrices import GIVEN_MATRICES

# More models than these have figures without numbers, and trees without most names; of still more,
# no name has room at a matrix.
MANY, MOST_NAMED = 40, 200
# More models than these have a picture in the report in place of a matrix of cells.
MOST_CELLS = 100


def title_of(method: str, metric: str, subset: str, *, given: bool = False) -> str:
    """Return what a matrix is about, as a title; user-supplied ones may be of an unknown method."""
    if not given:
        return f"{method}, {metric}, {subset} images"
    about = metric if method == GIVEN_MATRICES else f"{method}, {metric}"
    return f"{about}, a user-supplied matrix"
