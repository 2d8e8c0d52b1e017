"""The attention of a transformer: what each block's tokens read of the tokens before it, and which
tokens the score reads at the end.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.overrides import TorchFunctionMode

from lookalike.core.errors import InputError
from lookalike.models.grids import to_grid
from lookalike.models.networks import VisionModel

Keep = Callable[[torch.Tensor], torch.Tensor]


class Recording(TorchFunctionMode):
    """While it is active, scaled dot products give their attention weights away: they are computed
    as a softmax and a product, equal to the fused kernel but for rounding. Nothing of the network
    is changed, so that nothing has to be put back.

    Attributes
    ----------
    keep : callable
        What is kept of weights (n, heads, queries, keys).
    weights : list of Tensor
        What was kept, in the order of the forward pass.
    """

    def __init__(self, keep: Keep) -> None:
        super().__init__()
        self.keep = keep
        self.weights: list[torch.Tensor] = []

    def __torch_function__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Compute attention openly, and all else as it is."""
        if func is not torch.nn.functional.scaled_dot_product_attention:
            return func(*args, **kwargs or {})
        weights, values = weigh(*args, **kwargs or {})
        # Where no parameter has a gradient, the graph begins at the first block.
        if torch.is_grad_enabled() and not weights.requires_grad:
            weights.requires_grad_()
        self.weights.append(self.keep(weights))
        return weights @ values


def weigh(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attn_mask: torch.Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the attention weights (n, heads, queries, keys) and the values (n, heads, keys, d) of
    a call of torch's `scaled_dot_product_attention`, without its dropout.
    """
    if enable_gqa:
        groups = query.shape[-3] // key.shape[-3]
        key, value = (each.repeat_interleave(groups, dim=-3) for each in (key, value))
    products = query * (query.shape[-1] ** -0.5 if scale is None else scale) @ key.mT
    if is_causal:
        attn_mask = torch.ones_like(products, dtype=torch.bool).tril()
    if attn_mask is not None and attn_mask.dtype == torch.bool:
        products = products.masked_fill(~attn_mask, -torch.inf)
    elif attn_mask is not None:
        products = products + attn_mask
    return products.softmax(dim=-1), value


@dataclass
class Attention:
    """The attention of one forward pass.

    Attributes
    ----------
    blocks : list of Tensor
        What was kept of the weights of every block, (n, ..., tokens, tokens).
    pooling : list of Tensor
        The same of a head that pools by attention, (n, ..., 1, read tokens); empty for others.
    scores : Tensor, shape (n,)
        Logits of the targets.
    features : Tensor, shape (n, tokens, channels)
        What the head reads.
    """

    blocks: list[torch.Tensor]
    pooling: list[torch.Tensor]
    scores: torch.Tensor
    features: torch.Tensor


def attend(
    model: VisionModel,
    images: torch.Tensor,
    targets: torch.Tensor,
    name: str,
    keep: Keep,
    whole: bool,
) -> Attention:
    """Run a transformer once, and record its attention.

    Parameters
    ----------
    model : VisionModel
    images : Tensor, shape (n, 3, H, W)
        RGB in [0, 1].
    targets : Tensor, shape (n,)
        Class whose logit is the score.
    name : str
        Of the method, for the error.
    keep : callable
        What is kept of the weights (n, heads, queries, keys) of a block.
    whole : bool
        Whether the graph goes back to the first block; otherwise only to the head's input.

    Raises
    ------
    InputError
        If the network's tokens are not mixed by one attention over all of them in each block.
    """
    net = model.net
    with Recording(keep) as recording:
        with torch.set_grad_enabled(whole):
            features = net.forward_features(model.normalise(images))
        if not whole and torch.is_tensor(features):
            features = features.detach().requires_grad_()
        mixing = len(recording.weights)
        with torch.enable_grad():
            scores = net.forward_head(features)
    blocks, pooling = recording.weights[:mixing], recording.weights[mixing:]
    count = len(getattr(net, "blocks", ()))
    square = torch.is_tensor(features) and (len(images), *2 * features.shape[1:2])
    if (
        not count
        or len(blocks) != count
        or any(each.shape[-2] != 1 for each in pooling)
        or any((len(each), *each.shape[-2:]) != square for each in blocks)
    ):
        raise InputError(
            f"{name}: not every block of {type(net).__name__} mixes its tokens by one attention "
            "over all of them, whose product over the blocks the method is; it explains ViT, DeiT, "
            "BEiT, EVA, DINOv2 and the like"
        )
    return Attention(blocks, pooling, scores.gather(1, targets[:, None])[:, 0], features)


def read_tokens(slopes: torch.Tensor, pooling: Sequence[torch.Tensor]) -> torch.Tensor:
    """Return how much the head reads each token, shape (n, 1, tokens): by its own attention, or, in
    equal shares, those on which the score depends.

    Parameters
    ----------
    slopes : Tensor, shape (n, tokens, channels)
        Gradient of the score with respect to what the head reads.
    pooling : list of Tensor, shape (n, 1, read tokens)
        Weights of a head that pools by attention; empty for others.
    """
    if pooling:
        # Such a head may leave out the tokens before the grid.
        return torch.nn.functional.pad(pooling[0], (slopes.shape[1] - pooling[0].shape[2], 0))
    used = slopes.ne(0).any(dim=2).to(slopes.dtype)[:, None]
    return used / used.sum(dim=2, keepdim=True).clamp(min=1)


def on_grid(row: torch.Tensor, model: VisionModel, images: torch.Tensor) -> np.ndarray:
    """Return a value for each token (n, 1, tokens) on the tokens' grid, without those before it, as
    an ndarray (n, h, w), float32.
    """
    size = images.shape[2], images.shape[3]
    return to_grid(row.mT, model.net, size)[:, 0].detach().float().cpu().numpy()
