"""Near-copies of images: the same picture again, saved anew, mirrored, or moved a little."""

from collections.abc import Iterator

import numpy as np

# Pixels of the thumbnails that are compared; images are read at twice as many, so that one can be
# moved by half a pixel.
SIDE = 32
# Half pixels by which a thumbnail is moved at most, 3% of its side.
REACH = 2


def find_near_copies(images: np.ndarray, threshold: float) -> np.ndarray:
    """Find images that are near-copies of one another.

    Their grey thumbnails, each less its mean and at length 1, have an inner product of `threshold`
    or more, after one of them is moved by up to 3% or mirrored.

    Parameters
    ----------
    images : ndarray, shape (n, 64, 64, 3)
    threshold : float

    Returns
    -------
    ndarray of int, shape (n,)
        For each image the first of its group, or itself. Every two images of a group are
        near-copies.
    """
    grey = images.mean(axis=-1, dtype=np.float32)
    still = next(moved(grey, [REACH]))
    alike = np.full((len(grey), len(grey)), -1, np.float32)
    for seen in (grey, grey[..., ::-1]):
        for other in moved(seen, range(2 * REACH + 1)):
            np.maximum(alike, still @ other.T, out=alike)
    # Rounding must not make a distance negative.
    distances = 1 - np.minimum(np.maximum(alike, alike.T), 1)
    return linked_groups(distances, 1 - threshold, "complete")


def moved(grey: np.ndarray, steps: range | list[int]) -> Iterator[np.ndarray]:
    """Yield thumbnails (n, pixels) of grey images at twice their side, less a border, cut out from
    each of some places in either direction.
    """
    cut = 2 * SIDE - 2 * REACH
    for top in steps:
        for left in steps:
            part = grey[:, top : top + cut, left : left + cut]
            halves = part.reshape(len(grey), cut // 2, 2, cut // 2, 2).mean(axis=(2, 4))
            yield unit_vectors(halves.reshape(len(grey), (cut // 2) ** 2))


def unit_vectors(rows: np.ndarray) -> np.ndarray:
    """Return rows less their mean and at length 1; zero where a row is flat but for rounding."""
    rows = rows - rows.mean(axis=1, keepdims=True)
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    flat = length <= 1e-5 * length.max(initial=0)
    return np.divide(rows, length, out=np.zeros_like(rows), where=~flat)


def linked_groups(distances: np.ndarray, limit: float, linkage: str) -> np.ndarray:
    """Group images by average or complete linkage.

    Where each is near to the next, as gradients or digits are, connected components would hold
    images that are not near to one another.

    Parameters
    ----------
    distances : ndarray, shape (n, n)
        Symmetric.
    limit : float
        The largest distance within a group, of every two of its images (complete linkage) or on
        average.
    linkage : {"complete", "average"}

    Returns
    -------
    ndarray of int, shape (n,)
        For each image the first of its group.
    """
    groups = np.arange(len(distances))
    near = (distances <= limit) & (groups[:, None] != groups)
    chosen = np.flatnonzero(near.any(axis=1))
    if not len(chosen):
        return groups
    from scipy.cluster import hierarchy

    pairs = distances[np.ix_(chosen, chosen)][np.triu_indices(len(chosen), 1)]
    found = hierarchy.fcluster(hierarchy.linkage(pairs, linkage), limit, "distance")
    _, first, members = np.unique(found, return_index=True, return_inverse=True)
    groups[chosen] = chosen[first[members]]
    return groups
