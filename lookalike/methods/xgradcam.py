"""XGradCAM: feature maps, weighted by the mean gradient of their cells, by what is in them."""

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
    reference="Fu et al. 2020, arXiv:2008.02312",
)
def xgradcam(
    model: "VisionModel",
    images: "torch.Tensor",
    targets: "torch.Tensor",
    seeds: Sequence[int],
    *,
    depth: float = 1.0,
    layer: str | None = None,
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return ReLU(sum_k w_k A_k), w_k = sum_ij A_kij g_kij / sum_ij A_kij, with
    g = d(score) / d(A).

    A feature map whose sum is 0 has no weight.

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
    import torch

    cells, slopes = layer_gradients(model, images, targets, depth, layer, "xgradcam")
    total = cells.sum(dim=(2, 3), keepdim=True)
    product = (cells * slopes).sum(dim=(2, 3), keepdim=True)
    weights = torch.where(total != 0, product / total, 0.0)
    return (weights * cells).sum(dim=1).relu().float().cpu().numpy(), {}
