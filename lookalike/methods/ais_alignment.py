"""Alignment importance: how much the agreement of a model's similarities between images with human
ones falls without each feature map.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from lookalike.core.errors import InputError
from lookalike.core.registry import method

if TYPE_CHECKING:
    import torch

    from lookalike.models.networks import VisionModel

# With fewer, every correlation over the other images is 1 or -1.
FEWEST_IMAGES = 4
# Feature values, over images and channels.
FEATURES_AT_ONCE = 2**26


@method(
    signed=True,
    passes="2 forward, and above the layer 1 for each of its channels",
    targets="similarity",
    reference="Truong, Pesenti and Hasson 2024, arXiv:2409.16292",
)
def ais_alignment(
    model: "VisionModel",
    images: "torch.Tensor",
    targets: "torch.Tensor",
    seeds: Sequence[int],
    *,
    depth: float = 1.0,
    layer: str | None = None,
    negative: Literal["clip", "keep"] = "clip",
    human: np.ndarray,
    reference: np.ndarray,
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return sum_k w_k A_k, w_k how much less an image's similarities agree with human ones without
    channel k.

    S is Pearson's correlation between penultimate features of images, H a human similarity. For
    image n, w_nk = r(H[n], S[n]) - r(H[n], S[n] without k in image n), over the other images. The
    correlation with a constant counts as 0.

    Parameters
    ----------
    model : VisionModel
    images : Tensor, shape (n, 3, H, W)
        RGB in [0, 1].
    targets : Tensor of int, shape (n,)
        Indices of the images in `human` and `reference`.
    seeds : list of int
        Not used.
    depth : float
        In (0, 1]: a shallower target layer.
    layer : str, optional
        Name of a module, which takes precedence over `depth`.
    negative : {"clip", "keep"}
        What happens to channels without which the agreement grows: their weight becomes 0, or stays
        negative.
    human : ndarray, shape (N, N)
        H.
    reference : ndarray, shape (N, F)
        Penultimate features of all images.

    Returns
    -------
    maps : ndarray, shape (n, h, w), float32
        On the grid of the target layer.
    diagnostics : dict
        `alignment`: r(H[n], S[n]).

    Raises
    ------
    InputError
        For fewer than four images.
    """
    import torch

    from lookalike.models.alignment import agreements
    from lookalike.models.channels import record, rerun
    from lookalike.models.grids import to_grid
    from lookalike.models.layers import target_layer
    from lookalike.models.networks import features_of

    if len(human) < FEWEST_IMAGES:
        raise InputError(
            f"ais_alignment needs at least {FEWEST_IMAGES} images, whose similarities it "
            f"correlates; found {len(human)}"
        )
    size = images.shape[2], images.shape[3]
    chosen = target_layer(model.net, depth, layer, size)
    recording = record(
        model.net, chosen, model.normalise(images), lambda inputs: features_of(model.net, inputs)
    )
    cells = to_grid(recording.activation, model.net, size)
    # Without a limit, the features of many images and masks would not fit into memory.
    at_once = max(1, FEATURES_AT_ONCE // recording.outputs.numel())
    parts = [agreements(recording.outputs[:, None], targets, human, reference)]
    for kept in (~torch.eye(recording.channels, dtype=torch.bool)).split(at_once):
        parts.append(agreements(rerun(recording, kept), targets, human, reference))
    agreement = np.concatenate(parts, axis=1)
    weights = agreement[:, :1] - agreement[:, 1:]
    if negative == "clip":
        weights = weights.clip(min=0)
    maps = (torch.from_numpy(weights).to(cells.device)[:, :, None, None] * cells).sum(dim=1)
    return maps.float().cpu().numpy(), {"alignment": agreement[:, 0]}
