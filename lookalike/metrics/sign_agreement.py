"""Disagreement of signs, over the pixels that are active in either map."""

import numpy as np

from lookalike.core.registry import metric
from lookalike.metrics.preparation import inner_products, pixels, products_and_moments


def signs(maps, *, dead_zone=0.0):
    """Return -1, 0 or 1 a pixel, shape (a, p); 0 within the dead zone."""
    vectors, dead_zone = pixels(maps), np.float64(dead_zone)
    return (vectors > dead_zone).view(np.int8) - (vectors < -dead_zone).view(np.int8)


@metric(
    prepare=signs,
    range=(0, 1),
    raw=lambda d: 1 - d,
    raw_name="sign agreement",
    formula="share of pixels, active in either map, whose signs differ; 0 for two maps without any",
    ignores=("scale",),
    views="signed",
    saliencytools=(
        "`sign_agreement_ratio`, in spite of its name a distance, counts all pixels; here those "
        "that are active in either map"
    ),
)
def sign_agreement(x, y):
    """Return the share of pixels, active in either map, whose signs differ, for all pairs.

    Parameters
    ----------
    x : ndarray, shape (a, p)
    y : ndarray, shape (b, p)
        Maps of one image by two blocks of models, prepared to signs.

    Returns
    -------
    ndarray, shape (a, b)
        0 for two maps without an active pixel.
    """
    alike_less_opposite, (active, _), (other_active, _) = products_and_moments(x, y)
    both = active_in_both(x, y)
    either = np.add.outer(active, other_active) - both
    alike = (both + alike_less_opposite) / 2
    return (either - alike) / np.where(either > 0, either, 1)


def active_in_both(x, y):
    """Return the number of pixels, shape (a, b), that have a sign in both maps."""
    active = x != 0
    return inner_products(active, active if x is y else y != 0)
