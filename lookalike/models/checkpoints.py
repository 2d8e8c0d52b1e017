"""Checkpoints from elsewhere: networks built around them, and a check that no weight is silently
left out.
"""

from collections.abc import Sequence

import torch

from lookalike.core.errors import InputError
from lookalike.core.types import Row, StrPath
from lookalike.models.naming import OF_EFFICIENTNET_PYTORCH, PADDED_AS_TENSORFLOW, Weights
from lookalike.models.networks import Recipe, TimmNetwork, build_network
from lookalike.models.parts import (
    Part,
    check_own_normalisation,
    choose_part,
    head_of,
    misfits,
    summarise,
    without_wrappers,
)
from lookalike.models.sources import registered
from lookalike.models.weights import check_values, read_weights


def build_from_checkpoint(
    recipe: Recipe, weights: Weights, path: StrPath, n_classes: int | None = None
) -> tuple[TimmNetwork, Row]:
    """Build the network of a recipe around the state dict of a file.

    Parameters
    ----------
    recipe : dict
        `timm`, the name, and `options`.
    weights : dict of Tensor
        Under the names of timm, of torchvision's ResNet, DenseNet, VGG and EfficientNet families,
        or of EfficientNet-PyTorch, below any prefix.
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
        `loaded`, the names `missing` in the file and those `unexpected` there, which are left out;
        the `prefix` that was stripped, and those of `others` that fit as well.

    Raises
    ------
    InputError
        If the file has no head and none is to be trained, or if any other name is missing or
        unexpected, or its tensor has another shape.
    """
    recipe = registered(recipe)
    net = build_network(recipe, n_classes)
    weights = without_wrappers(weights, path)
    part, others = choose_part(weights, net, recipe, path)
    head, fresh = head_of(net), n_classes is not None
    outputs = n_classes if fresh else outputs_of(net, part.weights) or net.num_classes
    options = part.options | recipe["options"]
    if outputs != net.num_classes or options != recipe["options"]:
        recipe = {**recipe, "options": options}
        net = build_network(recipe, outputs)
    headless = not any(name.startswith(head) for name in part.weights)
    found = misfits(net, part.weights, head if fresh or headless else ())
    if any(found):
        raise no_checkpoint_of(recipe, net, part, found, path)
    if headless and not fresh:
        parts = " and ".join(repr(name.rstrip(".")) for name in head)
        raise InputError(
            f"{path}: is a backbone without the head {parts}, which predicts nothing; set "
            "`finetune: true` to train one"
        )
    expected = net.state_dict()
    used = {
        name: tensor
        for name, tensor in part.weights.items()
        if name in expected and not (fresh and name.startswith(head))
    }
    check_values(path, used, expected)
    net.load_state_dict(used, strict=False)
    left_out = left_out_of(weights, part, used)
    check_own_normalisation(weights, left_out, net, path)
    about: Row = {
        "source": str(path),
        "loaded": len(used),
        "missing": sorted(expected.keys() - used.keys()),
        "unexpected": summarise(left_out, part.prefix),
    }
    if part.prefix:
        about["prefix"] = part.prefix
    if others:
        about["others"] = others
        print(f"{path}: {part.prefix!r} is taken; these fit as well: {', '.join(others)}")
    if left_out:
        print(f"{path}: left out: {', '.join(about['unexpected'])}")
    return net, {"recipe": recipe, "weights": about}


def no_checkpoint_of(
    recipe: Recipe, net: TimmNetwork, part: Part, found: Sequence[list[str]], path: StrPath
) -> InputError:
    """Return the error for a file that is of another network, with the remedy."""
    missing, unexpected, misshapen = found
    if missing:
        # Then none of the others is known to be of no network.
        unexpected = [name for name in part.weights if name not in net.state_dict()]
    counts = (
        f"{len(missing)} weights missing, {len(unexpected)} unexpected, {len(misshapen)} of "
        "another shape"
    )
    found = (missing, unexpected, misshapen)
    first = ", ".join(repr(names[0]) for names in found if names)
    name = recipe["timm"]
    remedy = "set `timm` and `options` to what it was trained as"
    theirs = any(key.endswith(OF_EFFICIENTNET_PYTORCH) for key in part.weights)
    if theirs and not name.startswith(PADDED_AS_TENSORFLOW):
        remedy = (
            "its names are those of EfficientNet-PyTorch, whose networks timm calls "
            f"{PADDED_AS_TENSORFLOW}b0, {PADDED_AS_TENSORFLOW}lite0 and so on; set `timm` to one"
        )
    elif len(misshapen) == 1 and not (missing or unexpected):
        weight = part.weights[misshapen[0]]
        if weight.ndim == 4 and weight.shape[1] != net.state_dict()[misshapen[0]].shape[1]:
            remedy = (
                f"its first layer takes {weight.shape[1]} channels; set options: {{in_chans: "
                f"{weight.shape[1]}}}"
            )
    return InputError(
        f"{path}: is no checkpoint of {name!r}: {counts}, for example {first}; {remedy}"
    )


def left_out_of(weights: Weights, part: Part, used: Weights) -> list[str]:
    """Return the names of all tensors of a file that are not used."""
    taken = {id(tensor) for tensor in used.values()}
    beside = [
        name
        for name, tensor in weights.items()
        if not name.startswith(part.prefix) and id(tensor) not in taken
    ]
    return beside + [part.prefix + name for name in part.weights if name not in used]


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
    recipe = registered(recipe)
    return build_network(recipe, n_classes, pretrained), {"recipe": recipe}
