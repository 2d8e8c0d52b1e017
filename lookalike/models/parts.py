"""Which part of a checkpoint is the network: what it was wrapped in, what is saved next to it."""

import inspect
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import takewhile
from typing import Any

import torch

from lookalike.core.errors import InputError
from lookalike.core.types import StrPath
from lookalike.models.naming import Weights, readings_of
from lookalike.models.networks import Recipe, TimmNetwork
from lookalike.models.normalisation import normalisation_of

# What parallel training and compilation put into names, anywhere.
WRAPPERS = re.compile(
    r"(?:(?<=\.)|^)(?:_fsdp_wrapped_module|_checkpoint_wrapped_module|_orig_mod)\."
)
# A counter that no prediction reads; older files lack it.
COUNTER = "num_batches_tracked"
# Of two networks that fit, the one that comes first here is taken: a running average before the
# last step, as in timm, and of two that learn from each other the one that is evaluated.
PREFERRED = (
    *("state_dict_ema", "model_ema", "ema_state_dict", "ema_model", "ema", "params_ema"),
    *("module_ema", "averaged_model", "teacher", ""),
    *("state_dict", "model_state_dict", "model", "net", "network", "weights", "params"),
    *("student", "encoder_q", "encoder_k"),
)
CENTRES, SPREADS = (
    ("mean", "mu", "pixel_mean", "image_mean"),
    ("std", "sigma", "pixel_std", "image_std"),
)
MOST_NAMED = 5


@dataclass
class Part:
    """Tensors of a file below one prefix, under the names of a network.

    Attributes
    ----------
    prefix : str
        What was stripped of the names; ends in a dot.
    weights : dict of Tensor
    options : dict
        Under which timm's network computes what their own network does.
    missing, unexpected, misshapen : list of str
        What does not fit, the head aside.
    """

    prefix: str
    weights: Weights
    options: dict[str, Any]
    missing: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    misshapen: list[str] = field(default_factory=list)

    @property
    def misfits(self) -> int:
        """How many names do not fit."""
        return len(self.missing) + len(self.unexpected) + len(self.misshapen)

    def equals(self, other: "Part") -> bool:
        """Tell whether it holds the same tensors under the same names."""
        return self.weights.keys() == other.weights.keys() and all(
            tensor is other.weights[name] or torch.equal(tensor, other.weights[name])
            for name, tensor in self.weights.items()
        )


def choose_part(
    weights: Weights, net: TimmNetwork, recipe: Recipe, path: StrPath
) -> tuple[Part, list[str]]:
    """Return the part of a file that fits a network, or else that fits best; and the prefixes of
    other networks that fit as well.

    Raises
    ------
    InputError
        If several fit, and it is not known which of them is meant.
    """
    expected, head = net.state_dict(), head_of(net)
    needed = [name for name in expected if not name.startswith(head) and not name.endswith(COUNTER)]
    parts = []
    for prefix in prefixes_of(weights, len(needed) / 2):
        below = below_prefix(weights, prefix, head)
        readings = [
            Part(prefix, reading, options, *misfits(net, reading, head))
            for reading, options in readings_of(below, net, recipe)
        ]
        parts.append(min(readings, key=lambda part: part.misfits))
    fitting: list[Part] = []
    for part in parts:
        if not part.misfits and not any(part.equals(other) for other in fitting):
            fitting.append(part)
    if len(fitting) < 2:
        return (fitting or [min(parts, key=lambda part: part.misfits)])[0], []
    chosen = preferred([part.prefix for part in fitting])
    if chosen is None:
        named = ", ".join(repr(part.prefix.rstrip(".")) for part in fitting)
        raise InputError(
            f"{path}: holds several networks that fit {recipe['timm']!r}: {named}; save "
            "`model.state_dict()` of one alone"
        )
    others = [part.prefix for index, part in enumerate(fitting) if index != chosen]
    return fitting[chosen], others


def without_wrappers(weights: Weights, path: StrPath) -> Weights:
    """Return a state dict without what a network was wrapped in, in the middle of names too."""
    bare = {WRAPPERS.sub("", name): tensor for name, tensor in weights.items()}
    if len(bare) < len(weights):
        raise InputError(f"{path}: holds several networks; save `model.state_dict()` of one alone")
    return bare


def prefixes_of(names: Iterable[str], least: float) -> list[str]:
    """Return the prefixes that enough names share, shorter ones first; the empty one always."""
    counts = Counter(name[: dot.end()] for name in names for dot in re.finditer(r"\.", name))
    return ["", *sorted((prefix for prefix, n in counts.items() if n >= least), key=len)]


def below_prefix(weights: Weights, prefix: str, head: tuple[str, ...]) -> Weights:
    """Return the tensors below a prefix; with the head, where that lies next to its network."""
    below = {
        name.removeprefix(prefix): tensor
        for name, tensor in weights.items()
        if name.startswith(prefix)
    }
    if any(name.startswith(head) for name in below):
        return below
    for dot in reversed([0, *(dot.end() for dot in re.finditer(r"\.", prefix[:-1]))]):
        beside = {
            name[dot:]: tensor
            for name, tensor in weights.items()
            if name.startswith(prefix[:dot]) and name[dot:].startswith(head)
        }
        if beside:
            return below | beside
    return below


def preferred(prefixes: Sequence[str]) -> int | None:
    """Return the index of the prefix that comes first in `PREFERRED`, or None where that does not
    decide.
    """
    segments = [prefix.split(".") for prefix in prefixes]
    shared = (len(set(level)) == 1 for level in zip(*segments, strict=False))
    depth = len(list(takewhile(bool, shared)))
    keys = [own[depth] for own in segments]
    if len(set(keys)) < len(keys) or not set(keys) <= set(PREFERRED):
        return None
    return min(range(len(keys)), key=lambda index: PREFERRED.index(keys[index]))


def head_of(net: TimmNetwork) -> tuple[str, ...]:
    """Return the prefix of the names in a network's classifier; a distilled transformer has two."""
    heads = net.get_classifier()
    heads = heads if isinstance(heads, tuple) else (heads,)
    return tuple(
        f"{name}." for name, module in net.named_modules() if any(module is head for head in heads)
    )


def misfits(
    net: TimmNetwork, weights: Weights, ignored: tuple[str, ...] = ()
) -> tuple[list[str], list[str], list[str]]:
    """Return the names missing in a state dict, those unexpected there, and those whose tensor has
    another shape; names with an ignored prefix do not count, nor tensors of no network.
    """
    expected = net.state_dict()
    missing = [
        name
        for name in expected
        if name not in weights and not name.startswith(ignored) and not name.endswith(COUNTER)
    ]
    others = [name for name in weights if name not in expected and not name.startswith(ignored)]
    own = parts_of(net, {name.partition(".")[0] for name in others})
    unexpected = [name for name in others if name.partition(".")[0] in own]
    misshapen = [
        name
        for name in expected
        if name in weights
        and not name.startswith(ignored)
        and expected[name].shape != weights[name].shape
    ]
    return missing, unexpected, misshapen


def parts_of(net: TimmNetwork, roots: Iterable[str]) -> set[str]:
    """Return which names belong to the network or, as its class says, to another of its family.

    A deeper ResNet has all weights of a shallower one, and more of the same names. A loss or a
    projector is of no network of timm.
    """
    kind: Any = type(net)
    own = {name for name, _ in net.named_children()} | attributes_of(kind)
    return {root for root in roots if root in own}


@cache
def attributes_of(kind: type) -> set[str]:
    """Return the attributes that the code of a class of timm, and of those below it, speaks of."""
    return {
        name
        for own in kind.__mro__
        if own.__module__.startswith("timm")
        for name in re.findall(r"self\.(\w+)", inspect.getsource(own))
    }


def check_own_normalisation(
    weights: Weights, left_out: Iterable[str], net: TimmNetwork, path: StrPath
) -> None:
    """Refuse a file whose network normalises images otherwise than timm says of it."""
    centre, spread = normalisation_of(net)
    for name in left_out:
        parent, _, leaf = name.rpartition(".")
        if name not in weights or leaf not in CENTRES or weights[name].numel() != len(centre):
            continue
        other = f"{parent}." * bool(parent) + SPREADS[CENTRES.index(leaf)]
        if other not in weights or weights[other].numel() != len(spread):
            continue
        mean, std = (
            [round(x, 4) for x in weights[key].flatten().tolist()] for key in (name, other)
        )
        if max(abs(a - b) for a, b in zip(mean + std, centre + spread, strict=True)) > 1e-3:
            raise InputError(
                f"{path}: normalises images by {name!r} {mean} and {other!r} {std}, other than "
                f"timm's {centre} and {spread}; set options: {{pretrained_cfg_overlay: {{mean: "
                f"{mean}, std: {std}}}}}"
            )


def summarise(names: Iterable[str], prefix: str) -> list[str]:
    """Return names sorted; of many below one part, that part and their number. Parts are those next
    to what has the prefix.
    """
    below: dict[str, list[str]] = {}
    for name in names:
        segments = name.split(".")
        shared = (a == b for a, b in zip(segments, prefix.split("."), strict=False))
        depth = len(list(takewhile(bool, shared)))
        below.setdefault(".".join(segments[: depth + 1]), []).append(name)
    return sorted(
        line
        for part, own in below.items()
        for line in (own if len(own) <= MOST_NAMED else [f"{part}.* ({len(own)})"])
    )
