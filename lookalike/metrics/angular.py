"""Angular distance: the angle between maps itself, a true metric on directions."""

import numpy as np

from lookalike.core.registry import metric
from lookalike.core.vectors import unit_vectors
from lookalike.metrics.products import (
    NEAR,
    Vectors,
    cosines,
    dots,
    in_pieces,
    vectors,
    without_diagonal,
)


@metric(
    prepare=vectors,
    range=(0, 1),
    raw=lambda d: d,
    raw_name="angular distance",
    formula="arccos(cos) / pi",
    law="angles",
    ignores=("scale",),
    triangle=True,
    undefined="a map is all zero",
)
def angular(x: Vectors, y: Vectors, *, upper: bool = False) -> np.ndarray:
    """Return the angle between maps over pi, for all pairs.

    Where maps are nearly alike or nearly opposite, the cosine has no digits left, and the angle
    comes from chords.

    Parameters
    ----------
    x : Vectors of shape (a, p)
    y : Vectors of shape (b, p)
        Maps of one image by two blocks of models, prepared for inner products.
    upper : bool
        Whether only the pairs above the diagonal are needed.

    Returns
    -------
    ndarray, shape (a, b)
        NaN where either map is all zero.
    """
    cosine = cosines(x, y, upper=upper)
    angles = np.arccos(np.clip(cosine, -1, 1))
    for row, column in without_diagonal(1 - np.abs(cosine) < NEAR, x, y):
        one, other = unit_vectors(np.stack([x.pixels[row], y.pixels[column]]))
        chords = in_pieces(np.stack([one - other, one + other]))
        angles[row, column] = 2 * np.arctan2(*np.sqrt(dots(chords, chords)))
    return angles / np.pi
