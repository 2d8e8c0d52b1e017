"""What class activation maps are made of: a layer's output, and the gradient of the score there."""

from typing import TYPE_CHECKING, Any

from lookalike.core.errors import InputError

if TYPE_CHECKING:
    import torch

    from lookalike.models.networks import VisionModel


def layer_activations(
    model: "VisionModel", images: "torch.Tensor", depth: float, layer: str | None
) -> "torch.Tensor":
    """Return the output of the target layer, shape (n, k, h, w), by one forward pass.

    Parameters
    ----------
    model, images, depth, layer
        As for `layer_gradients`.
    """
    import torch

    from lookalike.models.grids import to_grid
    from lookalike.models.layers import only, target_layer

    size = images.shape[2], images.shape[3]
    captured: list[Any] = []

    def keep(module: torch.nn.Module, inputs: Any, output: Any) -> None:
        # A copy, because later layers may work in place.
        captured.append(output.clone() if torch.is_tensor(output) else output)

    handle = target_layer(model.net, depth, layer, size).register_forward_hook(keep)
    try:
        with torch.no_grad():
            model.logits(images)
    finally:
        handle.remove()
    return to_grid(only(captured, layer), model.net, size)


def layer_gradients(
    model: "VisionModel",
    images: "torch.Tensor",
    targets: "torch.Tensor",
    depth: float,
    layer: str | None,
    name: str,
) -> tuple["torch.Tensor", "torch.Tensor"]:
    """Return the output of the target layer and the gradient of the score with respect to it.

    One forward pass, and a gradient that goes back only as far as the target layer.

    Parameters
    ----------
    model : VisionModel
    images : Tensor, shape (n, 3, H, W)
        RGB in [0, 1].
    targets : Tensor, shape (n,)
        Class whose logit is the score.
    depth : float
        In (0, 1]: a shallower target layer.
    layer : str or None
        Name of a module, which takes precedence over `depth`.
    name : str
        Of the method, for the error.

    Returns
    -------
    cells, slopes : Tensor, each of shape (n, k, h, w)

    Raises
    ------
    InputError
        If the score does not depend on the grid of the layer.
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
            f"{name}: the score does not depend on the grid of layer {layer!r}, or only by its "
            "class token; give a shallower `layer:`"
        )
    return cells, slopes
