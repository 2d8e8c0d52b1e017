"""Grids: how the output of a layer lies on a grid of the images' shape."""

import math

import torch

from lookalike.core.errors import InputError


def layout(
    shape: torch.Size, net: torch.nn.Module, size: tuple[int, int] | None = None
) -> str | tuple[int, int, int] | None:
    """Return how an output lies on a grid of the images' shape.

    Parameters
    ----------
    shape : torch.Size
    net : torch.nn.Module
    size : (int, int), optional
        Height and width of the images; by default they are square.

    Returns
    -------
    str or (int, int, int) or None
        "NCHW" or "NHWC"; for tokens, how many come before the grid, and its height and width; None
        if there is no grid.
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


def channel_axis(
    shape: torch.Size, net: torch.nn.Module, size: tuple[int, int] | None = None
) -> int:
    """Return which axis of an output counts its channels.

    Parameters
    ----------
    shape : torch.Size
    net : torch.nn.Module
    size : (int, int), optional
        Height and width of the images; by default they are square.

    Returns
    -------
    int
        1 for "NCHW"; the last for "NHWC" and for tokens, where a channel includes its values in the
        tokens before the grid.

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


def fits(rows: int, columns: int, size: tuple[int, int] | None = None) -> bool:
    """Return whether a grid of several rows and columns has the images' shape, to within a cell."""
    height, width = size or (1, 1)
    return min(rows, columns) > 1 and abs(rows * width - columns * height) < max(height, width)


def to_grid(
    activation: torch.Tensor, net: torch.nn.Module, size: tuple[int, int] | None = None
) -> torch.Tensor:
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
    if isinstance(found, str):
        return activation if found == "NCHW" else activation.permute(0, 3, 1, 2)
    prefix, *grid = found
    tokens = activation[:, prefix:]
    reroll = getattr(net, "reroll", None)
    if reroll is not None:
        # Hiera keeps its tokens in the order of windows within windows, with one level for every
        # pooling that is still to come.
        block = next(
            block for block, (_, side) in reroll.schedule.items() if tuple(side) == tuple(grid)
        )
        return reroll(tokens, block).permute(0, 3, 1, 2)
    return tokens.mT.unflatten(2, grid)
