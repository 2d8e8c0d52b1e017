"""SmoothGrad: the gradient of the score, averaged over noisy copies of the image."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from lookalike.core.registry import method
from lookalike.methods.input_gradients import gradient_of_score, noise_of

if TYPE_CHECKING:
    import torch

    from lookalike.models.networks import VisionModel


@method(
    signed=False,
    passes="`samples` forward, `samples` backward",
    again={},
    reference="Smilkov et al. 2017, arXiv:1706.03825",
)
def smoothgrad(
    model: "VisionModel",
    images: "torch.Tensor",
    targets: "torch.Tensor",
    seeds: Sequence[int],
    *,
    samples: int = 25,
    noise: float = 0.15,
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return the largest absolute value over the colour channels of the mean gradient of the score
    under noise.

    The gradient is that with respect to the normalised image, and keeps its sign until it is
    averaged.

    Parameters
    ----------
    model : VisionModel
    images : Tensor, shape (n, 3, H, W)
        RGB in [0, 1].
    targets : Tensor, shape (n,)
        Class whose logit is the score.
    seeds : list of int
        Of the noise, one for every image.
    samples : int
        Noisy copies of an image.
    noise : float
        Standard deviation of the Gaussian noise, as a share of the range of the normalised image.

    Returns
    -------
    maps : ndarray, shape (n, H, W), float32
        Not negative.
    diagnostics : dict
        Empty.

    Raises
    ------
    InputError
        For fewer than one sample.
    """
    inputs = model.normalise(images)
    total = inputs.new_zeros(inputs.shape)
    for added in noise_of(inputs, seeds, samples, noise, "smoothgrad"):
        total += gradient_of_score(model, inputs + added, targets)
    return (total / samples).abs().amax(dim=1).float().cpu().numpy(), {}
