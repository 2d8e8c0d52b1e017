"""The target layer of a network: where its last spatial features are, and how they lie on a
grid.
"""

import math
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial

import torch

from lookalike.core.errors import InputError, unknown


@dataclass
class Call:
    """A run of a module whose output lies on a grid.

    Attributes
    ----------
    name : str
    module : torch.nn.Module
    own : bool
        False where the module does nothing, or gives what a pooling gave.
    reached : bool
        Whether the score depends on a cell of the grid, and not on the class token alone.
    """

    name: str
    module: torch.nn.Module
    own: bool
    reached: bool = False


def target_layer(net, depth=1.0, layer=None, size=None):
    """Choose the layer that GradCAM explains.

    Parameters
    ----------
    net : torch.nn.Module
        A timm network.
    depth : float
        In (0, 1]: how far towards the head; 1 is the last spatial layer, less is a stage of timm's
        `feature_info`.
    layer : str, optional
        Name of a module, which overrides the rule.
    size : (int, int), optional
        Height and width of the images; by default those that the network was made for.

    Returns
    -------
    torch.nn.Module
        The outermost module that gives the last spatial features: a stage after its activation, or
        the last norm. Where the head reads a class token alone, the patches act last through the
        attention of a block, whose first norm it is.

    Raises
    ------
    InputError
        For a name or a depth that does not exist, or if no layer lies on a grid that the score
        depends on.
    """
    if layer is not None:
        modules = dict(net.named_modules())
        if layer not in modules:
            raise unknown("layer", layer, modules)
        return modules[layer]
    if not 0 < depth <= 1:
        raise InputError(f"depth must lie in (0, 1], not {depth}")
    kind = type(net).__name__
    stages = [info["module"] for info in getattr(net, "feature_info", None) or []]
    if depth < 1 and not stages:
        raise InputError(
            f"{kind} names no stages, so that `depth` cannot choose one; give `layer:`"
        )
    size = tuple(size or net.pretrained_cfg.get("input_size", (3, 224, 224))[-2:])
    calls, whole = trial(net, size)
    where = ""
    if depth < 1:
        stage = stages[math.ceil(depth * len(stages)) - 1]
        where = f" in its stage {stage!r}"
        calls = [call for call in calls if f"{call.name}.".startswith(f"{stage}.")]
        # A block of a transformer has its counterpart of the deepest layer.
        calls = [call for call in calls if call.name == f"{stage}.norm1"] or calls
        whole = any(call.name == stage for call in calls)
    norms = [call for call in calls if "norm" in type(call.module).__name__.lower()]
    # Where nothing gives the features as a whole, a norm holds them as they stand, unlike what
    # comes out of a branch.
    fitting = calls if whole else norms or calls
    if not fitting:
        raise InputError(
            f"{kind} has no layer{where} with a spatial grid that its score depends on at "
            f"{size[0]} x {size[1]}; give `layer:`"
        )
    # A parent's hook runs after its children's, so that the last one is the outermost.
    return fitting[-1].module


def measure_layer(net, size, layer=None):
    """Measure the features that GradCAM explains at full depth.

    Parameters
    ----------
    net : torch.nn.Module
        A timm network.
    size : (int, int)
        Height and width of the images.
    layer : str, optional
        Name of a module, which overrides the rule.

    Returns
    -------
    dict
        `layer`, the module's name; `channels`; `grid`, its height and width.

    Raises
    ------
    InputError
        As `target_layer` and `to_grid` do.
    """
    chosen = target_layer(net, layer=layer, size=size)
    outputs = []
    handle = chosen.register_forward_hook(lambda module, inputs, output: outputs.append(output))
    try:
        with torch.no_grad(), evaluating(net):
            net(noise(net, size))
    finally:
        handle.remove()
    name = next(name for name, module in net.named_modules() if module is chosen)
    _, channels, *grid = to_grid(only(outputs, name), net, size).shape
    return {"layer": name, "channels": channels, "grid": tuple(grid)}


def only(outputs, layer):
    """Return the one output of a layer in a forward pass.

    Raises
    ------
    InputError
        If the layer did not run just once, or gives something else than a tensor.
    """
    if len(outputs) != 1:
        raise InputError(
            f"layer {layer!r} runs {len(outputs)} times in a forward pass, not once; give "
            "another `layer:`"
        )
    if not torch.is_tensor(outputs[0]):
        raise InputError(
            f"layer {layer!r} gives a {type(outputs[0]).__name__}, not a tensor; give a "
            "`layer:` inside it"
        )
    return outputs[0]


@lru_cache(maxsize=1)  # a job explains one network, a few images at a time
def trial(net, size):
    """Run a network forwards and backwards once, and note which modules give a grid that its score
    depends on.

    Returns
    -------
    calls : list of Call
        In the order in which they end; without modules that run several times, do nothing, or end
        in a pooling.
    whole : bool
        Whether the final features are read cell by cell, not by a class token alone.
    """
    calls, pooled, runs = [], [], Counter()

    def note(name, module, output):
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
        output.register_hook(partial(mark, calls[-1]))

    def mark(call, gradient):
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
        # Not the logits, as a fresh classifier may be zero; not a plain sum, as that of a norm is
        # constant.
        read = (
            torch.cat([part.flatten() for part in read])
            if isinstance(read, list | tuple)
            else read.flatten()
        )
        torch.autograd.grad(read @ torch.arange(1.0, len(read) + 1, device=read.device), images)
    whole = (torch.is_tensor(features) and features.ndim == 4) or any(
        call.reached for call in calls if not call.name
    )
    return [
        call for call in calls if call.name and call.own and call.reached and runs[call.name] == 1
    ], whole


@contextmanager
def evaluating(net):
    """Put a network in evaluation mode for a while."""
    training = net.training
    try:
        yield net.eval()
    finally:
        net.train(training)


def noise(net, size):
    """Return one image of noise: on a blank one, a rectifier may block everything."""
    return torch.randn(1, 3, *size, generator=torch.Generator().manual_seed(0)).to(
        next(net.parameters()).device
    )


def layout(shape, net, size=None):
    """Tell how an output lies on a grid of the images' shape.

    Parameters
    ----------
    shape : torch.Size
    net : torch.nn.Module
    size : (int, int), optional
        Height and width of the images; by default they are square.

    Returns
    -------
    str or (int, int, int) or None
        "NCHW", "NHWC"; for tokens their number before the grid, and its height and width; None if
        there is no grid.
    """
    if len(shape) == 4:
        fitting = [
            name for name, grid in (("NCHW", shape[2:]), ("NHWC", shape[1:3])) if fits(*grid, size)
        ]
        # With as many channels as cells in a row, both fit.
        return (
            getattr(net, "output_fmt", fitting[0])
            if len(fitting) == 2
            else next(iter(fitting), None)
        )
    if len(shape) == 3:
        height, width = size or (1, 1)
        class_tokens = [
            tokens.shape[1]
            for name, tokens in net.named_parameters(recurse=False)
            if name.startswith("cls_token")
        ]
        # Some networks add their class token late.
        for prefix in (getattr(net, "num_prefix_tokens", max(class_tokens, default=0)), 0):
            rows = round(math.sqrt(max(shape[1] - prefix, 0) * height / width)) or 1
            columns = (shape[1] - prefix) // rows
            if rows * columns == shape[1] - prefix and fits(rows, columns, size):
                return prefix, rows, columns
    return None


def channel_axis(shape, net, size=None):
    """Tell which axis of an output counts its channels.

    Parameters
    ----------
    shape : torch.Size
    net : torch.nn.Module
    size : (int, int), optional
        Height and width of the images; by default they are square.

    Returns
    -------
    int
        1 for "NCHW", the last for "NHWC" and tokens, where a channel is also one of the tokens
        before the grid.

    Raises
    ------
    InputError
        If the output lies on no grid.
    """
    found = layout(shape, net, size)
    if found is None:
        numbers = " x ".join(map(str, shape[1:]))
        raise InputError(
            f"the layer gives {numbers} numbers an image, which lie on no grid and so have "
            "no channels; give another `layer:`"
        )
    return 1 if found == "NCHW" else len(shape) - 1


def fits(rows, columns, size=None):
    """Tell whether a grid of more than one cell has the images' shape, but for a part of a cell."""
    height, width = size or (1, 1)
    return min(rows, columns) > 1 and abs(rows * width - columns * height) < max(height, width)


def to_grid(activation, net, size=None):
    """Return an activation as (n, c, h, w).

    Parameters
    ----------
    activation : Tensor
        (n, c, h, w), (n, h, w, c), or tokens (n, t, c), whose prefix (class token, registers) is
        dropped.
    net : torch.nn.Module
    size : (int, int), optional
        Height and width of the images; by default they are square.

    Raises
    ------
    InputError
        If it lies on no grid.
    """
    found = layout(activation.shape, net, size)
    if found is None and activation.ndim == 3:
        raise InputError(
            f"the target layer gives {activation.shape[1]} tokens, which do not fill a grid; "
            "give another `layer:`"
        )
    if found is None:
        shape = " x ".join(map(str, activation.shape[1:]))
        raise InputError(
            f"the target layer gives {shape} numbers an image, which lie on no grid; give "
            "another `layer:`"
        )
    if found == "NCHW":
        return activation
    if found == "NHWC":
        return activation.permute(0, 3, 1, 2)
    prefix, *grid = found
    tokens = activation[:, prefix:]
    if hasattr(net, "reroll"):
        # Hiera keeps its tokens in the order of windows within windows, as many levels deep as it
        # still pools.
        block = next(
            block for block, (_, side) in net.reroll.schedule.items() if tuple(side) == tuple(grid)
        )
        return net.reroll(tokens, block).permute(0, 3, 1, 2)
    return tokens.mT.unflatten(2, grid)
