"""Importance of feature maps for a predicted score: how the prediction and its error change without
each of them.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from lookalike.core.registry import method

if TYPE_CHECKING:
    import torch

    from lookalike.models.networks import VisionModel


@method(
    signed=True,
    passes="1 forward, and above the layer 1 for each of its channels",
    targets="scores",
    reference="after Truong, Pesenti and Hasson 2024, arXiv:2409.16292",
)
def ais_regression(
    model: "VisionModel",
    images: "torch.Tensor",
    targets: "torch.Tensor",
    seeds: Sequence[int],
    *,
    depth: float = 1.0,
    layer: str | None = None,
    signed: bool = True,
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return sum_k w_k ReLU(A_k), w_k how much an image's prediction changes without channel k.

    w_k is abs(delta_k), with the sign of the change of the absolute error: a channel without which
    the error grows counts as positive.

    Parameters
    ----------
    model : VisionModel
        With a regression head.
    images : Tensor, shape (n, 3, H, W)
        RGB in [0, 1].
    targets : Tensor, shape (n,)
        True scores.
    seeds : list of int
        Not used.
    depth : float
        In (0, 1]: a shallower target layer.
    layer : str, optional
        Name of a module, which takes precedence over `depth`.
    signed : bool
        Whether a channel without which the error falls counts as negative. If false, all weights
        are abs(delta_k).

    Returns
    -------
    maps : ndarray, shape (n, h, w), float32
        On the grid of the target layer.
    diagnostics : dict
        `error`: absolute error of the prediction, in the score's unit.
    """
    from lookalike.models.channels import leave_one_out, record
    from lookalike.models.grids import to_grid
    from lookalike.models.layers import target_layer

    size = images.shape[2], images.shape[3]
    recording = record(
        model.net, target_layer(model.net, depth, layer, size), model.normalise(images)
    )
    predicted, without = (
        recording.outputs[:, 0].double(),
        leave_one_out(recording)[:, :, 0].double(),
    )
    errors = (predicted - targets).abs()
    weights = (without - predicted[:, None]).abs()
    if signed:
        weights *= ((without - targets[:, None]).abs() - errors[:, None]).sign()
    cells = to_grid(recording.activation, model.net, size).relu().double()
    maps = (weights[:, :, None, None] * cells).sum(dim=1)
    return maps.float().cpu().numpy(), {"error": errors.cpu().numpy()}
