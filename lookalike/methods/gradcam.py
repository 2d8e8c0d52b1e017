"""GradCAM: feature maps of the target layer, weighted by the gradient of the score."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from lookalike.core.errors import InputError
from lookalike.core.registry import method

if TYPE_CHECKING:
    import torch

    from lookalike.models.networks import VisionModel


@method(signed=False, reference="Selvaraju et al. 2017, doi:10.1109/ICCV.2017.74")
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
    import torch

    from lookalike.models.grids import to_grid
    from lookalike.models.layers import only, target_layer

    size = images.shape[2], images.shape[3]
    captured: list[Any] = []

    def cut(module: torch.nn.Module, inputs: Any, output: Any) -> Any:
        captured.append(output)
        if not torch.is_tensor(output):
            return output
        captured[-1] = output.detach().requires_grad_()
        # A copy goes on, because later layers may work in place.
        return captured[-1].clone()

    handle = target_layer(model.net, depth, layer, size).register_forward_hook(cut)
    try:
        with torch.enable_grad():
            scores = model.logits(images).gather(1, targets[:, None]).sum()
    finally:
        handle.remove()
    activation = only(captured, layer)
    gradient = (
        torch.autograd.grad(scores, activation, allow_unused=True)[0]
        if scores.requires_grad
        else None
    )
    cells = to_grid(activation.detach(), model.net, size)
    slopes = None if gradient is None else to_grid(gradient, model.net, size)
    if gradient is None or slopes is None or (gradient.any() and not slopes.any()):
        raise InputError(
            f"gradcam: the score does not depend on the grid of layer {layer!r}, or only by its "
            "class token; give a shallower `layer:`"
        )
    weights = slopes.mean(dim=(2, 3), keepdim=True)
    return (weights * cells).sum(dim=1).relu().float().cpu().numpy(), {}
