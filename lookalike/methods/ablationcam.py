"""AblationCAM: feature maps, weighted by how much the score drops without each of them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from lookalike.core.registry import method

if TYPE_CHECKING:
    import torch

    from lookalike.models.networks import VisionModel


@method(
    signed=False,
    passes="1 forward, and above the layer 1 for each of its channels",
    reference="Ramaswamy and Desai 2020, doi:10.1109/WACV45572.2020.9093360",
)
def ablationcam(
    model: "VisionModel",
    images: "torch.Tensor",
    targets: "torch.Tensor",
    seeds: Sequence[int],
    *,
    depth: float = 1.0,
    layer: str | None = None,
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return ReLU(sum_k w_k A_k), w_k the score less the score where feature map k is 0.

    Needs no gradient. The paper divides w_k by the score, which scales an image's map and would
    turn its sign where the score is negative; this is left out.

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

    from lookalike.models.channels import leave_one_out, record
    from lookalike.models.grids import to_grid
    from lookalike.models.layers import target_layer

    size = images.shape[2], images.shape[3]
    recording = record(
        model.net, target_layer(model.net, depth, layer, size), model.normalise(images)
    )
    rows = torch.arange(len(images), device=targets.device)
    scores = recording.outputs[rows, targets].double()
    drops = scores[:, None] - leave_one_out(recording)[rows, :, targets].double()
    cells = to_grid(recording.activation, model.net, size).double()
    maps = (drops[:, :, None, None] * cells).sum(dim=1)
    return maps.relu().float().cpu().numpy(), {}
