"""HiResCAM: each cell of the feature maps, weighted by its own gradient."""

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
    reference="Draelos and Carin 2020, arXiv:2011.08891",
)
def hirescam(
    model: "VisionModel",
    images: "torch.Tensor",
    targets: "torch.Tensor",
    seeds: Sequence[int],
    *,
    depth: float = 1.0,
    layer: str | None = None,
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return ReLU(sum_k d(score) / d(A_k) * A_k), cell by cell.

    Unlike GradCAM's, the gradient is not averaged over the cells, so that a map shows only what the
    score uses.

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
    cells, slopes = layer_gradients(model, images, targets, depth, layer, "hirescam")
    return (slopes * cells).sum(dim=1).relu().float().cpu().numpy(), {}
