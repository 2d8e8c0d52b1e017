"""Input x gradient: what each pixel adds to the score, if the score were linear."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from lookalike.core.registry import method
from lookalike.methods.input_gradients import gradient_of_score

if TYPE_CHECKING:
    import torch

    from lookalike.models.networks import VisionModel


@method(
    signed=True, passes="1 forward, 1 backward", reference="Shrikumar et al. 2016, arXiv:1605.01713"
)
def input_x_gradient(
    model: "VisionModel", images: "torch.Tensor", targets: "torch.Tensor", seeds: Sequence[int]
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return the normalised image times the gradient of the score, summed over the colour channels.

    One forward and one backward pass. Where the network is linear, the map sums to the score less
    its value at the mean image.

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
        Signed, neither clipped nor scaled.
    diagnostics : dict
        Empty.
    """
    inputs = model.normalise(images)
    attributions = inputs * gradient_of_score(model, inputs, targets)
    return attributions.sum(dim=1).float().cpu().numpy(), {}
