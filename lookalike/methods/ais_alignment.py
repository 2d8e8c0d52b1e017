"""Alignment importance: what a model's similarities between images, against human ones, lose
without each feature map.
"""

from typing import Literal

from lookalike.core.errors import InputError
from lookalike.core.registry import method

# With fewer others, every correlation over them is 1 or -1.
FEWEST_IMAGES = 4
# Numbers of features, over images and channels.
FEATURES_AT_ONCE = 2**26


@method(
    signed=True, targets="similarity", reference="Truong, Pesenti and Hasson 2024, arXiv:2409.16292"
)
def ais_alignment(
    model,
    images,
    targets,
    seeds,
    *,
    depth=1.0,
    layer=None,
    negative: Literal["clip", "keep"] = "clip",
    human=None,
    reference=None,
):
    """Return sum_k w_k A_k, w_k by how much an image's similarities agree less with human ones
    where channel k is zeroed in it.

    S is Pearson's correlation between penultimate features of images, H a human similarity. For
    image n, w_nk = r(H[n], S[n]) - r(H[n], S[n] without k in image n), over the other images. What
    is constant correlates with nothing.

    Parameters
    ----------
    model : VisionModel
    images : Tensor, shape (n, 3, H, W)
        RGB in [0, 1].
    targets : Tensor of int, shape (n,)
        Places of the images in `human` and `reference`.
    seeds : list of int
        Not used.
    depth : float
        In (0, 1]: a shallower target layer.
    layer : str, optional
        Name of a module, which goes before `depth`.
    negative : {"clip", "keep"}
        What becomes of channels without which the agreement grows: their weight is 0, or stays
        below it.
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
    import numpy as np
    import torch

    from lookalike.models.alignment import agreements
    from lookalike.models.channels import record, rerun
    from lookalike.models.grids import to_grid
    from lookalike.models.layers import target_layer
    from lookalike.models.networks import features_of

    if len(human) < FEWEST_IMAGES:
        raise InputError(
            f"ais_alignment wants {FEWEST_IMAGES} images or more, whose similarities it "
            f"correlates; there are {len(human)}"
        )
    size = tuple(images.shape[2:])
    chosen = target_layer(model.net, depth, layer, size)
    recording = record(
        model.net, chosen, model.normalise(images), lambda inputs: features_of(model.net, inputs)
    )
    cells = to_grid(recording.activation, model.net, size)
    # Features without many channels, of many images, would not fit into memory at once.
    at_once = max(1, FEATURES_AT_ONCE // recording.outputs.numel())
    agreement = [agreements(recording.outputs[:, None], targets, human, reference)]
    for kept in (~torch.eye(recording.channels, dtype=torch.bool)).split(at_once):
        agreement.append(agreements(rerun(recording, kept), targets, human, reference))
    agreement = np.concatenate(agreement, axis=1)
    weights = agreement[:, :1] - agreement[:, 1:]
    if negative == "clip":
        weights = weights.clip(min=0)
    maps = (torch.from_numpy(weights).to(cells.device)[:, :, None, None] * cells).sum(dim=1)
    return maps.float().cpu().numpy(), {"alignment": agreement[:, 0]}
