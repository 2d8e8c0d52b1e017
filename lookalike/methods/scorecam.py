"""ScoreCAM: feature maps, weighted by the score of the image where it is masked by each of them."""

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
    passes="1 forward, and 1 for each channel of the layer",
    reference="Wang et al. 2020, arXiv:1910.01279",
)
def scorecam(
    model: "VisionModel",
    images: "torch.Tensor",
    targets: "torch.Tensor",
    seeds: Sequence[int],
    *,
    depth: float = 1.0,
    layer: str | None = None,
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return ReLU(sum_k w_k A_k), w the softmax over the channels of the scores of the images
    x * M_k, M_k feature map k enlarged to the image and brought onto [0, 1].

    Needs no gradient, but a forward pass of the whole network for each channel: 2048 an image for
    the last layer of a ResNet-50. What is masked shows the mean colour of the data that the network
    was made for. A feature map that is constant masks everything.

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

    cells = layer_activations(model, images, depth, layer)
    inputs = model.normalise(images)
    weights = torch.stack(
        [
            masked_scores(model, image, maps, target).softmax(dim=0)
            for image, maps, target in zip(inputs, cells, targets.tolist(), strict=True)
        ]
    )
    return (weights[:, :, None, None] * cells).sum(dim=1).relu().float().cpu().numpy(), {}


def masked_scores(
    model: "VisionModel", image: "torch.Tensor", cells: "torch.Tensor", target: int
) -> "torch.Tensor":
    """Return the scores, shape (k,), of a normalised image (3, H, W) under each of the feature maps
    (k, h, w).
    """
    import torch

    scores = []
    with torch.no_grad():
        for some in cells.split(model.batch(image.shape[2])):
            masks = torch.nn.functional.interpolate(some[:, None], image.shape[1:], mode="bilinear")
            low, high = masks.amin(dim=(2, 3), keepdim=True), masks.amax(dim=(2, 3), keepdim=True)
            masks = torch.where(high > low, (masks - low) / (high - low), 0.0)
            scores.append(model.net(image * masks)[:, target])
    return torch.cat(scores)
