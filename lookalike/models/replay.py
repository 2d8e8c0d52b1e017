"""A forward pass run again from a layer on: the outputs of the modules below the layer are kept,
and returned instead of running these modules.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils._pytree import TreeSpec, tree_flatten, tree_unflatten

from lookalike.core.errors import InputError
from lookalike.models.layers import only

# By the number of a call, whether each part of its output is needed, and altered in place.
Needs = dict[int, list[tuple[bool, bool]]]
# Modules in the order of their runs, each with the output that it returns.
Answers = deque[tuple[torch.nn.Module | None, Any]]


@dataclass
class Value:
    """What the network holds below the layer: the images, or a part of a module's output.

    Attributes
    ----------
    held : object
        A tensor of all images; a blank one of its shape where it is not needed. Anything else stays
        as it is.
    axis : int or None
        Axis of the images, where an image may have several entries, such as its windows; None where
        all images share one value.
    needed : bool
        Whether the outputs depend on it by another way than through the layer.
    altered : bool
        Whether the network works on it in place.
    """

    held: Any
    axis: int | None
    needed: bool
    altered: bool

    def rows(self, indices: torch.Tensor, n: int) -> Any:
        """Return the value for a batch of rows; `indices` are those of their images among n."""
        if not torch.is_tensor(self.held):
            return self.held
        if not self.needed:
            shape = list(self.held.shape)
            if self.axis is not None:
                shape[self.axis] = shape[self.axis] // n * len(indices)
            return (
                self.held.new_zeros(shape)
                if self.altered
                else self.held.new_zeros(()).expand(shape)
            )
        if self.axis is None:
            return self.held.clone() if self.altered else self.held
        return (
            self.held.unflatten(self.axis, (n, -1))
            .index_select(self.axis, indices)
            .flatten(self.axis, self.axis + 1)
        )


@dataclass
class Call:
    """A run of a module that ended before the layer's, and is part of no other such run.

    Attributes
    ----------
    number : int
        How many runs of modules began before it.
    module : torch.nn.Module or None
    parts : list
        The tensors of its output, and whatever else it holds; in a `Recording` they are `Value`.
    form : TreeSpec
        How the parts make up its output.
    """

    number: int
    module: torch.nn.Module | None
    parts: list[Any]
    form: TreeSpec


def trace(
    net: torch.nn.Module,
    layer: torch.nn.Module,
    name: str,
    inputs: torch.Tensor,
    read: Callable[[torch.Tensor], torch.Tensor],
    needs: Needs | None = None,
) -> tuple[list[Call], torch.Tensor, torch.Tensor]:
    """Run a network and note which modules end before a layer does.

    With `needs`, the parts of their outputs that are needed are kept as copies, the rest as blanks.

    Returns
    -------
    calls : list of Call
        First the images, as a run of no module.
    activation : Tensor
        The layer's output.
    outputs : Tensor
    """
    calls: list[Call] = []
    running: list[tuple[int, int]] = []
    given: list[Any] = []
    begun = 0

    def begin(module: torch.nn.Module, args: Any) -> None:
        nonlocal begun
        if (
            given
            and isinstance(module, torch.nn.modules.batchnorm._BatchNorm)
            and any(arg is given[0] for arg in args)
        ):
            raise InputError(
                f"layer {name!r} goes into a batch norm, which turns a channel of zeros into a "
                "constant; name the activation after it as `layer:`"
            )
        running.append((begun, len(calls)))
        begun += 1

    def end(module: torch.nn.Module, args: Any, output: Any) -> None:
        number, inner = running.pop()
        if not given:
            # Runs that were part of this one do not happen again.
            del calls[inner:]
            calls.append(note(number, module, output))
        if module is layer:
            given.append(output)
            if len(given) == 1 and torch.is_tensor(output):
                calls[-1].parts = [output.clone()]

    def note(number: int, module: torch.nn.Module | None, output: Any) -> Call:
        parts, form = tree_flatten(output)
        if needs is not None:
            parts = (
                [keep(part, needed) for part, (needed, _) in zip(parts, needs[number], strict=True)]
                if number in needs
                else []
            )
        return Call(number, module, parts, form)

    calls.append(note(-1, None, inputs))
    modules = [module for module in net.modules() if module is not net]
    hooks = [module.register_forward_pre_hook(begin) for module in modules] + [
        module.register_forward_hook(end) for module in modules
    ]
    try:
        outputs = read(inputs)
    finally:
        for hook in hooks:
            hook.remove()
    only(given, name)
    return calls[:-1], calls[-1].parts[0], outputs


def keep(part: Any, needed: bool) -> Any:
    """Return a copy of a part of an output, since later modules may work in place; or, where it is
    not needed, a blank one that takes no memory.
    """
    if not torch.is_tensor(part):
        return part
    return part.clone() if needed else part.new_zeros(()).expand(part.shape)


@torch.enable_grad()
def find_needs(
    calls: Sequence[Call],
    layer: torch.nn.Module,
    activation: torch.Tensor,
    name: str,
    read: Callable[[torch.Tensor], torch.Tensor],
) -> Needs:
    """Find what below a layer the outputs depend on by another way than through the layer, and what
    the network works on in place.

    Returns
    -------
    dict
        By the number of a call, (needed, altered) of each of its parts.
    """

    def differentiable(part: Any) -> bool:
        return torch.is_tensor(part) and (part.is_floating_point() or part.is_complex())

    leaves = [
        [
            torch.zeros_like(part).requires_grad_() if differentiable(part) else part
            for part in call.parts
        ]
        for call in calls
    ]
    # Work in place is not possible on a leaf itself.
    given = [
        [leaf.clone() if torch.is_tensor(leaf) else leaf for leaf in parts] for parts in leaves
    ]
    altered = [[part._version if torch.is_tensor(part) else 0 for part in parts] for parts in given]
    outputs = replay(read, [*zip(calls, given, strict=True)], layer, activation.clone(), name)
    reached: set[int] = set()
    seen: set[Any] = set()
    ahead: list[Any] = [outputs.grad_fn]
    while ahead:
        node = ahead.pop()
        if node is not None and node not in seen:
            seen.add(node)
            reached.add(id(getattr(node, "variable", None)))
            ahead += [following for following, _ in node.next_functions]
    return {
        call.number: [
            (
                not differentiable(leaf) or id(leaf) in reached,
                torch.is_tensor(part) and part._version > version,
            )
            for leaf, part, version in zip(*parts, strict=True)
        ]
        for call, *parts in zip(calls, leaves, given, altered, strict=True)
    }


def images_axis(one: Any, other: Any, n_one: int, n_other: int, name: str) -> int | None:
    """Return the axis of a part of an output that grows with the number of images, or None."""
    if not torch.is_tensor(one) or one.shape == other.shape:
        return None
    axes = [axis for axis, (a, b) in enumerate(zip(one.shape, other.shape, strict=False)) if a != b]
    if (
        one.ndim != other.ndim
        or len(axes) != 1
        or one.shape[axes[0]] * n_other != other.shape[axes[0]] * n_one
    ):
        raise InputError(
            f"what the network holds below layer {name!r} does not grow with the number of "
            "images; give another `layer:`"
        )
    return axes[0]


def replay(
    read: Callable[[torch.Tensor], torch.Tensor],
    below: Sequence[tuple[Call, list[Any]]],
    layer: torch.nn.Module,
    activation: torch.Tensor,
    name: str,
) -> torch.Tensor:
    """Run a network whose layer returns a given activation, and the modules below the layer the
    parts in `below`: pairs of a `Call` and its parts, the images first.
    """
    (_, (images,)), *rest = below
    answers: Answers = deque(
        (call.module, tree_unflatten(parts, call.form)) for call, parts in rest
    )
    answers.append((layer, activation))
    with answering(answers):
        outputs = read(images)
    if answers:
        raise InputError(
            f"the network runs its modules up to layer {name!r} in another order the second "
            "time; give another `layer:`"
        )
    return outputs


@contextmanager
def answering(answers: Answers) -> Iterator[None]:
    """Let a module return the first of `answers`, pairs of module and output, if the pair is its
    own, and run otherwise.
    """
    modules = dict.fromkeys(module for module, _ in answers if module is not None)
    own = {module: vars(module)["forward"] for module in modules if "forward" in vars(module)}

    def stand_in(module: torch.nn.Module, forward: Callable[..., Any]) -> Callable[..., Any]:
        def answer(*args: Any, **kwargs: Any) -> Any:
            return (
                answers.popleft()[1]
                if answers and answers[0][0] is module
                else forward(*args, **kwargs)
            )

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
