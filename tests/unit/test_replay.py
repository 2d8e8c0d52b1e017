"""Forward passes run again from a layer on: of awkward networks, what is kept, and what is
refused.
"""

import pytest
import torch
from networks import (
    Pair,
    Twice,
    assert_same,
    images_of,
    instance_state,
    network,
    one_by_one,
    tiny_vgg,
)

from lookalike.core.errors import InputError
from lookalike.models.channels import leave_one_out, record

torch.set_num_threads(1)


def test_modules_below_the_layer_do_not_run_again():
    net = tiny_vgg()
    recording = record(net, net[3], images_of(2, 16))
    runs = []
    for index in (0, 3, 4, 6):
        net[index].forward = lambda *args, index=index, forward=net[index].forward: (
            runs.append(index) or forward(*args)
        )
    leave_one_out(recording)
    assert runs == [4, 6]


class Parts(torch.nn.Module):
    """A network whose modules are of every awkward kind; `ways` of doing what comes below the
    layer.
    """

    def __init__(self, ways):
        super().__init__()
        self.ways = ways
        self.first = self.again = torch.nn.Conv2d(3, 4, 3, padding=1)
        self.act = torch.nn.ReLU(inplace=True)
        self.middle = torch.nn.Conv2d(4, 4, 3, padding=1)
        self.pair, self.around = Pair(), Around()
        self.layer = torch.nn.Conv2d(4, 5, 3, padding=1)
        self.last = torch.nn.Conv2d(5, 4, 3, padding=1)

    def forward(self, images):
        x = self.again(images)
        if self.ways == "the rectifier runs several times":
            x = self.act(self.middle(self.act(x)))
        shortcut, bias = x, 1.0
        if self.ways == "a module gives several things":
            shortcut, (extra, bias) = self.pair(x)
            x = x + extra["windows"].unflatten(0, (len(x), 4)).mean(dim=1)
            bias *= extra["table"].view(1, 4, 1, 1)
        if self.ways == "in place on what a module gave":
            x = self.middle(x)
            x += shortcut
            shortcut *= 2
        if self.ways == "the images come again":
            shortcut = shortcut + images.mean(dim=1, keepdim=True)
        if self.ways == "the layer runs inside a module that ran before":
            shortcut = self.around(x, self.middle)
            y = self.around(x, self.layer)
        else:
            y = self.layer(x)
        if self.ways == "in place on what the layer gave":
            y.mul_(2).relu_()
        return (self.act(self.last(y)) * bias + shortcut).flatten(1)


class Around(torch.nn.Module):
    def forward(self, x, module):
        return 1 + module(x.abs())


WAYS = [
    "plain",
    "the rectifier runs several times",
    "a module gives several things",
    "in place on what a module gave",
    "the images come again",
    "in place on what the layer gave",
    "the layer runs inside a module that ran before",
]


@pytest.mark.parametrize("n", [1, 2, 4])
@pytest.mark.parametrize("ways", WAYS)
def test_awkward_networks(ways, n):
    torch.manual_seed(0)
    net, images = Parts(ways).eval(), images_of(n, 8)
    given = images.clone()
    recording = record(net, net.layer, images)
    assert torch.equal(recording.outputs, net(images))
    for _ in range(2):
        assert_same(
            leave_one_out(recording),
            one_by_one(net.layer, 1, images, range(5), net),
            recording.outputs,
        )
    assert torch.equal(images, given)


def test_what_is_not_needed_above_the_layer_is_not_kept():
    net, layer = network("test_resnet")
    recording = record(net, layer, images_of(3))
    held = [value.held for call in recording.below for value in call.parts]
    assert len(held) > 3 and sum(tensor.untyped_storage().nbytes() for tensor in held) < 100


def test_the_network_is_as_before_when_a_run_fails():
    net = tiny_vgg()
    net[2].forward = own = net[2].forward
    images = images_of(2, 16)
    before = instance_state(net)
    recording = record(net, net[4], images)
    failing = net[6].register_forward_hook(lambda module, inputs, output: 1 / 0)
    for call in (lambda: leave_one_out(recording), lambda: record(net, net[4], images)):
        with pytest.raises(ZeroDivisionError):
            call()
    failing.remove()
    assert instance_state(net) == before and net[2].forward is own
    assert torch.equal(net(images), recording.outputs)


def test_a_layer_that_goes_into_a_batch_norm_is_refused():
    net, conv = network("test_resnet", {}, "layer4.0.conv1")
    with pytest.raises(
        InputError,
        match=r"layer 'layer4.0.conv1' goes into a batch norm.*name the activation after it",
    ):
        record(net, conv, images_of(2))
    record(net, net.layer4[0].act1, images_of(2))
    net, conv = network("test_efficientnet", {}, "conv_head")
    with pytest.raises(InputError, match=r"'conv_head' goes into a batch norm"):
        record(net, conv, images_of(2))


@pytest.mark.parametrize(
    ("layer", "complaint"),
    [
        ("layer", "'layer' runs 2 times"),
        ("idle", "'idle' runs 0 times"),
        ("tuple", "gives a tuple, not a tensor"),
    ],
)
def test_a_layer_that_does_not_run_once_or_gives_no_tensor_is_refused(layer, complaint):
    net = Twice()
    with pytest.raises(InputError, match=complaint):
        record(net, net.get_submodule(layer), images_of(2, 8))


def test_a_module_of_another_network_is_refused():
    with pytest.raises(InputError, match="a Conv2d, is no module inside the Sequential"):
        record(tiny_vgg(), torch.nn.Conv2d(3, 4, 3), images_of(1, 16))
    net = tiny_vgg()
    with pytest.raises(InputError, match="no module inside"):
        record(net, net, images_of(1, 16))


def test_a_layer_whose_channels_are_not_known_is_refused():
    net = tiny_vgg()
    with pytest.raises(InputError, match=r"128 numbers an image, which lie on no grid"):
        record(net, net[5], images_of(2, 16))


class Remembering(torch.nn.Module):
    """A network that uses above the layer what its first module noted, of all images together or
    each.
    """

    def __init__(self, axes):
        super().__init__()
        self.first, self.layer = Noting(axes), torch.nn.Conv2d(3, 3, 1)

    def forward(self, images):
        return (self.layer(self.first(images)) * self.first.noted).flatten(1)


class Noting(torch.nn.Module):
    def __init__(self, axes):
        super().__init__()
        self.axes = axes

    def forward(self, x):
        self.noted = x.abs().mean(dim=self.axes, keepdim=True)
        return x


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_a_network_that_cannot_be_run_from_the_layer_on_is_refused(n):
    net = Remembering((1, 2, 3))
    images = images_of(n, 8) * torch.arange(1.0, n + 1).view(n, 1, 1, 1)
    if n == 1:
        # What was noted of one image holds for all rows.
        assert_same(
            leave_one_out(record(net, net.layer, images)),
            one_by_one(net.layer, 1, images, range(3), net),
            net(images),
        )
    else:
        with pytest.raises(InputError, match=r"from layer 'layer' on.*; give another"):
            record(net, net.layer, images)


class Mixing(torch.nn.Module):
    """A network whose images are the inner of two that share an axis below the layer."""

    def __init__(self):
        super().__init__()
        self.first, self.layer = Inner(), torch.nn.Conv2d(3, 3, 1)

    def forward(self, images):
        doubled = self.first(images)
        return (self.layer(images) + doubled.unflatten(0, (2, -1))[0]).flatten(1)


class Inner(torch.nn.Module):
    def forward(self, x):
        return torch.stack([x, 2 * x]).flatten(0, 1)


def test_a_network_that_mixes_the_images_up_is_refused():
    net = Mixing()
    with pytest.raises(
        InputError, match=r"another result when it is run again from layer 'layer' on"
    ):
        record(net, net.layer, images_of(4, 8))
