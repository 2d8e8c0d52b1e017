"""What a network does without some channels of one layer, where everything below the layer is
computed only once.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch

from lookalike.core.errors import InputError
from lookalike.models.grids import channel_axis
from lookalike.models.replay import Call, Value, find_needs, images_axis, replay, trace

# Values that the layer gives at once. With fewer, large linear layers above it read their weights
# too often (VGG); more is no faster, and later layers may hold several times as many.
VALUES_AT_ONCE = {"cpu": 2**23, "cuda": 2**26}
# Rounding depends on the size of the batch, more so on a GPU; a wrong result differs by far more.
ROUNDING = 1e-2


@dataclass
class Recording:
    """A forward pass that can be run again from a layer on.

    Attributes
    ----------
    layer : torch.nn.Module
    name : str
        Of the layer.
    read : callable
    below : list of Call
        In the order of their runs, the images first; their parts are `Value`.
    activation : Tensor
        The layer's output, (n, ...).
    outputs : Tensor
        What `read` gave, (n, ...).
    axis : int
        Axis of the activation that counts the channels.
    channels : int
        Their number, K.
    """

    layer: torch.nn.Module
    name: str
    read: Callable[[torch.Tensor], torch.Tensor]
    below: list[Call]
    activation: torch.Tensor
    outputs: torch.Tensor
    axis: int
    channels: int


@torch.no_grad()
def record(
    net: torch.nn.Module,
    layer: torch.nn.Module,
    inputs: torch.Tensor,
    read: Callable[[torch.Tensor], torch.Tensor] | None = None,
) -> Recording:
    """Run a network once, and keep what it takes to run it again without some channels of a layer.

    What the network does between its modules (sums of branches, reshapes, class tokens) is done
    anew in every run. Modules that end before the layer does are not run again; of their outputs,
    only what is needed above the layer is kept. To find out what is needed, one or two images go
    through the network first.

    Parameters
    ----------
    net : torch.nn.Module
        In evaluation mode.
    layer : torch.nn.Module
        One of its modules, which runs once and whose output lies on a grid, images first.
    inputs : Tensor, shape (n, 3, H, W)
    read : callable, optional
        Computes a tensor (n, ...) from such inputs with the modules of `net`; by default `net`
        itself.

    Returns
    -------
    Recording

    Raises
    ------
    InputError
        If the module is not one of the network's, or does not run exactly once; if its output goes
        into a batch norm, which turns a channel of zeros into a constant; or if the network cannot
        be run again from there on.
    """
    read = net if read is None else read
    name = next((name for name, module in net.named_modules() if name and module is layer), None)
    if name is None:
        raise InputError(
            f"the layer, a {type(layer).__name__}, is no module inside the {type(net).__name__}"
        )
    n = len(inputs)
    # With another number of images than in the recording, the axis of the images shows.
    few = inputs[:1] if n > 1 else inputs.repeat(2, 1, 1, 1)
    trial, activation, _ = trace(net, layer, name, few, read)
    needs = find_needs(trial, layer, activation, name, read)
    calls, activation, outputs = trace(net, layer, name, inputs, read, needs)
    alike = [(call.number, call.module) for call in trial] == [
        (call.number, call.module) for call in calls
    ]
    if not alike or len(activation) != n or not torch.is_tensor(outputs) or len(outputs) != n:
        raise InputError(
            f"the network does not give each image an output of layer {name!r} and a tensor "
            "of its own; give another `layer:`"
        )
    for call, before in zip(calls, trial, strict=True):
        axes = [
            images_axis(one, other, len(few), n, name)
            for one, other in zip(before.parts, call.parts, strict=True)
        ]
        call.parts = [
            Value(part, axis, *need)
            for part, axis, need in zip(call.parts, axes, needs[call.number], strict=True)
        ]
    axis = channel_axis(activation.shape, net, (inputs.shape[-2], inputs.shape[-1]))
    recording = Recording(
        layer, name, read, calls, activation, outputs, axis, activation.shape[axis]
    )
    check(recording)
    return recording


def rerun(recording: Recording, kept: torch.Tensor) -> torch.Tensor:
    """Run a network again without some channels of a layer, for every recorded image and every
    mask.

    Parameters
    ----------
    recording : Recording
    kept : Tensor of bool, shape (M, K)
        Channels that stay; the others are set to zero in the layer's output.

    Returns
    -------
    Tensor, shape (n, M, ...)

    Raises
    ------
    InputError
        If the masks do not fit the layer's channels.
    """
    if kept.dtype != torch.bool or kept.ndim != 2 or kept.shape[1] != recording.channels:
        shape = " x ".join(map(str, kept.shape))
        raise InputError(
            f"masks of layer {recording.name!r} must be bool, (any number) x "
            f"{recording.channels}, not {kept.dtype}, {shape}"
        )
    n, masks = len(recording.outputs), len(kept)
    outputs = recording.outputs.new_empty(n * masks, *recording.outputs.shape[1:])
    rows = torch.arange(n * masks, device=outputs.device)
    at_once = max(1, VALUES_AT_ONCE[outputs.device.type] // recording.activation[0].numel())
    dropped = ~kept.to(outputs.device)
    start = 0
    while start < len(rows):
        part = rows[start : start + at_once]
        try:
            outputs[part] = run_above(recording, part // masks, dropped[part % masks])
        except torch.OutOfMemoryError:
            if at_once == 1:
                raise
            at_once //= 2
            print(f"the card's memory is full: {at_once} masks at once")
            torch.cuda.empty_cache()
        else:
            start += len(part)
    return outputs.unflatten(0, (n, masks))


def leave_one_out(recording: Recording) -> torch.Tensor:
    """Run a network again without each single channel of a layer.

    Parameters
    ----------
    recording : Recording

    Returns
    -------
    Tensor, shape (n, K, ...)
    """
    return rerun(recording, ~torch.eye(recording.channels, dtype=torch.bool))


def run_above(recording: Recording, indices: torch.Tensor, dropped: torch.Tensor) -> torch.Tensor:
    """Return the outputs of one batch: of the images at `indices`, each without its channels in
    `dropped`, bool of shape (rows, K).
    """
    n = len(recording.outputs)
    rows = [(call, [value.rows(indices, n) for value in call.parts]) for call in recording.below]
    activation = recording.activation.index_select(0, indices)
    shape = [len(indices)] + [1] * (activation.ndim - 1)
    shape[recording.axis] = recording.channels
    with torch.no_grad():
        return replay(
            recording.read,
            rows,
            recording.layer,
            activation.masked_fill_(dropped.view(shape), 0),
            recording.name,
        )


def check(recording: Recording) -> None:
    """Refuse a network whose outputs are not reproduced when it is run from the layer on."""
    n = len(recording.outputs)
    # Neither as many rows as images, nor in their order.
    indices = torch.tensor([n - 1, 0, n - 1][: 2 if n == 3 else 3], device=recording.outputs.device)
    expected = recording.outputs[indices]
    whole = torch.zeros(len(indices), recording.channels, dtype=torch.bool, device=indices.device)
    try:
        again = run_above(recording, indices, whole)
    except torch.OutOfMemoryError:
        raise
    except RuntimeError as error:
        cause = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise InputError(
            f"the network cannot be run again from layer {recording.name!r} on ({cause}); "
            "give another `layer:`"
        ) from error
    if again.shape != expected.shape or not torch.allclose(
        again, expected, rtol=0, atol=ROUNDING * float(expected.abs().max())
    ):
        raise InputError(
            "the network gives another result when it is run again from layer "
            f"{recording.name!r} on; give another `layer:`"
        )
