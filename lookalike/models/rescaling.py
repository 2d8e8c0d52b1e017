"""DeepLIFT's rescale rule, for a batch whose second half holds the baselines of the first."""

from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional
from torch.overrides import TorchFunctionMode

# Below this difference of the inputs, the derivative stands for the quotient, which is rounding.
LEAST = 1e-9
ELEMENTWISE = {
    *(functional.relu, functional.relu_, torch.relu, torch.relu_, torch.Tensor.relu),
    *(torch.Tensor.relu_, functional.relu6, functional.hardtanh, functional.leaky_relu),
    *(functional.leaky_relu_, functional.elu, functional.celu, functional.selu, functional.gelu),
    *(functional.silu, functional.mish, functional.softplus, functional.hardswish),
    *(functional.hardsigmoid, functional.sigmoid, torch.sigmoid, torch.Tensor.sigmoid),
    *(torch.Tensor.sigmoid_, functional.tanh, torch.tanh, torch.Tensor.tanh, torch.Tensor.tanh_),
}


class RescaleRule(TorchFunctionMode):
    """Context in which elementwise functions and max poolings follow the rescale rule."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        # A function of weights alone has no halves.
        if func in ELEMENTWISE and args[0].requires_grad and len(args[0]) % 2 == 0:
            return Rescaled.apply(args[0], lambda value: func(value, *args[1:], **kwargs))
        if func is functional.max_pool2d and not kwargs.get("return_indices"):
            return Pooled.apply(
                args[0], lambda value: func(value, *args[1:], **kwargs | {"return_indices": True})
            )
        return func(*args, **kwargs)


class Rescaled(torch.autograd.Function):
    """An elementwise function, whose derivative is the quotient of differences."""

    @staticmethod
    def forward(ctx: Any, values: torch.Tensor, function: Callable[..., Any]) -> torch.Tensor:
        """Return the function's values; the multipliers are kept."""
        # In double precision, so that small differences are no rounding.
        point = values.detach().double().requires_grad_()
        with torch.enable_grad():
            # A copy, because the function may work in place.
            output = function(point.clone())
            slope = torch.autograd.grad(output.sum(), point)[0].chunk(2)[0]
        pairs = (tensor.detach().chunk(2) for tensor in (point, output))
        change, gain = (own - reference for own, reference in pairs)
        multiplier = torch.where(change.abs() > LEAST, gain / change, slope)
        ctx.save_for_backward(multiplier.to(values.dtype))
        return output.detach().to(values.dtype)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:  # type: ignore[override]
        """Return the gradient times the multipliers, for images and baselines alike."""
        (multiplier,) = ctx.saved_tensors
        return gradient * torch.cat([multiplier, multiplier]), None


class Pooled(torch.autograd.Function):
    """A max pooling: of the larger of both outputs, what exceeds the baseline's is credited to the
    cell that was largest in the image, the rest to the one that was largest in the baseline.
    """

    @staticmethod
    def forward(ctx: Any, values: torch.Tensor, function: Callable[..., Any]) -> torch.Tensor:
        """Return the pooled values; places and credits are kept."""
        output, places = function(values)
        own, reference = output.chunk(2)
        larger = torch.maximum(own, reference)
        change = values.chunk(2)
        ctx.save_for_backward(change[0] - change[1], places, larger - reference, own - larger)
        return output

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:  # type: ignore[override]
        """Return the credits over the differences of the inputs; a cell may lie in many windows."""
        change, places, *credits = ctx.saved_tensors
        gradient = gradient.chunk(2)[0]
        total = torch.zeros_like(change).flatten(2)
        for place, credit in zip(places.chunk(2), credits, strict=True):
            total.scatter_add_(2, place.flatten(2), (gradient * credit).flatten(2))
        total = total.view_as(change)
        multiplier = torch.where(change != 0, total / change, 0.0)
        return torch.cat([multiplier, torch.zeros_like(multiplier)]), None
