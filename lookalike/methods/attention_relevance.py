"""Attention relevance: attention rollout of one class, each weight times its gradient."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from lookalike.core.registry import method

if TYPE_CHECKING:
    import torch

    from lookalike.models.networks import VisionModel


@method(
    signed=False,
    passes="1 forward, 1 backward",
    reference="Chefer, Gur and Wolf 2021, doi:10.1109/ICCV48922.2021.00045, equations 5 and 6",
)
def attention_relevance(
    model: "VisionModel",
    images: "torch.Tensor",
    targets: "torch.Tensor",
    seeds: Sequence[int],
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return the rows of prod_b (I + E_b) that the head reads, E_b = mean over heads of
    ReLU(A_b d(score) / d(A_b)), A_b the attention of block b.

    For vision transformers whose blocks attend to all tokens (ViT, DeiT, BEiT, EVA, DINOv2); others
    are refused. A head may read a class token, that and a distillation token, the mean of the
    patches, or all by its own attention. What a patch gets from itself past all attention is left
    out: it is the same for all patches. One forward and one backward pass.

    The rule of Chefer et al. (CVPR 2021, arXiv:2012.09838) is the same product with a relevance by
    layers (LRP) in place of A_b; with A_b, the two are equal.

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
        model, images, targets, "attention_relevance", lambda weights: weights, whole=True
    )
    slopes, *gradients = torch.autograd.grad(
        found.scores.sum(), [found.features, *found.blocks, *found.pooling]
    )
    relevances = [
        (weights.detach() * gradient).relu().mean(dim=1)
        for weights, gradient in zip([*found.blocks, *found.pooling], gradients, strict=True)
    ]
    blocks, pooling = relevances[: len(found.blocks)], relevances[len(found.blocks) :]
    read = read_tokens(slopes, pooling)
    # Kept apart from what is added to it, which may be too small for a sum in single precision.
    passed, added = (0, read) if pooling else (read, torch.zeros_like(read))
    for relevance in reversed(blocks):
        added = added + (passed + added) @ relevance
    return on_grid(added, model, images), {}
