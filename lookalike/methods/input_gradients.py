"""The gradient of the score with respect to the image, and noise under which it is taken."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from lookalike.core.errors import InputError

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


def noise_of(
    inputs: "torch.Tensor", seeds: Sequence[int], samples: int, share: float, name: str
) -> Iterator["torch.Tensor"]:
    """Yield Gaussian noise for all images, shape (n, 3, H, W), once for each sample.

    Parameters
    ----------
    inputs : Tensor, shape (n, 3, H, W)
        Normalised images.
    seeds : list of int
        One for every image, so that its noise depends neither on the batch nor on the device.
    samples : int
    share : float
        Standard deviation as a share of the range of an image.
    name : str
        Of the method, for the error.

    Raises
    ------
    InputError
        For fewer than one sample.
    """
    import torch

    if samples < 1:
        raise InputError(f"{name}: samples must be at least 1, not {samples}")
    rngs = [np.random.default_rng(seed) for seed in seeds]
    size = inputs.shape[1:]
    spread = share * (inputs.amax(dim=(1, 2, 3)) - inputs.amin(dim=(1, 2, 3)))
    for _ in range(samples):
        drawn = np.stack([rng.standard_normal(size, dtype=np.float32) for rng in rngs])
        yield spread.view(-1, 1, 1, 1) * torch.from_numpy(drawn).to(inputs.device)
