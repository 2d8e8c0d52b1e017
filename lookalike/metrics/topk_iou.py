"""Overlap of the most salient pixels, as a dissimilarity."""

import numpy as np

from lookalike.core.errors import InputError
from lookalike.core.registry import metric
from lookalike.metrics.products import counted, exact_products, pixels


def largest_pixels(maps: np.ndarray, *, share: float = 0.1) -> np.ndarray:
    """Return a mask of exactly the share of largest pixels, shape (a, p); ties go to the earlier
    pixel. Zeros never count: a map with fewer other pixels has all of these in its mask.
    """
    if not 0 < share <= 1:
        raise InputError(f"topk_iou: share must lie in (0, 1], not {share}")
    vectors = pixels(maps)
    count = max(1, round(share * vectors.shape[1]))
    thresholds = np.partition(vectors, -count, axis=1)[:, -count]
    masks = vectors > thresholds[:, None]
    for mask, threshold, values in zip(masks, thresholds, vectors, strict=True):
        number = count
        # Zeros are among the largest pixels only where the last of these is not positive.
        if threshold <= 0 and not values.all():
            number = min(count, np.count_nonzero(values))
            values = np.where(values == 0, -np.inf, values)
            threshold = np.partition(values, -number)[-number] if number else np.inf
            mask[:] = values > threshold
        mask[np.flatnonzero(values == threshold)[: number - int(mask.sum())]] = True
    return masks


def masks(maps: np.ndarray, *, share: float = 0.1) -> np.ndarray:
    """Return the masks of the share of largest pixels, as numbers, shape (a, p); NaN for a map that
    is all zero.
    """
    numbers = counted(largest_pixels(maps, share=share))
    numbers[~numbers.any(axis=1)] = np.nan
    return numbers


@metric(
    prepare=masks,
    range=(0, 1),
    raw=lambda d: 1 - d,
    raw_name="intersection over union",
    formula="1 - IoU of the k% largest pixels, zeros left out",
    law="product",
    ignores=("scale",),
    triangle=True,
    undefined="a map is all zero",
)
def topk_iou(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return 1 - intersection over union of the most salient pixels, for all pairs.

    Parameters
    ----------
    x : ndarray, shape (a, p)
    y : ndarray, shape (b, p)
        Masks of the most salient pixels of maps of one image by two blocks of models.

    Returns
    -------
    ndarray, shape (a, b)
        NaN where either map is all zero.
    """
    common = exact_products(x, y)
    sizes = np.add.outer(np.count_nonzero(x, axis=1), np.count_nonzero(y, axis=1))
    return 1 - common / (sizes - common)
