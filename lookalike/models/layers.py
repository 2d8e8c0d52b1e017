"""The target layer of a network: where its last spatial features are."""

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import torch

from lookalike.core.errors import InputError, unknown
from lookalike.models.grids import layout, to_grid
from lookalike.models.networks import TimmNetwork
from lookalike.models.trials import evaluating, noise, trial


def target_layer(
    net: TimmNetwork,
    depth: float = 1.0,
    layer: str | None = None,
    size: tuple[int, int] | None = None,
) -> torch.nn.Module:
    """Choose the layer that GradCAM explains.

    Parameters
    ----------
    net : torch.nn.Module
        A timm network.
    depth : float
        In (0, 1]: how far towards the head; 1 is the last spatial layer, less is a stage of timm's
        `feature_info`.
    layer : str, optional
        Name of a module, which is taken instead.
    size : (int, int), optional
        Height and width of the images; by default those that the network was made for.

    Returns
    -------
    torch.nn.Module
        The outermost module that gives the last spatial features: a stage after its activation, or
        the last norm. Where the head reads a class token alone, the patches last act through the
        attention of a block; the layer is then the first norm of that block.

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
    # Where no module gives the whole features, a norm holds them as they are, unlike the output of
    # a branch.
    fitting = calls if whole else norms or calls
    if not fitting:
        raise InputError(
            f"{kind} has no layer{where} with a spatial grid that its score depends on at "
            f"{size[0]} x {size[1]}; give `layer:`"
        )
    # A parent's hook runs after its children's, so the last one is the outermost.
    return fitting[-1].module


def measure_layer(
    net: TimmNetwork, size: tuple[int, int], layer: str | None = None
) -> dict[str, Any]:
    """Measure the features that GradCAM explains at full depth.

    Parameters
    ----------
    net : torch.nn.Module
        A timm network.
    size : (int, int)
        Height and width of the images.
    layer : str, optional
        Name of a module, which is taken instead of the one that the rule chooses.

    Returns
    -------
    dict
        `layer`, the module's name; `channels`, their number; `grid`, height and width.

    Raises
    ------
    InputError
        As `target_layer` and `to_grid` do.
    """
    chosen = target_layer(net, layer=layer, size=size)
    outputs: list[Any] = []
    handle = chosen.register_forward_hook(lambda module, inputs, output: outputs.append(output))
    try:
        with torch.no_grad(), evaluating(net):
            net(noise(net, size))
    finally:
        handle.remove()
    name = next(name for name, module in net.named_modules() if module is chosen)
    _, channels, *grid = to_grid(only(outputs, name), net, size).shape
    return {"layer": name, "channels": channels, "grid": tuple(grid)}


def describe_layers(net: TimmNetwork, size: tuple[int, int]) -> dict[str, Any]:
    """Measure all layers of a network, so that it need not be loaded again for another one.

    Parameters
    ----------
    net : torch.nn.Module
        A timm network.
    size : (int, int)
        Height and width of the images.

    Returns
    -------
    dict
        `target`, the name of the layer that GradCAM explains at full depth; None where there is
        none, and the reason is printed. `layers`: by name, `channels` and `grid`, as
        `measure_layer` returns them, of every module that runs once and whose output lies on a
        grid.
    """
    found: dict[str, dict[str, Any]] = {}
    runs: Counter[str] = Counter()

    def note(name: str, output: Any) -> None:
        runs[name] += 1
        if torch.is_tensor(output) and layout(output.shape, net, size) is not None:
            _, channels, *grid = to_grid(output, net, size).shape
            found[name] = {"channels": channels, "grid": tuple(grid)}

    names = {module: name for name, module in net.named_modules() if name}
    hooks = [
        module.register_forward_hook(lambda module, inputs, output: note(names[module], output))
        for module in names
    ]
    try:
        with torch.no_grad(), evaluating(net):
            net(noise(net, size))
    finally:
        for hook in hooks:
            hook.remove()
    try:
        target = names[target_layer(net, size=size)]
    except InputError as error:
        print(f"no target layer: {error}")
        target = None
    return {
        "target": target,
        "layers": {name: about for name, about in found.items() if runs[name] == 1},
    }


def only(outputs: Sequence[Any], layer: str | None) -> torch.Tensor:
    """Return the one output of a layer in a forward pass.

    Raises
    ------
    InputError
        If the layer did not run exactly once, or gives something other than a tensor.
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
