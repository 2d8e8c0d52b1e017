"""Models loaded from `results/checkpoints/`: a network with its weights, its regression head if it
has one, and without the channels that it lacks.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch

from lookalike.core import io
from lookalike.core.errors import InputError
from lookalike.core.types import Row, StrPath
from lookalike.models.grids import channel_axis
from lookalike.models.heads import attach_head
from lookalike.models.networks import TimmNetwork, VisionModel, build_network, ready
from lookalike.models.weights import read_weights


def load_model(
    path: StrPath, device: torch.device | str = "cpu", sidecar: StrPath | None = None
) -> VisionModel:
    """Return the `VisionModel` of a checkpoint that `save_model` wrote.

    Parameters
    ----------
    path : path-like
        Of the weights.
    device : torch.device
    sidecar : path-like, optional
        By default next to the weights; a pruned variant has its own, which names the channels that
        it lacks.
    """
    about = io.read_json(sidecar or Path(path).with_suffix(".json"))
    net = build(about)
    net.load_state_dict(read_weights(path))
    if "pruned" in about:
        mask_channels(net, net.get_submodule(about["pruned"]["layer"]), about["pruned"]["dropped"])
    return ready(net, about["mean"], about["std"], about["classes"], device)


def build(about: Row) -> TimmNetwork:
    """Return the network that a sidecar describes, with its head and random weights."""
    head = about.get("head")
    if head:
        return attach_head(build_network(about["recipe"], 0), **head)
    return build_network(about["recipe"], len(about["classes"]))


def mask_channels(
    net: TimmNetwork,
    layer: torch.nn.Module,
    dropped: Iterable[int],
    size: tuple[int, int] | None = None,
) -> torch.utils.hooks.RemovableHandle:
    """Set channels of a layer to zero in every forward pass from now on.

    Parameters
    ----------
    net : torch.nn.Module
    layer : torch.nn.Module
        One of its modules. If its output goes into a batch norm, the masked channels become
        constant, not zero: `record` refuses such a layer.
    dropped : list of int
        Indices of the channels.
    size : (int, int), optional
        Height and width of the images; by default they are square.

    Returns
    -------
    torch.utils.hooks.RemovableHandle
        `remove()` brings the channels back.

    Raises
    ------
    InputError
        In the forward pass: if the output lies on no grid, or has no such channel.
    """

    def drop(module: torch.nn.Module, inputs: Any, output: Any) -> torch.Tensor:
        if not torch.is_tensor(output):
            raise InputError(
                f"the masked layer gives a {type(output).__name__}, not a tensor; give a "
                "`layer:` inside it"
            )
        axis = channel_axis(output.shape, net, size)
        if index.numel() and not 0 <= index.min() <= index.max() < output.shape[axis]:
            raise InputError(
                f"channels from {index.min()} to {index.max()} cannot be dropped of a layer "
                f"of {output.shape[axis]}"
            )
        return output.index_fill(axis, index.to(output.device), 0)

    index = torch.tensor(list(dropped), dtype=torch.long)
    return layer.register_forward_hook(drop)
