"""Angular distance: the angle between maps itself, a true metric on directions."""

import numpy as np

from lookalike.core.registry import metric
from lookalike.core.vectors import unit_vectors
from lookalike.metrics.preparation import NEAR, cosines, pixels, without_diagonal


@metric(
    prepare=pixels,
    range=(0, 1),
    raw=lambda d: d,
    raw_name="angular distance",
    formula="arccos(cos) / pi",
    ignores=("scale",),
    triangle=True,
    undefined="a map is all zero",
)
def angular(x, y):
    """Return the angle between maps over pi, for all pairs.

    Where maps are nearly alike or nearly opposite, the cosine has no digits left, and the angle
    comes from chords.

    Parameters
    ----------
    x : ndarray, shape (a, p)
    y : ndarray, shape (b, p)
        Maps of one image by two blocks of models, flat.

    Returns
    -------
    ndarray, shape (a, b)
        NaN where either map is all zero.
    """
    cosine = cosines(x, y)
    angles = np.arccos(np.clip(cosine, -1, 1))
    for row, column in without_diagonal(1 - np.abs(cosine) < NEAR, x, y):
        one, other = unit_vectors(np.stack([x[row], y[column]]))
        angles[row, column] = 2 * np.arctan2(
            np.linalg.norm(one - other), np.linalg.norm(one + other)
        )
    return angles / np.pi
