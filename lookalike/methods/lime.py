"""LIME over superpixels: a ridge regression on masked images, weighted by how much they show."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from lookalike.core.errors import InputError
from lookalike.core.registry import method
from lookalike.methods.baselines import Baseline, baseline_of
from lookalike.methods.kernelshap import score_coalitions, superpixels

if TYPE_CHECKING:
    import torch

    from lookalike.models.networks import VisionModel


@method(
    signed=True,
    passes="`samples` forward",
    again={},
    reference="Ribeiro, Singh and Guestrin 2016, arXiv:1602.04938; weights as in their package",
)
def lime(
    model: "VisionModel",
    images: "torch.Tensor",
    targets: "torch.Tensor",
    seeds: Sequence[int],
    *,
    segments: int = 50,
    samples: int = 350,
    width: float = 0.25,
    penalty: float = 1.0,
    baseline: Baseline = "zero",
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return the coefficients of a ridge regression of the score on which SLIC superpixels an image
    shows, spread over their pixels.

    The segmentation is made from the plain RGB image, and so is the same for all models. Each
    masked image shows each superpixel with probability 1/2; one shows all. Its weight is
    exp(-d^2 / (2 width^2)), d its cosine distance from the whole image, in superpixels.

    Parameters
    ----------
    model : VisionModel
    images : Tensor, shape (n, 3, H, W)
        RGB in [0, 1].
    targets : Tensor, shape (n,)
        Class whose logit is the score.
    seeds : list of int
        Of the masked images, one for every image.
    segments : int
        Superpixels requested from SLIC, which may make fewer.
    samples : int
        Masked images.
    width : float
        Of the kernel.
    penalty : float
        Of the sum of squared coefficients, next to the weighted sum of squared errors.
    baseline : {"zero", "mean", "blur"}
        In normalised space.

    Returns
    -------
    maps : ndarray, shape (n, H, W), float32
        Signed.
    diagnostics : dict of ndarray, shape (n,)
        `segments`: their true number. `r2`: share of the weighted variance of the scores that the
        regression explains; 0 where there is none.

    Raises
    ------
    InputError
        For fewer than two samples.
    """
    if samples < 2:
        raise InputError(f"lime: samples must be at least 2, not {samples}")
    inputs = model.normalise(images)
    absent = baseline_of(inputs, baseline)
    labels = [superpixels(image, segments) for image in images.permute(0, 2, 3, 1).cpu().numpy()]
    shown = [
        np.random.default_rng(seed).random((samples, int(own.max()) + 1)) < 0.5
        for own, seed in zip(labels, seeds, strict=True)
    ]
    for own in shown:
        own[0] = True
    scored = score_coalitions(model, inputs, absent, targets, labels, range(len(images)), shown)
    fits = [
        ridge(own, scores, nearness(own, width), penalty)
        for own, scores in zip(shown, scored, strict=True)
    ]
    maps = [coefficients[own] for (coefficients, _), own in zip(fits, labels, strict=True)]
    return np.stack(maps).astype(np.float32), {
        "segments": np.array([own.shape[1] for own in shown]),
        "r2": np.array([r2 for _, r2 in fits]),
    }


def nearness(shown: np.ndarray, width: float) -> np.ndarray:
    """Return the weight of each masked image, shape (m,), given which superpixels it shows, ndarray
    (m, features), bool. One that shows nothing is at distance 1.
    """
    distances = 1 - np.sqrt(shown.mean(axis=1))
    return np.exp(-(distances**2) / (2 * width**2))


def ridge(
    shown: np.ndarray, scores: np.ndarray, weights: np.ndarray, penalty: float
) -> tuple[np.ndarray, float]:
    """Solve a weighted ridge regression with an intercept, which is not penalised.

    Parameters
    ----------
    shown : ndarray, shape (m, features), bool
    scores, weights : ndarray, shape (m,)
    penalty : float

    Returns
    -------
    coefficients : ndarray, shape (features,)
    r2 : float
    """
    shares = weights / weights.sum()
    design = shown - shares @ shown
    # First the score of one, so that equal scores leave no rounding.
    response = scores - scores[0]
    response -= shares @ response
    gram = design.T @ (weights[:, None] * design) + penalty * np.eye(shown.shape[1])
    coefficients = np.linalg.solve(gram, design.T @ (weights * response))
    left, whole = (weights @ each**2 for each in (response - design @ coefficients, response))
    return coefficients, float(1 - left / whole) if whole else 0.0
