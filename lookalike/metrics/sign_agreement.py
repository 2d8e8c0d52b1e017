"""Disagreement of signs, over the pixels that are active in either map."""

import numpy as np

from lookalike.core.registry import metric
from lookalike.metrics.products import counted, exact_products, pixels

# Of maps (a, H, W): signs and activity (a, p), numbers of active pixels (a,).
Signs = tuple[np.ndarray, np.ndarray, np.ndarray]


def signs(maps: np.ndarray, *, dead_zone: float = 0.0) -> np.ndarray:
    """Return -1, 0 or 1 a pixel, shape (a, p); 0 within the dead zone."""
    vectors, limit = pixels(maps), np.float64(dead_zone)
    return (vectors > limit).view(np.int8) - (vectors < -limit).view(np.int8)


def signs_and_activity(maps: np.ndarray, *, dead_zone: float = 0.0) -> Signs:
    """Return the signs of the pixels and 1 where there is one, shape (a, p) each, and the numbers
    of the latter, shape (a,).
    """
    found = counted(signs(maps, dead_zone=dead_zone))
    return found, np.abs(found), np.count_nonzero(found, axis=1)


@metric(
    prepare=signs_and_activity,
    range=(0, 1),
    raw=lambda d: 1 - d,
    raw_name="sign agreement",
    formula="share of pixels, active in either map, whose signs differ; 0 for two maps without any",
    law="angles",
    ignores=("scale",),
    views="signed",
    saliencytools=(
        "`sign_agreement_ratio`, in spite of its name a distance, counts all pixels; here those "
        "that are active in either map"
    ),
)
def sign_agreement(x: Signs, y: Signs) -> np.ndarray:
    """Return the share of pixels, active in either map, whose signs differ, for all pairs.

    Parameters
    ----------
    x : tuple of ndarray, shapes twice (a, p) and (a,)
    y : tuple of ndarray, shapes twice (b, p) and (b,)
        Signs, activity and active pixels of maps of one image by two blocks of models.

    Returns
    -------
    ndarray, shape (a, b)
        0 for two maps without an active pixel.
    """
    (signs, activity, active), (other_signs, other_activity, other_active) = x, y
    alike_less_opposite = exact_products(signs, other_signs)
    both = exact_products(activity, other_activity)
    either = np.add.outer(active, other_active) - both
    alike = (both + alike_less_opposite) / 2
    return (either - alike) / np.where(either > 0, either, 1)
