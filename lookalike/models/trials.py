"""A trial of a network: which of its modules give a grid that its score depends on."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import torch
from torch.autograd.graph import Node, get_gradient_edge

from lookalike.models.grids import layout, to_grid
from lookalike.models.networks import TimmNetwork
from lookalike.models.normalisation import channels_of


@dataclass
class Call:
    """A run of a module whose output lies on a grid.

    Attributes
    ----------
    name : str
    module : torch.nn.Module
    own : bool
        False where the module does nothing, or passes on what a pooling gave.
    reached : bool
        Whether the score depends on a cell of the grid, and not on the class token alone.
    """

    name: str
    module: torch.nn.Module
    own: bool
    reached: bool = False


@lru_cache(maxsize=1)  # a job explains one network, a few images at a time
def trial(net: TimmNetwork, size: tuple[int, int]) -> tuple[list[Call], bool]:
    """Run a network forwards and backwards once, and note which modules give a grid that its score
    depends on.

    Returns
    -------
    calls : list of Call
        In the order in which they end; without modules that run several times, do nothing, or end
        in a pooling. Where the final features are read cell by cell, the last one is no side
        branch: all of the score passes through it, if there is such a module.
    whole : bool
        Whether the final features are read cell by cell, not by a class token alone.
    """
    calls: list[Call] = []
    nodes: dict[str, Node | None] = {}
    pooled: list[torch.Tensor] = []
    runs: Counter[str] = Counter()

    def note(name: str, module: torch.nn.Module, output: Any) -> None:
        runs[name] += 1
        if (
            not torch.is_tensor(output)
            or not output.requires_grad
            or layout(output.shape, net, size) is None
        ):
            return
        if "pool" in type(module).__name__.lower():
            pooled.append(output)
        own = not isinstance(module, torch.nn.Identity) and not any(
            output is other for other in pooled
        )
        calls.append(Call(name, module, own))
        nodes[name] = output.grad_fn
        output.register_hook(partial(mark, calls[-1]))

    def mark(call: Call, gradient: torch.Tensor) -> None:
        call.reached = bool(to_grid(gradient, net, size).any())

    images = noise(net, size).requires_grad_()
    with torch.enable_grad(), evaluating(net):
        hooks = [
            module.register_forward_hook(
                lambda module, _, output, name=name: note(name, module, output)
            )
            for name, module in net.named_modules()
            if name
        ]
        try:
            features = net.forward_features(images)
        finally:
            for hook in hooks:
                hook.remove()
        note("", net, features)
        read = net.forward_head(features, pre_logits=True)
        # Not the logits, since a fresh classifier may be zero; not a plain sum, since that of a
        # norm is constant.
        read = (
            torch.cat([part.flatten() for part in read])
            if isinstance(read, list | tuple)
            else read.flatten()
        )
        score = read @ torch.arange(1.0, len(read) + 1, device=read.device)
        torch.autograd.grad(score, images)
    whole = (torch.is_tensor(features) and features.ndim == 4) or any(
        call.reached for call in calls if not call.name
    )
    calls = [
        call for call in calls if call.name and call.own and call.reached and runs[call.name] == 1
    ]
    if whole:
        start = get_gradient_edge(images).node
        # A branch may have cells where the features beside it have but one.
        through = (
            place
            for place in reversed(range(len(calls)))
            if not passes_by(score.grad_fn, nodes[calls[place].name], start)
        )
        calls = calls[: next(through, len(calls)) + 1]
    return calls, whole


def passes_by(end: Node | None, between: Node | None, start: Node) -> bool:
    """Return whether the end of a graph depends on its start by a way that avoids a node."""
    seen, waiting = {between}, [end]
    while waiting:
        node = waiting.pop()
        if node is start:
            return True
        if node is not None and node not in seen:
            seen.add(node)
            waiting += [before for before, _ in node.next_functions]
    return False


@contextmanager
def evaluating(net: TimmNetwork) -> Iterator[torch.nn.Module]:
    """Keep a network in evaluation mode while the block runs."""
    training = net.training
    try:
        yield net.eval()
    finally:
        net.train(training)


def noise(net: TimmNetwork, size: tuple[int, int]) -> torch.Tensor:
    """Return one image of noise: with a blank one, a rectifier may block everything."""
    return torch.randn(1, channels_of(net), *size, generator=torch.Generator().manual_seed(0)).to(
        next(net.parameters()).device
    )
