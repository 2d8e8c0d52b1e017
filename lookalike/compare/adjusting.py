"""Means of pairs that rest on different images, adjusted for what the images have in common."""

import numpy as np

# Of the largest sum over an image, at which the image effects count as found.
TOLERANCE = 1e-10


def adjusted_means(weights: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the means of all pairs over the same images, although some values are missing.

    A value is the sum of its pair's mean, an effect of its image, and what remains: least squares
    under each row of weights, with image effects that sum to 0. A pair that lacks the images on
    which all maps are less alike would else seem nearer than it is.

    Parameters
    ----------
    weights : ndarray, shape (B, n)
        How often each image counts.
    values : ndarray, shape (n, pairs)
        NaN where an image does not count for a pair.

    Returns
    -------
    ndarray, shape (B, pairs)
        NaN where no image counts. Without missing values, the plain means. Images and pairs may
        fall into parts that share no value: then nothing says how their images differ, and those of
        each part are taken to be alike on average.
    """
    used = np.isfinite(values)
    # Deviations from a value near the mean, so that sums do not cancel.
    centre = np.where(used, values, 0).sum(axis=0) / np.maximum(used.sum(axis=0), 1)
    deviations = np.where(used, values - centre, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        shift = (weights @ deviations) / (weights @ used.astype(float))
    return centre + without_image_effects(shift, deviations.sum(axis=1), used, weights)


def without_image_effects(
    means: np.ndarray, sums: np.ndarray, used: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """Return plain means of all pairs less the mean effect of the images of each.

    Parameters
    ----------
    means : ndarray, shape (B, pairs)
        Plain means under each row of weights; NaN where no image counts.
    sums : ndarray, shape (n,)
        Of the values of each image.
    used : ndarray of bool, shape (n, pairs)
        Which values there are.
    weights : ndarray, shape (B, n)

    Returns
    -------
    ndarray, shape (B, pairs)
    """
    there = used.astype(float)
    cells, counts = there.sum(axis=1), weights @ there
    shares = np.divide(1, counts, out=np.zeros_like(counts), where=counts > 0)
    wrong = weights * (sums - np.nan_to_num(means) @ there.T)
    effects = conjugate_gradients(wrong, weights, cells, there, shares)
    total = (weights * (cells > 0)).sum(axis=1, keepdims=True)
    mean_effect = (weights * effects).sum(axis=1, keepdims=True) / np.maximum(total, 1)
    return means - (weights * (effects - mean_effect)) @ there * shares


def conjugate_gradients(
    wrong: np.ndarray, weights: np.ndarray, cells: np.ndarray, there: np.ndarray, shares: np.ndarray
) -> np.ndarray:
    """Return the image effects, shape (B, n), that solve the normal equations of each replicate.

    The equations are those of `without_image_effects` with the pairs' means eliminated; an image's
    own cells precondition them. Starting from 0 gives each part of a table that falls into parts
    effects of mean 0.
    """
    diagonal = weights * cells
    inverse = np.divide(1, diagonal, out=np.zeros_like(diagonal), where=diagonal > 0)
    scale = TOLERANCE * np.abs(wrong).max(axis=1, initial=0)
    effects, direction, slope = np.zeros_like(wrong), np.zeros_like(wrong), np.zeros(len(wrong))
    for _ in range(2 * len(cells)):
        if (np.abs(wrong).max(axis=1, initial=0) <= scale).all():
            break
        steepest = inverse * wrong
        before, slope = slope, (wrong * steepest).sum(axis=1)
        ratio = np.divide(slope, before, out=np.zeros_like(slope), where=before > 0)
        direction = steepest + ratio[:, None] * direction
        weighted = weights * direction
        change = cells * weighted - weights * ((weighted @ there * shares) @ there.T)
        curvature = (direction * change).sum(axis=1)
        step = np.divide(slope, curvature, out=np.zeros_like(slope), where=curvature > 0)[:, None]
        effects, wrong = effects + step * direction, wrong - step * change
    return effects
