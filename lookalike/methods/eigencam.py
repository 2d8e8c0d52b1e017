"""EigenCAM: the first principal component of the feature maps of a layer."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from lookalike.core.registry import method
from lookalike.methods.layer_gradients import layer_activations

if TYPE_CHECKING:
    import torch

    from lookalike.models.networks import VisionModel


@method(
    signed=False,
    passes="1 forward",
    class_specific=False,
    reference="Muhammad and Yeasin 2020, arXiv:2008.00299",
)
def eigencam(
    model: "VisionModel",
    images: "torch.Tensor",
    targets: "torch.Tensor",
    seeds: Sequence[int],
    *,
    depth: float = 1.0,
    layer: str | None = None,
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return ReLU(A v), v the first right singular vector of the activations A (cells x channels).

    The activations are not centred. A singular vector has no sign of its own: that one is taken for
    which the cells sum to a positive number. Where no activation is negative, no cell is then
    negative either.

    Parameters
    ----------
    model : VisionModel
    images : Tensor, shape (n, 3, H, W)
        RGB in [0, 1].
    targets : Tensor, shape (n,)
        Not used: the map is the same for every class.
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
    diagnostics : dict of ndarray, shape (n,)
        `share`: of the activations' sum of squares, what the component holds.
    """
    import torch

    cells = layer_activations(model, images, depth, layer).double()
    left, sizes, _ = torch.linalg.svd(cells.flatten(2).mT, full_matrices=False)
    component = left[:, :, 0] * sizes[:, :1]
    component = torch.where(component.sum(dim=1, keepdim=True) < 0, -component, component)
    squares = sizes**2
    share = squares[:, 0] / squares.sum(dim=1).clamp_min(torch.finfo(squares.dtype).tiny)
    maps = component.unflatten(1, cells.shape[2:]).relu()
    return maps.float().cpu().numpy(), {"share": share.cpu().numpy()}
