"""Checkpoints from elsewhere: the names of other libraries and trainers, and a check that no weight
is silently left out.
"""

import contextlib
import inspect
import re
import sys
from collections.abc import Mapping
from typing import Any

import torch

from lookalike.core.errors import InputError
from lookalike.core.types import Row, StrPath
from lookalike.models.networks import Recipe, TimmNetwork, build_network
from lookalike.models.weights import read_weights

Weights = Mapping[str, torch.Tensor]
# What wraps a network in training: data parallelism, compilation, Lightning, self-supervision.
WRAPPERS = re.compile(r"^((module|_orig_mod|model|backbone)\.)+")
# Not part of the network, and of no use after training: projector and bn are of Barlow Twins,
# n_averaged of a running average.
EXTRAS = re.compile(r"^((projector|predictor|bn)\.|n_averaged$)")
# A counter that no prediction reads; older files lack it.
COUNTER = "num_batches_tracked"
TIMM_FILTERS = (
    "checkpoint_filter_fn",
    "pretrained_filter_fn",
    "_filter_fn",
    "_filter_torchvision_pretrained",
)
# In these, torchvision's batch norm has another epsilon.
TORCHVISION_EPSILON = re.compile(r"efficientnet_b[567]|efficientnetv2_[sml]")


def build_from_checkpoint(
    recipe: Recipe, weights: Weights, path: StrPath, n_classes: int | None = None
) -> tuple[TimmNetwork, Row]:
    """Build the network of a recipe around the state dict of a file.

    Parameters
    ----------
    recipe : dict
        `timm`, the name, and `options`.
    weights : dict of Tensor
        Under the names of timm, or of torchvision's ResNet, DenseNet, VGG and EfficientNet
        families.
    path : path-like
        Of the file, for the sidecar and for errors.
    n_classes : int, optional
        Size of a fresh head, whatever head the file has; 0 for no head. None takes the file's own,
        which sets the number of classes.

    Returns
    -------
    net : torch.nn.Module
    about : dict
        `recipe`, which may have gained an option, and `weights`: `source`, the number of tensors
        `loaded`, the names `missing` in the file and those `unexpected` there.

    Raises
    ------
    InputError
        If the file has no head and none is to be trained, or if any other name is missing or
        unexpected, or its tensor has another shape.
    """
    recipe = {"options": {}, **recipe}
    net = build_network(recipe, n_classes)
    weights, options = translate(without_wrappers(weights, path), net, recipe)
    head, fresh = head_of(net), n_classes is not None
    outputs = n_classes if fresh else outputs_of(net, weights) or net.num_classes
    if outputs != net.num_classes or options != recipe["options"]:
        recipe = {**recipe, "options": options}
        net = build_network(recipe, outputs)
    expected = net.state_dict()
    headless = not any(name.startswith(head) for name in weights)
    found = misfits(expected, weights, head if fresh or headless else ())
    if any(found):
        counts = (
            f"{len(found[0])} weights missing, {len(found[1])} unexpected, {len(found[2])} of "
            "another shape"
        )
        first = ", ".join(repr(names[0]) for names in found if names)
        raise InputError(
            f"{path}: is no checkpoint of {recipe['timm']!r}: {counts}, for example {first}; "
            "set `timm` and `options` to what it was trained as"
        )
    if headless and not fresh:
        parts = " and ".join(repr(name.rstrip(".")) for name in head)
        raise InputError(
            f"{path}: is a backbone without the head {parts}, which predicts nothing; set "
            "`finetune: true` to train one"
        )
    used = {
        name: tensor
        for name, tensor in weights.items()
        if name in expected and not (fresh and name.startswith(head))
    }
    net.load_state_dict(used, strict=False)
    missing, unexpected = (
        sorted(expected.keys() - used.keys()),
        sorted(weights.keys() - used.keys()),
    )
    return net, {
        "recipe": recipe,
        "weights": {
            "source": str(path),
            "loaded": len(used),
            "missing": missing,
            "unexpected": unexpected,
        },
    }


def without_wrappers(weights: Weights, path: StrPath) -> Weights:
    """Return a state dict without the prefixes of what its network was wrapped in."""
    bare = {WRAPPERS.sub("", name): tensor for name, tensor in weights.items()}
    if len(bare) < len(weights):
        raise InputError(f"{path}: holds several networks; save `model.state_dict()` of one alone")
    return bare


def head_of(net: TimmNetwork) -> tuple[str, ...]:
    """Return the prefix of the names in a network's classifier; a distilled transformer has two."""
    heads = net.get_classifier()
    heads = heads if isinstance(heads, tuple) else (heads,)
    return tuple(
        f"{name}." for name, module in net.named_modules() if any(module is head for head in heads)
    )


def outputs_of(net: TimmNetwork, weights: Weights) -> int | None:
    """Return the number of classes of the head in a state dict, or None if it holds no head."""
    sized = (
        name
        for name, tensor in net.state_dict().items()
        if name.startswith(head_of(net)) and tensor.shape[:1] == (net.num_classes,)
    )
    return next(
        (weights[name].shape[0] for name in sized if name in weights and weights[name].ndim), None
    )


def misfits(
    expected: Weights, weights: Weights, ignored: tuple[str, ...] = ()
) -> tuple[list[str], list[str], list[str]]:
    """Return the names missing in a state dict, those unexpected there, and those whose tensor has
    another shape; names with an ignored prefix do not count.
    """
    missing = [
        name
        for name in expected
        if name not in weights and not name.startswith(ignored) and not name.endswith(COUNTER)
    ]
    unexpected = [
        name
        for name in weights
        if name not in expected and not name.startswith(ignored) and not EXTRAS.match(name)
    ]
    misshapen = [
        name
        for name in expected
        if name in weights
        and not name.startswith(ignored)
        and expected[name].shape != weights[name].shape
    ]
    return missing, unexpected, misshapen


def translate(weights: Weights, net: TimmNetwork, recipe: Recipe) -> tuple[Weights, dict[str, Any]]:
    """Return weights under the names of a timm network, and the options under which it computes
    what their own network does.

    Of all readings of the names, the one that fits best is taken; where several fit equally, the
    names as they are come first.
    """
    module = sys.modules[type(net).__module__]
    readings = [weights]
    for rename in (getattr(module, name) for name in TIMM_FILTERS if hasattr(module, name)):
        arguments = (
            (dict(weights), net)
            if len(inspect.signature(rename).parameters) > 1
            else (dict(weights),)
        )
        # A filter expects the names of its own family, and may fail on others with any error.
        with contextlib.suppress(Exception):
            readings.append(rename(*arguments))
    numbered = "features.0.0.weight" in weights and recipe["timm"].startswith("efficientnet")
    if numbered:
        readings.append(named_in_order(weights, net))
    best = min(
        readings,
        key=lambda reading: sum(map(len, misfits(net.state_dict(), reading, head_of(net)))),
    )
    own_epsilon = numbered and best is readings[-1] and TORCHVISION_EPSILON.match(recipe["timm"])
    return best, ({"bn_eps": 1e-3} if own_epsilon else {}) | recipe["options"]


def named_in_order(weights: Weights, net: TimmNetwork) -> Weights:
    """Return the weights of torchvision's EfficientNet, whose layers are numbered, under timm's
    names, which come in the same order.
    """
    layers = {name.rpartition(".")[0] for name in weights}
    numbered = sorted(
        layers,
        key=lambda layer: (
            layer.startswith("classifier"),
            [int(number) for number in re.findall(r"\d+", layer)],
        ),
    )
    names = dict(
        zip(
            numbered,
            dict.fromkeys(name.rpartition(".")[0] for name in net.state_dict()),
            strict=False,
        )
    )
    return {
        f"{names.get(layer, layer)}.{leaf}": tensor
        for (layer, _, leaf), tensor in (
            (name.rpartition("."), tensor) for name, tensor in weights.items()
        )
    }


def start_network(
    recipe: Recipe, n_classes: int, pretrained: bool, checkpoint: StrPath | None, seed: int
) -> tuple[TimmNetwork, Row]:
    """Build the network that training starts from.

    Parameters
    ----------
    recipe : dict
        `timm` and `options`.
    n_classes : int
        Size of a fresh head; 0 for the backbone alone.
    pretrained : bool
        Whether to start from timm's weights.
    checkpoint : path-like or None
        File of weights to start from.
    seed : int
        Of fresh weights.

    Returns
    -------
    net : torch.nn.Module
    about : dict
        `recipe`, and `weights` if it started from a checkpoint.
    """
    torch.manual_seed(seed)
    if checkpoint:
        return build_from_checkpoint(recipe, read_weights(checkpoint), checkpoint, n_classes)
    return build_network(recipe, n_classes, pretrained), {"recipe": recipe}
