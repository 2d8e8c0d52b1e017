"""Area under the ROC curve, each map predicting the other's salient pixels, as a dissimilarity."""

import numpy as np

from lookalike.core.cards import Prepared
from lookalike.core.registry import metric
from lookalike.core.vectors import average_ranks
from lookalike.metrics.products import exact_products, pixels, sums


def ranks_and_masks(maps: np.ndarray) -> Prepared:
    """Return the ranks of the pixels and the mask of those above the mean, shape (a, p) each, and
    the numbers of pixels above and not above it, shape (a,) each.
    """
    vectors = pixels(maps)
    masks = vectors > sums(vectors)[:, None] / vectors.shape[1]
    positives = masks.sum(axis=1)
    ranks = average_ranks(vectors)
    return (
        ranks.astype(np.float64),
        masks.astype(np.float64),
        positives,
        vectors.shape[1] - positives,
    )


def areas(x: Prepared, y: Prepared) -> np.ndarray:
    """Return the areas, shape (a, b), of the ranks of x that predict the masks of y; ties count
    half.
    """
    (ranks, *_), (_, masks, positives, negatives) = x, y
    with np.errstate(invalid="ignore"):
        return (exact_products(ranks, masks) - positives * (positives + 1) / 2) / (
            positives * negatives
        )


@metric(
    prepare=ranks_and_masks,
    range=(0, 1),
    raw=lambda d: 1 - d,
    raw_name="AUC",
    formula="1 - mean AUC of both directions, the other map binarised at its mean",
    law="product",
    ignores=("scale", "offset"),
    undefined="a map is constant",
    reference="Judd et al. 2009, doi:10.1109/ICCV.2009.5459462",
    saliencytools=(
        "`auc_judd` is one direction only, lets ties count whole, so that a zero map is perfect; "
        "here the mean of both, ties half"
    ),
)
def auc_judd(x: Prepared, y: Prepared) -> np.ndarray:
    """Return 1 - the mean of both areas under the ROC curve, for all pairs.

    Each map in turn is the score, the other, binarised at its mean, the truth.

    Parameters
    ----------
    x : tuple of ndarray, shapes twice (a, p) and twice (a,)
    y : tuple of ndarray, shapes twice (b, p) and twice (b,)
        Ranks, masks, and numbers of pixels above the mean and of others, of maps of one image by
        two blocks of models.

    Returns
    -------
    ndarray, shape (a, b)
        NaN where either map is constant.
    """
    return 1 - (areas(x, y) + areas(y, x).T) / 2
