"""Saliency: the size of the gradient of the score at each pixel."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from lookalike.core.registry import method
from lookalike.methods.input_gradients import gradient_of_score

if TYPE_CHECKING:
    import torch

    from lookalike.models.networks import VisionModel


@method(
    signed=False, passes="1 forward, 1 backward", reference="Simonyan et al. 2014, arXiv:1312.6034"
)
def saliency(
    model: "VisionModel", images: "torch.Tensor", targets: "torch.Tensor", seeds: Sequence[int]
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return the largest absolute gradient of the score over the colour channels.

    One forward and one backward pass. The gradient is that with respect to the normalised image.

    Parameters
    ----------
    model : VisionModel
    images : Tensor, shape (n, 3, H, W)
        RGB in [0, 1].
    targets : Tensor, shape (n,)
        Class whose logit is the score.
    seeds : list of int
        Not used.

    Returns
    -------
    maps : ndarray, shape (n, H, W), float32
        Not negative.
    diagnostics : dict
        Empty.
    """
    gradient = gradient_of_score(model, model.normalise(images), targets)
    return gradient.abs().amax(dim=1).float().cpu().numpy(), {}
