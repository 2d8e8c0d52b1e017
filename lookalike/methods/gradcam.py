"""GradCAM: feature maps of the target layer, weighted by the gradient of the score."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from lookalike.core.registry import method
from lookalike.methods.layer_gradients import layer_gradients

if TYPE_CHECKING:
    import torch

    from lookalike.models.networks import VisionModel


@method(
    signed=False,
    passes="1 forward, 1 backward above the layer",
    reference="Selvaraju et al. 2017, doi:10.1109/ICCV.2017.74",
)
def gradcam(
    model: "VisionModel",
    images: "torch.Tensor",
    targets: "torch.Tensor",
    seeds: Sequence[int],
    *,
    depth: float = 1.0,
    layer: str | None = None,
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return ReLU(sum_k w_k A_k), w_k the spatial mean of d(score) / d(A_k).

    One forward pass, and a gradient that goes back only as far as the target layer. A map may be
    all zero: it is kept, and the audit reports it.

    Parameters
    ----------
    model : VisionModel
    images : Tensor, shape (n, 3, H, W)
        RGB in [0, 1].
    targets : Tensor, shape (n,)
        Class whose logit is the score.
    seeds : list of int
        Not used.
    depth : float
        In (0, 1]: a shallower target layer.
    layer : str, optional
        Name of a module, which takes precedence over `depth`.

    Returns
    -------
    maps : ndarray, shape (n, h, w), float32
        On the grid of the target layer.
    diagnostics : dict
        Empty.
    """
    cells, slopes = layer_gradients(model, images, targets, depth, layer, "gradcam")
    weights = slopes.mean(dim=(2, 3), keepdim=True)
    return (weights * cells).sum(dim=1).relu().float().cpu().numpy(), {}
