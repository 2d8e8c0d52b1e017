"""Area under the ROC curve, each map predicting the other's salient pixels, as a dissimilarity."""

import numpy as np

from lookalike.core.memoising import shared
from lookalike.core.registry import metric
from lookalike.core.vectors import average_ranks
from lookalike.metrics.preparation import inner_products, pixels, sums


def ranks_and_masks(maps):
    """Return the ranks of the pixels and the mask of those above the mean, shape (a, p) each."""
    vectors = pixels(maps)
    return average_ranks(vectors), vectors > sums(vectors)[:, None] / vectors.shape[1]


@shared
def areas(ranks, masks):
    """Return the areas, shape (a, b), of ranks (a, p) that predict masks (b, p); ties count
    half.
    """
    positives = masks.sum(axis=1)
    negatives = masks.shape[1] - positives
    with np.errstate(invalid="ignore"):
        return (inner_products(ranks, masks) - positives * (positives + 1) / 2) / (
            positives * negatives
        )


@metric(
    prepare=ranks_and_masks,
    range=(0, 1),
    raw=lambda d: 1 - d,
    raw_name="AUC",
    formula="1 - mean AUC of both directions, the other map binarised at its mean",
    ignores=("scale", "offset"),
    undefined="a map is constant",
    reference="Judd et al. 2009, doi:10.1109/ICCV.2009.5459462",
    saliencytools=(
        "`auc_judd` is one direction only, lets ties count whole, so that a zero map is perfect; "
        "here the mean of both, ties half"
    ),
)
def auc_judd(x, y):
    """Return 1 - the mean of both areas under the ROC curve, for all pairs.

    Each map in turn is the score, the other, binarised at its mean, the truth.

    Parameters
    ----------
    x : tuple of two ndarray, shape (a, p)
    y : tuple of two ndarray, shape (b, p)
        Ranks and masks of maps of one image by two blocks of models.

    Returns
    -------
    ndarray, shape (a, b)
        NaN where either map is constant.
    """
    (ranks, masks), (other_ranks, other_masks) = x, y
    return 1 - (areas(ranks, other_masks) + areas(other_ranks, masks).T) / 2
