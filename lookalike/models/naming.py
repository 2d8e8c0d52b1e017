"""The names of other libraries, brought to those of timm."""

import contextlib
import inspect
import re
import sys
from collections.abc import Mapping
from typing import Any

import torch

from lookalike.models.networks import Recipe, TimmNetwork

Weights = Mapping[str, torch.Tensor]
TIMM_FILTERS = (
    "checkpoint_filter_fn",
    "pretrained_filter_fn",
    "_filter_fn",
    "_filter_torchvision_pretrained",
)
# In these, torchvision's batch norm has another epsilon.
TORCHVISION_EPSILON = re.compile(r"efficientnet_b[567]|efficientnetv2_[sml]")
# EfficientNet-PyTorch pads as TensorFlow does, which timm's networks of this name alone do too.
PADDED_AS_TENSORFLOW = "tf_efficientnet_"
OF_EFFICIENTNET_PYTORCH = "_conv_stem.weight"


def readings_of(
    weights: Weights, net: TimmNetwork, recipe: Recipe
) -> list[tuple[Weights, dict[str, Any]]]:
    """Return weights under all names that they may have in a timm network, and the options under
    which it then computes what their own network does; the names as they are come first.
    """
    module = sys.modules[type(net).__module__]
    readings: list[tuple[Weights, dict[str, Any]]] = [(weights, {})]
    for rename in (getattr(module, name) for name in TIMM_FILTERS if hasattr(module, name)):
        arguments = (
            (dict(weights), net)
            if len(inspect.signature(rename).parameters) > 1
            else (dict(weights),)
        )
        # A filter expects the names of its own family, and may fail on others with any error.
        with contextlib.suppress(Exception):
            readings.append((rename(*arguments), {}))
    name = recipe["timm"]
    if "features.0.0.weight" in weights and name.startswith("efficientnet"):
        epsilon = {"bn_eps": 1e-3} if TORCHVISION_EPSILON.match(name) else {}
        readings.append((of_torchvision(weights, net), epsilon))
    if OF_EFFICIENTNET_PYTORCH in weights and name.startswith(PADDED_AS_TENSORFLOW):
        readings.append((of_efficientnet_pytorch(weights, net), {}))
    return readings


def of_torchvision(weights: Weights, net: TimmNetwork) -> Weights:
    """Return the weights of torchvision's EfficientNet, whose layers are numbered, under timm's
    names, which come in the same order.
    """
    numbered = sorted(
        {name.rpartition(".")[0] for name in weights},
        key=lambda layer: (
            layer.startswith("classifier"),
            [int(number) for number in re.findall(r"\d+", layer)],
        ),
    )
    layers = dict.fromkeys(name.rpartition(".")[0] for name in net.state_dict())
    return renamed(weights, dict(zip(numbered, layers, strict=False)))


def of_efficientnet_pytorch(weights: Weights, net: TimmNetwork) -> Weights:
    """Return the weights of EfficientNet-PyTorch, which numbers its blocks through, under timm's
    names, which number stages and the blocks in each.
    """
    names = {"_conv_stem": "conv_stem", "_bn0": "bn1", "_conv_head": "conv_head", "_bn1": "bn2"}
    names["_fc"] = "classifier"
    blocks = dict.fromkeys(
        ".".join(name.split(".")[:3]) for name in net.state_dict() if name.startswith("blocks.")
    )
    for number, block in enumerate(blocks):
        # The first convolution of a block is to more channels, where there is such a one.
        expands = f"_blocks.{number}._expand_conv.weight" in weights
        own = {
            "_expand_conv": "conv_pw",
            "_bn0": "bn1",
            "_depthwise_conv": "conv_dw",
            "_bn1": "bn2" if expands else "bn1",
            "_se_reduce": "se.conv_reduce",
            "_se_expand": "se.conv_expand",
            "_project_conv": "conv_pwl" if expands else "conv_pw",
            "_bn2": "bn3" if expands else "bn2",
        }
        names |= {f"_blocks.{number}.{theirs}": f"{block}.{ours}" for theirs, ours in own.items()}
    return renamed(weights, names)


def renamed(weights: Weights, layers: Mapping[str, str]) -> Weights:
    """Return weights with the names of their layers replaced."""
    parts = {name: name.rpartition(".") for name in weights}
    return {
        f"{layers.get(layer, layer)}.{leaf}" if layer else name: weights[name]
        for name, (layer, _, leaf) in parts.items()
    }
