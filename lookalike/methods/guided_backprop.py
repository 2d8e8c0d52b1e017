"""Guided backpropagation: the gradient of the score, of which rectifiers pass positive parts."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from lookalike.core.errors import InputError
from lookalike.core.registry import method
from lookalike.methods.input_gradients import gradient_of_score

if TYPE_CHECKING:
    import torch
    from torch.overrides import TorchFunctionMode

    from lookalike.models.networks import VisionModel


@method(
    signed=False,
    passes="1 forward, 1 backward",
    reference="Springenberg et al. 2015, arXiv:1412.6806",
)
def guided_backprop(
    model: "VisionModel", images: "torch.Tensor", targets: "torch.Tensor", seeds: Sequence[int]
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return the largest absolute guided gradient of the score over the colour channels.

    Guided: the gradient that reaches the output of a rectifier is set to 0 where it is negative,
    before the rectifier's own derivative is applied. Rectifiers are ReLU, ReLU6 and leaky ReLU, as
    modules or called as functions; other functions keep their gradient. The gradient is that with
    respect to the normalised image.

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
    diagnostics : dict
        Empty.

    Raises
    ------
    InputError
        If the network has no rectifier.
    """
    met: list[torch.Size] = []
    with guided_rectifiers(met):
        gradient = gradient_of_score(model, model.normalise(images), targets)
    if not met:
        raise InputError(
            f"guided_backprop: {type(model.net).__name__} has no ReLU, ReLU6 or leaky ReLU, whose "
            "gradients it changes; `saliency` takes any network"
        )
    return gradient.abs().amax(dim=1).float().cpu().numpy(), {}


def guided_rectifiers(met: list["torch.Size"]) -> "TorchFunctionMode":
    """Return a context in which rectifiers pass on positive gradients alone; the shapes of their
    outputs are added to `met`.
    """
    import torch
    from torch.nn import functional
    from torch.overrides import TorchFunctionMode

    kinds = {
        *(functional.relu, functional.relu_, torch.relu, torch.relu_),
        *(torch.Tensor.relu, torch.Tensor.relu_, functional.relu6),
        *(functional.leaky_relu, functional.leaky_relu_),
    }

    class Guide(TorchFunctionMode):
        def __torch_function__(
            self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            kwargs = kwargs or {}
            output = func(*args, **kwargs)
            # A module of ReLU6 calls a clipped identity.
            found = func in kinds or (func is functional.hardtanh and kwargs["min_val"] == 0)
            if found and output.requires_grad:
                met.append(output.shape)
                output.register_hook(torch.relu)
            return output

    return Guide()
