"""Attention rollout: where the attention of all blocks together leads, whatever is predicted."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from lookalike.core.registry import method

if TYPE_CHECKING:
    import torch

    from lookalike.models.networks import VisionModel


@method(
    signed=False,
    passes="1 forward, and a gradient to the head's input",
    class_specific=False,
    reference="Abnar and Zuidema 2020, doi:10.18653/v1/2020.acl-main.385",
)
def attention_rollout(
    model: "VisionModel",
    images: "torch.Tensor",
    targets: "torch.Tensor",
    seeds: Sequence[int],
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return the rows of prod_b (A_b + I) / 2 that the head reads, A_b the attention of block b,
    the mean over its heads.

    For vision transformers whose blocks attend to all tokens (ViT, DeiT, BEiT, EVA, DINOv2); others
    are refused. A head may read a class token, that and a distillation token, the mean of the
    patches, or all by its own attention. One forward pass; the map is the same for every class.

    Parameters
    ----------
    model : VisionModel
    images : Tensor, shape (n, 3, H, W)
        RGB in [0, 1].
    targets : Tensor, shape (n,)
        Class whose logit shows which tokens the head reads.
    seeds : list of int
        Not used.

    Returns
    -------
    maps : ndarray, shape (n, h, w), float32
        On the grid of the patches.
    diagnostics : dict
        Empty.

    Raises
    ------
    InputError
        If the network's tokens are not mixed by one attention over all of them in each block.
    """
    import torch

    from lookalike.models.attention import attend, on_grid, read_tokens

    found = attend(
        model,
        images,
        targets,
        "attention_rollout",
        lambda weights: weights.mean(dim=1),
        whole=False,
    )
    (slopes,) = torch.autograd.grad(found.scores.sum(), found.features)
    row = read_tokens(slopes, found.pooling)
    for weights in reversed(found.blocks):
        row = (row + row @ weights) / 2
    return on_grid(row, model, images), {}
