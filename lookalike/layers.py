"""The target layer of a network: where its last spatial features are, and how they lie on a grid."""

import math

import torch

from lookalike.errors import InputError, unknown


def target_layer(net, depth=1.0, layer=None, size=None):
    """Choose the layer that GradCAM explains.

    Parameters
    ----------
    net : torch.nn.Module
        A timm network.
    depth : float
        In (0, 1]: how far towards the head; 1 is the last spatial layer.
    layer : str, optional
        Name of a module, which overrides the rule.
    size : (int, int), optional
        Height and width of the images; by default those that the network was made for.

    Returns
    -------
    torch.nn.Module
        Transformers with tokens: the first norm of a block. Others: a stage, after its activation.
    """
    if layer is not None:
        modules = dict(net.named_modules())
        if layer not in modules:
            raise unknown("layer", layer, modules)
        return modules[layer]
    if not 0 < depth <= 1:
        raise InputError(f"depth must lie in (0, 1], not {depth}")
    if hasattr(net, "blocks") and hasattr(net, "num_prefix_tokens"):
        return net.blocks[math.ceil(depth * len(net.blocks)) - 1].norm1
    stages = [info["module"] for info in getattr(net, "feature_info", [])]
    if depth < 1:
        if not stages:
            raise InputError(f"{type(net).__name__} names no stages, so that `depth` cannot choose one; give `layer:`")
        return net.get_submodule(stages[math.ceil(depth * len(stages)) - 1])
    return last_spatial_module(net, size)


@torch.no_grad()
def last_spatial_module(net, size=None):
    """Return the outermost module whose output is the last spatial tensor before pooling."""
    seen = []
    hooks = [
        module.register_forward_hook(lambda module, _, output: seen.append((module, output.shape)) if torch.is_tensor(output) else None)
        for name, module in net.named_modules()
        if name
    ]
    training = net.training
    try:
        net.eval()
        size = size or net.pretrained_cfg.get("input_size", (3, 224, 224))[-2:]
        features = net.forward_features(torch.zeros(1, 3, *size, device=next(net.parameters()).device))
    finally:
        net.train(training)
        for hook in hooks:
            hook.remove()
    spatial = [module for module, shape in seen if is_spatial(shape, size) and not isinstance(module, torch.nn.Identity)]
    # What ends in tokens of another kind has spatial tensors only at its start, which would be the wrong place.
    if not spatial or not torch.is_tensor(features) or features.ndim != 4:
        raise InputError(f"{type(net).__name__} has no layer with a spatial grid that could be found; give `layer:`")
    # A parent's hook runs after its children's, so that the last one is the outermost.
    return spatial[-1]


def is_spatial(shape, size):
    """Tell whether an output lies on a grid of more than one cell that is square if the images are."""
    if len(shape) != 4:
        return False
    height, width = spatial_size(shape)
    return min(height, width) > 1 and (height == width or size[0] != size[1])


def spatial_size(shape):
    """Return height and width of a four-dimensional activation, (n, c, h, w) or (n, h, w, c)."""
    return shape[1:3] if channels_last(shape) else shape[2:]


def channels_last(shape):
    """Tell whether a four-dimensional activation is (n, h, w, c): then it is square in its middle."""
    return shape[1] == shape[2] and shape[2] != shape[3]


def to_grid(activation, net):
    """Return an activation as (n, c, h, w).

    Parameters
    ----------
    activation : Tensor
        (n, c, h, w), (n, h, w, c), or tokens (n, t, c), whose prefix (class token) is dropped.
    net : torch.nn.Module
    """
    if activation.ndim == 4:
        return activation.permute(0, 3, 1, 2) if channels_last(activation.shape) else activation
    if activation.ndim != 3:
        raise InputError(f"the target layer gives {activation.ndim}-dimensional output, which lies on no grid; give another `layer:`")
    tokens = activation[:, getattr(net, "num_prefix_tokens", 0) :]
    height, width = getattr(getattr(net, "patch_embed", None), "grid_size", None) or (math.isqrt(tokens.shape[1]),) * 2
    if height * width != tokens.shape[1]:
        raise InputError(f"the target layer gives {tokens.shape[1]} tokens, which do not fill a grid; give another `layer:`")
    return tokens.transpose(1, 2).unflatten(2, (height, width))
