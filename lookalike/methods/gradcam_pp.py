"""GradCAM++: feature maps, weighted by the positive gradients of cells that count alike."""

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
    reference="Chattopadhay et al. 2018, doi:10.1109/WACV.2018.00097",
)
def gradcam_pp(
    model: "VisionModel",
    images: "torch.Tensor",
    targets: "torch.Tensor",
    seeds: Sequence[int],
    *,
    depth: float = 1.0,
    layer: str | None = None,
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return ReLU(sum_k w_k A_k), w_k = sum_ij a_kij ReLU(g_kij), with g = d(score) / d(A) and
    a = g^2 / (2 g^2 + sum_ij A_kij g^3), 0 where g is 0.

    The higher derivatives are those of exp(score). Where the denominator is 0, a cell has no
    weight.

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

    cells, slopes = layer_gradients(model, images, targets, depth, layer, "gradcam_pp")
    # g^2 over the denominator, without its powers, which are lost where gradients are small.
    below = 2 + cells.sum(dim=(2, 3), keepdim=True) * slopes
    shares = torch.where((slopes != 0) & (below != 0), 1 / below, 0.0)
    weights = (shares * slopes.relu()).sum(dim=(2, 3), keepdim=True)
    return (weights * cells).sum(dim=1).relu().float().cpu().numpy(), {}
