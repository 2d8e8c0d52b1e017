"""The gradient of the score with respect to the image."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

    from lookalike.models.networks import VisionModel


def gradient_of_score(
    model: "VisionModel", inputs: "torch.Tensor", targets: "torch.Tensor"
) -> "torch.Tensor":
    """Return d(score) / d(inputs) of each image, shape (n, 3, H, W).

    Parameters
    ----------
    model : VisionModel
    inputs : Tensor, shape (n, 3, H, W)
        Normalised images.
    targets : Tensor, shape (n,)
        Class whose logit is the score.
    """
    import torch

    inputs = inputs.detach().requires_grad_()
    with torch.enable_grad():
        scores = model.net(inputs).gather(1, targets[:, None]).sum()
        return torch.autograd.grad(scores, inputs)[0]
