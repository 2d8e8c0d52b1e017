"""Overlap of the most salient pixels, as a dissimilarity."""

import numpy as np

from lookalike.core.errors import InputError
from lookalike.core.registry import metric
from lookalike.metrics.preparation import inner_products, pixels


def largest_pixels(maps, *, share=0.1):
    """Return a mask of exactly the share of largest pixels, shape (a, p); ties go to the earlier
    pixel.
    """
    if not 0 < share <= 1:
        raise InputError(f"topk_iou: share must lie in (0, 1], not {share}")
    vectors = pixels(maps)
    count = max(1, round(share * vectors.shape[1]))
    thresholds = np.partition(vectors, -count, axis=1)[:, -count, None]
    masks = vectors > thresholds
    for mask, tied in zip(masks, vectors == thresholds, strict=True):
        mask[np.flatnonzero(tied)[: count - int(mask.sum())]] = True
    return masks


@metric(
    prepare=largest_pixels,
    range=(0, 1),
    raw=lambda d: 1 - d,
    raw_name="intersection over union",
    formula="1 - IoU of the k% largest pixels",
    ignores=("scale", "offset"),
    triangle=True,
)
def topk_iou(x, y):
    """Return 1 - intersection over union of the most salient pixels, for all pairs.

    Parameters
    ----------
    x : ndarray, shape (a, p)
    y : ndarray, shape (b, p)
        Maps of one image by two blocks of models, prepared to masks.

    Returns
    -------
    ndarray, shape (a, b)
    """
    common = inner_products(x, y)
    return 1 - common / (x.sum(axis=1)[:, None] + y.sum(axis=1) - common)
