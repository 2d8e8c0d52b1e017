"""FullGrad: what the image and every bias of the network add to the score, pixel by pixel."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from lookalike.core.errors import InputError
from lookalike.core.registry import method

if TYPE_CHECKING:
    import torch

    from lookalike.models.networks import VisionModel

# A bias below this share of its layer's largest output is the rounding of the two, and is left out:
# each layer is rescaled, however small.
ROUNDING = 1e-5
# That may be missing between the score and the sum of all parts, as a share of the parts.
TOLERANCE = 1e-3


@method(
    signed=False,
    passes="3 forward, 1 backward",
    reference="Srinivas and Fleuret 2019, arXiv:1905.00780",
)
def fullgrad(
    model: "VisionModel", images: "torch.Tensor", targets: "torch.Tensor", seeds: Sequence[int]
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return psi(x g) + sum_l psi(b_l g_l), with g and g_l the gradients of the score with respect
    to the image x and to the output of layer l, and b_l the bias of that layer.

    The bias of a layer is what its output has beyond its linearisation, f(z) - f'(z) z: that of a
    convolution, what a normalisation adds, or that of a smooth rectifier. psi takes absolute
    values, rescales those of a layer onto [0, 1], enlarges them to the image and sums the channels.
    Layers without a grid count towards the score alone.

    Parameters
    ----------
    model : VisionModel
    images : Tensor, shape (n, 3, H, W)
        RGB in [0, 1].
    targets : Tensor, shape (n,)
        Class whose logit is the score.
    seeds : list of int
        Not used.

    Returns
    -------
    maps : ndarray, shape (n, H, W), float32
        Not negative.
    diagnostics : dict of ndarray, shape (n,)
        `completeness_gap`: |sum of all parts - score| over |score|.

    Raises
    ------
    InputError
        If the parts do not sum to the score, because the network multiplies activations (attention,
        gates) or has biases outside its layers.
    """
    import torch

    from lookalike.models.grids import layout, to_grid

    size = images.shape[2], images.shape[3]
    inputs = model.normalise(images).detach().requires_grad_()
    scores, parts = decompose(model.net, inputs, targets)
    n = len(images)
    # Windows of one image may lie one after another.
    countable = all(len(part) % n == 0 for part in parts)
    sums = torch.stack(
        [
            part.double().reshape(n, -1).sum(dim=1) if countable else scores * np.nan
            for part in parts
        ]
    )
    gap = (sums.sum(dim=0) - scores).abs()
    if not (gap <= TOLERANCE * sums.abs().sum(dim=0)).all():
        raise InputError(
            f"fullgrad: the parts of the image and of the biases of {type(model.net).__name__} do "
            "not sum to the score; it is not defined where activations are multiplied (attention, "
            "gates) or biases lie outside layers"
        )
    maps = torch.zeros(n, *size, device=inputs.device)
    for part in parts:
        if len(part) == n and layout(part.shape, model.net, size) is not None:
            cells = rescaled(to_grid(part, model.net, size).abs()).sum(dim=1, keepdim=True)
            maps += torch.nn.functional.interpolate(cells, size, mode="bilinear")[:, 0]
    gap /= scores.double().abs().clamp_min(1e-12)
    return maps.float().cpu().numpy(), {"completeness_gap": gap.cpu().numpy()}


def decompose(
    net: "torch.nn.Module", inputs: "torch.Tensor", targets: "torch.Tensor"
) -> tuple["torch.Tensor", list["torch.Tensor"]]:
    """Return the scores (n,) of normalised images, and their parts, each (n, ...): image x
    gradient, and bias x gradient of every layer.
    """
    import torch

    biases: list[torch.Tensor] = []
    parts: list[torch.Tensor] = []

    def measure(module: torch.nn.Module, given: Any) -> None:
        biases.append(bias_of(module, given))

    def watch(module: torch.nn.Module, given: Any, output: torch.Tensor) -> None:
        bias = biases.pop()
        if output.requires_grad and bias.any():
            output.register_hook(lambda gradient: parts.append(bias * gradient))

    hooks = [
        hook
        for layer in dict.fromkeys(layers_of(net))
        for hook in (layer.register_forward_pre_hook(measure), layer.register_forward_hook(watch))
    ]
    try:
        with torch.enable_grad():
            scores = net(inputs).gather(1, targets[:, None])[:, 0]
            gradient = torch.autograd.grad(scores.sum(), inputs)[0]
    finally:
        for hook in hooks:
            hook.remove()
    return scores.detach(), [inputs.detach() * gradient, *parts]


def layers_of(module: "torch.nn.Module") -> Iterator["torch.nn.Module"]:
    """Yield the modules that compute something themselves: those without modules inside, and
    normalisations, inside which timm keeps their rectifier.
    """
    import torch

    kinds = torch.nn.BatchNorm2d, torch.nn.GroupNorm, torch.nn.LayerNorm
    children = list(module.children())
    if not children or isinstance(module, kinds):
        yield module
        return
    for child in children:
        yield from layers_of(child)


def bias_of(layer: "torch.nn.Module", given: tuple[Any, ...]) -> "torch.Tensor":
    """Return f(z) - f'(z) z of a layer, 0 for images where it is nothing but rounding."""
    import torch
    from torch.autograd import forward_ad

    with torch.no_grad(), forward_ad.dual_level():
        # Two copies, because the layer may work in place.
        dual = [forward_ad.make_dual(value.clone(), value.clone()) for value in given]
        output, linear = forward_ad.unpack_dual(layer.forward(*dual))
        if linear is None:
            return output
        bias = output - linear
        each = (-1, *[1] * (output.ndim - 1))
        peaks, sizes = (value.flatten(1).abs().amax(dim=1).view(each) for value in (bias, output))
        return bias * (peaks > ROUNDING * sizes)


def rescaled(cells: "torch.Tensor") -> "torch.Tensor":
    """Return each image's values (n, k, h, w) on [0, 1]; zeros where they are constant."""
    import torch

    low, high = cells.amin(dim=(1, 2, 3), keepdim=True), cells.amax(dim=(1, 2, 3), keepdim=True)
    return torch.where(high > low, (cells - low) / (high - low), 0.0)
