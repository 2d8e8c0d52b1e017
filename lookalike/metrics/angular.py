"""Angular distance: the angle between maps itself, a true metric on directions."""

import numpy as np

from lookalike.metrics.preparation import squared_distances, unit_vectors
from lookalike.registry import metric


@metric(
    prepare=unit_vectors,
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

    From half the chord instead of the cosine, which has no digits left for small angles.

    Parameters
    ----------
    x : ndarray, shape (a, p)
    y : ndarray, shape (b, p)
        Maps of one image by two blocks of models, prepared to unit vectors.

    Returns
    -------
    ndarray, shape (a, b)
        NaN where either map is all zero.
    """
    chords = np.sqrt(squared_distances(x, y))
    opposite = np.sqrt(squared_distances(x, -y))
    return 2 * np.arctan2(chords, opposite) / np.pi
