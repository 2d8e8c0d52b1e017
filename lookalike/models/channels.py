"""What a network does without some channels of one layer, with all that lies below the layer
computed only once.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch

from lookalike.core.errors import InputError
from lookalike.models.grids import channel_axis
from lookalike.models.replay import Value, find_needs, images_axis, replay, trace

# Numbers that the layer gives at once. With fewer, large linear layers above it read their weights
# too often (VGG); more is no faster, and later layers may hold several times as much.
VALUES_AT_ONCE = {"cpu": 2**23, "cuda": 2**26}
# Batches of other sizes are rounded otherwise, on a card more so; what is wrong differs by far
# more.
ROUNDING = 1e-2


@dataclass
class Recording:
    """A forward pass that can be run again from a layer on.

    Attributes
    ----------
    layer : torch.nn.Module
    name : str
        The layer's.
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
    read: Callable
    below: list
    activation: torch.Tensor
    outputs: torch.Tensor
    axis: int
    channels: int


@torch.no_grad()
def record(net, layer, inputs, read=None):
    """Run a network once, and keep what it takes to run it again without some channels of a layer.

    What the network does between its modules (sums of branches, reshapes, class tokens) is done
    anew in every run; modules that end before the layer does are not run again, and of what they
    gave only that is kept which is needed above the layer. To tell that apart, one or two images go
    through the network beforehand.

    Parameters
    ----------
    net : torch.nn.Module
        In evaluation mode.
    layer : torch.nn.Module
        One of its modules, which runs once and whose output lies on a grid, images first.
    inputs : Tensor, shape (n, 3, H, W)
    read : callable, optional
        Gives a tensor (n, ...) of such inputs, by the modules of `net`; by default `net` itself.

    Returns
    -------
    Recording

    Raises
    ------
    InputError
        If the module is none of the network's, or does not run just once; if its output goes into a
        batch norm, which makes a constant of a channel of zeros; or if the network cannot be run
        again from there on.
    """
    read = net if read is None else read
    name = next((name for name, module in net.named_modules() if name and module is layer), None)
    if name is None:
        raise InputError(
            f"the layer, a {type(layer).__name__}, is no module inside the {type(net).__name__}"
        )
    n = len(inputs)
    # Another number of images than in the recording shows which axis is theirs.
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
    axis = channel_axis(activation.shape, net, tuple(inputs.shape[-2:]))
    recording = Recording(
        layer, name, read, calls, activation, outputs, axis, activation.shape[axis]
    )
    check(recording)
    return recording


def rerun(recording, kept):
    """Run a network again without some channels of a layer, for every recorded image and every
    mask.

    Parameters
    ----------
    recording : Recording
    kept : Tensor of bool, shape (M, K)
        Channels that stay; the others are zero in what the layer gives.

    Returns
    -------
    Tensor, shape (n, M, ...)

    Raises
    ------
    InputError
        If the masks are not of the layer's channels.
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
    for part, out in zip(rows.split(at_once), outputs.split(at_once), strict=True):
        out.copy_(run_above(recording, part // masks, dropped[part % masks]))
    return outputs.unflatten(0, (n, masks))


def leave_one_out(recording):
    """Run a network again without each channel of a layer alone.

    Parameters
    ----------
    recording : Recording

    Returns
    -------
    Tensor, shape (n, K, ...)
    """
    return rerun(recording, ~torch.eye(recording.channels, dtype=torch.bool))


def run_above(recording, places, dropped):
    """Return the outputs of one batch: of the images at `places`, without the channels `dropped`,
    bool of shape (rows, K).
    """
    n = len(recording.outputs)
    rows = [(call, [value.rows(places, n) for value in call.parts]) for call in recording.below]
    activation = recording.activation.index_select(0, places)
    shape = [len(places)] + [1] * (activation.ndim - 1)
    shape[recording.axis] = recording.channels
    with torch.no_grad():
        return replay(
            recording.read,
            rows,
            recording.layer,
            activation.masked_fill_(dropped.view(shape), 0),
            recording.name,
        )


def check(recording):
    """Refuse a network that does not give the same again when it is run from the layer on."""
    n = len(recording.outputs)
    # Neither as many rows as images, nor in their order.
    places = torch.tensor([n - 1, 0, n - 1][: 2 if n == 3 else 3], device=recording.outputs.device)
    expected = recording.outputs[places]
    try:
        again = run_above(
            recording,
            places,
            torch.zeros(len(places), recording.channels, dtype=torch.bool, device=places.device),
        )
    except torch.OutOfMemoryError:
        raise
    except RuntimeError as error:
        cause = str(error).strip().splitlines()[0]
        raise InputError(
            f"the network cannot be run again from layer {recording.name!r} on ({cause}); "
            "give another `layer:`"
        ) from error
    if again.shape != expected.shape or not torch.allclose(
        again, expected, rtol=0, atol=ROUNDING * float(expected.abs().max())
    ):
        raise InputError(
            "the network gives something else when it is run again from layer "
            f"{recording.name!r} on; give another `layer:`"
        )
