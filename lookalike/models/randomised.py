"""The same network with random weights in some of its parts: those of a fresh initialisation."""

from collections.abc import Iterable, Mapping

import numpy as np
import torch

from lookalike.core.errors import InputError
from lookalike.core.types import Row
from lookalike.models.loading import build
from lookalike.models.networks import TimmNetwork

State = Mapping[str, torch.Tensor]


def fresh_state(about: Row, seed: int) -> dict[str, torch.Tensor]:
    """Return weights and batch statistics of a model's network as it is before any training.

    Parameters
    ----------
    about : dict
        The model's sidecar.
    seed : int
        Of torch's random numbers, whose state is left as it was.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build(about).state_dict()


def split_network(net: TimmNetwork, number: int) -> list[list[str]]:
    """Split a network into parts, from the head to the images.

    Parameters
    ----------
    net : torch.nn.Module
        With a classifier.
    number : int
        Of parts, at least 2.

    Returns
    -------
    list of list of str
        The modules with weights or statistics of their own, by name: first those of the head, then
        the others, in parts of about as many modules, as the network defines them.

    Raises
    ------
    InputError
        If the network has no classifier, or too few modules.
    """
    heads = net.get_classifier()
    heads = heads if isinstance(heads, tuple | list) else (heads,)
    owners = list(dict.fromkeys(map(owner_of, net.state_dict())))
    inside = {id(module) for head in heads for module in head.modules()}
    names = {name for name, module in net.named_modules() if id(module) in inside}
    head = [name for name in owners if name in names]
    others = [name for name in reversed(owners) if name not in names]
    if not head:
        raise InputError(f"{type(net).__name__} has no classifier with weights of its own")
    if len(others) < number - 1:
        raise InputError(
            f"{type(net).__name__} has {len(others)} modules below its head; `parts` asks for "
            f"{number - 1} parts of them"
        )
    parts = np.array_split(np.array(others, dtype=object), number - 1)
    return [head, *(part.tolist() for part in parts)]


def owner_of(key: str) -> str:
    """Return the module that holds a weight of a state."""
    return key.rpartition(".")[0]


def mixed_state(trained: State, fresh: State, modules: Iterable[str]) -> dict[str, torch.Tensor]:
    """Return a trained state with the fresh weights in some of the modules."""
    random = set(modules)
    return {key: (fresh if owner_of(key) in random else trained)[key] for key in trained}


def share_of(net: torch.nn.Module, modules: Iterable[str]) -> float:
    """Return the share of a network's parameters that some of its modules hold."""
    chosen = set(modules)
    counts = {name: parameter.numel() for name, parameter in net.named_parameters()}
    own = sum(count for name, count in counts.items() if owner_of(name) in chosen)
    return own / max(sum(counts.values()), 1)
