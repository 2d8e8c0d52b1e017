"""What a network does without some channels of one layer, with all that lies below the layer computed only once."""

from collections import deque
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch.utils._pytree import TreeSpec, tree_flatten, tree_unflatten

from lookalike.errors import InputError
from lookalike.layers import channel_axis, only

# Numbers that the layer gives at once. With fewer, large linear layers above it read their weights too often (VGG); more is
# no faster, and later layers may hold several times as much.
VALUES_AT_ONCE = {"cpu": 2**23, "cuda": 2**26}
# Batches of other sizes are rounded otherwise, on a card more so; what is wrong differs by far more.
ROUNDING = 1e-2


@dataclass
class Value:
    """What the network holds below the layer: the images, or a part of what a module gave.

    Attributes
    ----------
    held : object
        A tensor of all images; a blank one of its shape where it is not needed. Anything else stays as it is.
    axis : int or None
        Axis of the images, each of which may have several entries on it, such as its windows; None where they share one.
    needed : bool
        Whether the outputs depend on it otherwise than through the layer.
    altered : bool
        Whether the network works on it in place.
    """

    held: object
    axis: int | None
    needed: bool
    altered: bool

    def rows(self, places, n):
        """Return the value for a batch of rows, whose images, of n, are at `places`."""
        if not torch.is_tensor(self.held):
            return self.held
        if not self.needed:
            shape = list(self.held.shape)
            if self.axis is not None:
                shape[self.axis] = shape[self.axis] // n * len(places)
            return self.held.new_zeros(shape) if self.altered else self.held.new_zeros(()).expand(shape)
        if self.axis is None:
            return self.held.clone() if self.altered else self.held
        return self.held.unflatten(self.axis, (n, -1)).index_select(self.axis, places).flatten(self.axis, self.axis + 1)


@dataclass
class Call:
    """A run of a module that ended before the layer's, and is part of no other that did.

    Attributes
    ----------
    number : int
        How many runs of modules began before it.
    module : torch.nn.Module or None
    parts : list
        The tensors that it gave, and what else there was.
    form : TreeSpec
        How the parts make up its output.
    """

    number: int
    module: torch.nn.Module | None
    parts: list
    form: TreeSpec


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

    What the network does between its modules (sums of branches, reshapes, class tokens) is done anew in every run; modules
    that end before the layer does are not run again, and of what they gave only that is kept which is needed above the
    layer. To tell that apart, one or two images go through the network beforehand.

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
        If the module is none of the network's, or does not run just once; if its output goes into a batch norm, which
        makes a constant of a channel of zeros; or if the network cannot be run again from there on.
    """
    read = net if read is None else read
    name = next((name for name, module in net.named_modules() if name and module is layer), None)
    if name is None:
        raise InputError(f"the layer, a {type(layer).__name__}, is no module inside the {type(net).__name__}")
    n = len(inputs)
    # Another number of images than in the recording shows which axis is theirs.
    few = inputs[:1] if n > 1 else inputs.repeat(2, 1, 1, 1)
    trial, activation, _ = trace(net, layer, name, few, read)
    needs = find_needs(trial, layer, activation, name, read)
    calls, activation, outputs = trace(net, layer, name, inputs, read, needs)
    alike = [(call.number, call.module) for call in trial] == [(call.number, call.module) for call in calls]
    if not alike or len(activation) != n or not torch.is_tensor(outputs) or len(outputs) != n:
        raise InputError(f"the network does not give each image an output of layer {name!r} and a tensor of its own; give another `layer:`")
    for call, before in zip(calls, trial, strict=True):
        axes = [images_axis(one, other, len(few), n, name) for one, other in zip(before.parts, call.parts, strict=True)]
        call.parts = [Value(part, axis, *need) for part, axis, need in zip(call.parts, axes, needs[call.number], strict=True)]
    axis = channel_axis(activation.shape, net, tuple(inputs.shape[-2:]))
    recording = Recording(layer, name, read, calls, activation, outputs, axis, activation.shape[axis])
    check(recording)
    return recording


def rerun(recording, kept):
    """Run a network again without some channels of a layer, for every recorded image and every mask.

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
        raise InputError(f"masks of layer {recording.name!r} must be bool, (any number) x {recording.channels}, not {kept.dtype}, {shape}")
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


def mask_channels(net, layer, dropped, size=None):
    """Set channels of a layer to zero in whatever the network does from now on.

    Parameters
    ----------
    net : torch.nn.Module
    layer : torch.nn.Module
        One of its modules. If its output goes into a batch norm, its channels are not gone but constant: `record` refuses
        such a layer.
    dropped : list of int
        Indices of the channels.
    size : (int, int), optional
        Height and width of the images; by default they are square.

    Returns
    -------
    torch.utils.hooks.RemovableHandle
        `remove()` brings the channels back.

    Raises
    ------
    InputError
        In the forward pass: if the output lies on no grid, or has no such channel.
    """

    def drop(module, inputs, output):
        if not torch.is_tensor(output):
            raise InputError(f"the masked layer gives a {type(output).__name__}, not a tensor; give a `layer:` inside it")
        axis = channel_axis(output.shape, net, size)
        if index.numel() and not 0 <= index.min() <= index.max() < output.shape[axis]:
            raise InputError(f"channels from {index.min()} to {index.max()} cannot be dropped of a layer of {output.shape[axis]}")
        return output.index_fill(axis, index.to(output.device), 0)

    index = torch.tensor(list(dropped), dtype=torch.long)
    return layer.register_forward_hook(drop)


def trace(net, layer, name, inputs, read, needs=None):
    """Run a network and note which modules end before a layer does.

    With `needs`, only copies of what is needed of their outputs are kept, and blanks of the rest.

    Returns
    -------
    calls : list of Call
        First the images, as a run of no module.
    activation : Tensor
        The layer's output.
    outputs : Tensor
    """
    calls, begun, running, given = [], 0, [], []

    def begin(module, args):
        nonlocal begun
        if given and isinstance(module, torch.nn.modules.batchnorm._BatchNorm) and any(arg is given[0] for arg in args):
            raise InputError(f"layer {name!r} goes into a batch norm, which makes a constant of a channel of zeros; name the activation after it as `layer:`")
        running.append((begun, len(calls)))
        begun += 1

    def end(module, args, output):
        number, inner = running.pop()
        if not given:
            # Runs that were part of this one do not happen again.
            del calls[inner:]
            calls.append(note(number, module, output))
        if module is layer:
            given.append(output)
            if len(given) == 1 and torch.is_tensor(output):
                calls[-1].parts = [output.clone()]

    def note(number, module, output):
        parts, form = tree_flatten(output)
        if needs is not None:
            parts = [keep(part, needed) for part, (needed, _) in zip(parts, needs[number], strict=True)] if number in needs else []
        return Call(number, module, parts, form)

    calls.append(note(-1, None, inputs))
    modules = [module for module in net.modules() if module is not net]
    hooks = [module.register_forward_pre_hook(begin) for module in modules] + [module.register_forward_hook(end) for module in modules]
    try:
        outputs = read(inputs)
    finally:
        for hook in hooks:
            hook.remove()
    only(given, name)
    return calls[:-1], calls[-1].parts[0], outputs


def keep(part, needed):
    """Return a copy of a part of an output, as later modules may work in place; or a blank one that takes no memory."""
    if not torch.is_tensor(part):
        return part
    return part.clone() if needed else part.new_zeros(()).expand(part.shape)


@torch.enable_grad()
def find_needs(calls, layer, activation, name, read):
    """Tell on what below a layer the outputs depend otherwise than through it, and what is worked on in place.

    Returns
    -------
    dict
        For the number of every call, (needed, altered) of each of its parts.
    """

    def differentiable(part):
        return torch.is_tensor(part) and (part.is_floating_point() or part.is_complex())

    leaves = [[torch.zeros_like(part).requires_grad_() if differentiable(part) else part for part in call.parts] for call in calls]
    # A leaf cannot be worked on in place.
    given = [[leaf.clone() if torch.is_tensor(leaf) else leaf for leaf in parts] for parts in leaves]
    altered = [[part._version if torch.is_tensor(part) else 0 for part in parts] for parts in given]
    outputs = replay(read, [*zip(calls, given, strict=True)], layer, activation.clone(), name)
    reached, seen, ahead = set(), set(), [outputs.grad_fn]
    while ahead:
        node = ahead.pop()
        if node is not None and node not in seen:
            seen.add(node)
            reached.add(id(getattr(node, "variable", None)))
            ahead += [following for following, _ in node.next_functions]
    return {
        call.number: [
            (not differentiable(leaf) or id(leaf) in reached, torch.is_tensor(part) and part._version > version)
            for leaf, part, version in zip(*parts, strict=True)
        ]
        for call, *parts in zip(calls, leaves, given, altered, strict=True)
    }


def images_axis(one, other, n_one, n_other, name):
    """Return the axis of a part of an output that grows with the images, or None."""
    if not torch.is_tensor(one) or one.shape == other.shape:
        return None
    axes = [axis for axis, (a, b) in enumerate(zip(one.shape, other.shape, strict=False)) if a != b]
    if one.ndim != other.ndim or len(axes) != 1 or one.shape[axes[0]] * n_other != other.shape[axes[0]] * n_one:
        raise InputError(f"what the network holds below layer {name!r} does not grow with the images; give another `layer:`")
    return axes[0]


def run_above(recording, places, dropped):
    """Return the outputs of one batch: of the images at `places`, without the channels `dropped`, bool of shape (rows, K)."""
    n = len(recording.outputs)
    rows = [(call, [value.rows(places, n) for value in call.parts]) for call in recording.below]
    activation = recording.activation.index_select(0, places)
    shape = [len(places)] + [1] * (activation.ndim - 1)
    shape[recording.axis] = recording.channels
    with torch.no_grad():
        return replay(recording.read, rows, recording.layer, activation.masked_fill_(dropped.view(shape), 0), recording.name)


def replay(read, below, layer, activation, name):
    """Run a network with `below`, pairs of `Call` and the parts it is to give, the images first, and with what the layer is to give."""
    (_, (images,)), *rest = below
    answers = deque([*((call.module, tree_unflatten(parts, call.form)) for call, parts in rest), (layer, activation)])
    with answering(answers):
        outputs = read(images)
    if answers:
        raise InputError(f"the network runs its modules up to layer {name!r} in another order the second time; give another `layer:`")
    return outputs


@contextmanager
def answering(answers):
    """Let modules give the first of `answers`, pairs of module and output, when it is theirs, and else run."""
    modules = dict.fromkeys(module for module, _ in answers)
    own = {module: vars(module)["forward"] for module in modules if "forward" in vars(module)}

    def stand_in(module, forward):
        def answer(*args, **kwargs):
            return answers.popleft()[1] if answers and answers[0][0] is module else forward(*args, **kwargs)

        return answer

    try:
        for module in modules:
            module.forward = stand_in(module, module.forward)
        yield
    finally:
        for module in modules:
            if module in own:
                module.forward = own[module]
            else:
                vars(module).pop("forward", None)


def check(recording):
    """Refuse a network that does not give the same again when it is run from the layer on."""
    n = len(recording.outputs)
    # Neither as many rows as images, nor in their order.
    places = torch.tensor([n - 1, 0, n - 1][: 2 if n == 3 else 3], device=recording.outputs.device)
    expected = recording.outputs[places]
    try:
        again = run_above(recording, places, torch.zeros(len(places), recording.channels, dtype=torch.bool, device=places.device))
    except torch.OutOfMemoryError:
        raise
    except RuntimeError as error:
        cause = str(error).strip().splitlines()[0]
        raise InputError(f"the network cannot be run again from layer {recording.name!r} on ({cause}); give another `layer:`") from error
    if again.shape != expected.shape or not torch.allclose(again, expected, rtol=0, atol=ROUNDING * float(expected.abs().max())):
        raise InputError(f"the network gives something else when it is run again from layer {recording.name!r} on; give another `layer:`")
