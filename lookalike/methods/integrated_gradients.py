"""Integrated gradients: the gradient of the score along the path from a baseline to the image."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from lookalike.core.registry import method
from lookalike.methods.baselines import Baseline, baseline_of

if TYPE_CHECKING:
    import torch

    from lookalike.models.networks import VisionModel


@method(
    signed=True,
    passes="`steps` + 2 forward, `steps` backward",
    again={"steps": 0.5},
    reference="Sundararajan et al. 2017, proceedings.mlr.press/v70/sundararajan17a",
)
def integrated_gradients(
    model: "VisionModel",
    images: "torch.Tensor",
    targets: "torch.Tensor",
    seeds: Sequence[int],
    *,
    steps: int = 32,
    baseline: Baseline = "zero",
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return integrated gradients summed over the colour channels, by captum.

    Parameters
    ----------
    model : VisionModel
    images : Tensor, shape (n, 3, H, W)
        RGB in [0, 1].
    targets : Tensor, shape (n,)
        Class whose logit is the score.
    seeds : list of int
        Not used.
    steps : int
        Points of the Gauss-Legendre rule.
    baseline : {"zero", "mean", "blur"}
        In normalised space.

    Returns
    -------
    maps : ndarray, shape (n, H, W), float32
        Signed, neither clipped nor scaled.
    diagnostics : dict of ndarray, shape (n,)
        `completeness_gap`: |sum of the map - (score - score of the baseline)| over |score - score
        of the baseline|.
    """
    import torch
    from captum.attr import IntegratedGradients

    inputs = model.normalise(images)
    start = baseline_of(inputs, baseline)
    at_once = max(model.batch(images.shape[2]), len(images))
    attributions = IntegratedGradients(model.net).attribute(
        inputs, start, targets, n_steps=steps, internal_batch_size=at_once
    )
    with torch.no_grad():
        gain = (model.net(inputs) - model.net(start)).gather(1, targets[:, None])[:, 0]
    gap = (attributions.sum(dim=(1, 2, 3)) - gain).abs() / gain.abs().clamp_min(1e-12)
    return attributions.sum(dim=1).float().cpu().numpy(), {"completeness_gap": gap.cpu().numpy()}
