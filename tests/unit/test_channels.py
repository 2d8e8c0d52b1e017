"""Networks without some channels of a layer: against the whole network with a hook, and what is refused."""

from contextlib import contextmanager

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lookalike import channels
from lookalike.channels import leave_one_out, record, rerun
from lookalike.errors import InputError
from lookalike.layers import channel_axis, target_layer
from lookalike.loading import mask_channels
from lookalike.methods.gradcam import gradcam
from lookalike.models import VisionModel, build_network

torch.set_num_threads(1)

SIDE = 64
VIT = {"img_size": SIDE, "patch_size": 8}
SWIN = {"img_size": SIDE, "window_size": 4, "embed_dim": 24, "depths": (1, 2, 1, 1), "num_heads": (1, 1, 1, 1)}
# timm name, options, layer (None for the default one)
NETWORKS = [
    ("test_resnet", {}, None),
    ("test_resnet", {}, "layer2"),
    ("test_resnet", {}, "layer3.0.act1"),
    ("test_resnet", {}, "layer3.0.downsample"),
    ("test_efficientnet", {}, None),
    ("test_efficientnet", {}, "blocks.2.0.bn2"),
    ("test_byobnet", {}, None),
    ("test_byobnet", {}, "stages.1"),
    ("test_convnext", {}, None),
    ("test_convnext", {}, "stages.2.blocks.1.mlp.act"),
    ("test_mambaout", {}, "stages.1"),
    ("test_nfnet", {}, "stages.2"),
    ("test_maxvit", {"img_size": SIDE}, None),
    ("test_vit", VIT, None),
    ("test_vit", VIT, "blocks"),
    ("test_vit", VIT, "blocks.2.norm1"),
    ("test_vit", VIT, "blocks.3.mlp.drop1"),
    ("test_vit_relpos", {"img_size": SIDE}, "blocks.4.norm2"),
    ("swin_tiny_patch4_window7_224", SWIN, None),
    ("swin_tiny_patch4_window7_224", SWIN, "layers.1.blocks.1.mlp"),
]


def network(name, options=None, layer=None):
    """Return a network none of whose branches is silent, and a layer of it."""
    torch.manual_seed(0)
    net = build_network({"timm": name, "options": options or {}}, 5).eval()
    with torch.no_grad():
        for parameter in net.parameters():
            parameter += 0.05 * torch.randn_like(parameter)
    return net, target_layer(net, layer=layer, size=(SIDE, SIDE))


def tiny_vgg():
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Conv2d(3, 6, 3, padding=1),
        torch.nn.ReLU(inplace=True),
        torch.nn.MaxPool2d(4),
        torch.nn.Conv2d(6, 8, 3, padding=1),
        torch.nn.ReLU(inplace=True),
        torch.nn.Flatten(),
        torch.nn.Linear(8 * 4 * 4, 5),
    ).eval()


def images_of(count, side=SIDE):
    return torch.randn(count, 3, side, side, generator=torch.Generator().manual_seed(1))


def penultimate(net):
    return lambda images: net.forward_head(net.forward_features(images), pre_logits=True)


@contextmanager
def without(layer, axis, channel):
    """Set one channel, or several, of a layer to zero by a hook."""

    def drop(module, inputs, output):
        output = output.clone()
        output.movedim(axis, 0)[channel] = 0
        return output

    handle = layer.register_forward_hook(drop)
    yield
    handle.remove()


@torch.no_grad()
def one_by_one(layer, axis, images, dropped, read):
    """Return (n, M, ...), the outputs without each of the lists of channels, by the whole network each time."""
    outputs = []
    for channel in dropped:
        with without(layer, axis, channel):
            outputs.append(read(images))
    return torch.stack(outputs, dim=1)


def same(found, expected, whole):
    """Compare outputs; what a channel changes, not their size, is the measure."""
    spread = (expected - whole[:, None]).abs().max()
    assert spread > 0 and found.shape == expected.shape
    assert (found - expected).abs().max() <= 1e-5 * max(spread, whole.std())


def instance_state(net):
    return [(list(vars(module)), len(module._forward_hooks), len(module._forward_pre_hooks)) for module in net.modules()]


@pytest.mark.parametrize(
    ("shape", "size", "axis"),
    [((2, 7, 4, 4), None, 1), ((2, 4, 4, 7), None, 3), ((2, 16, 7), None, 2), ((2, 17, 7), None, 2), ((2, 7, 4, 6), (64, 96), 1), ((2, 4, 6, 7), (64, 96), 3)],
)
def test_axis_of_the_channels(shape, size, axis):
    net = torch.nn.Identity()
    net.cls_token = torch.nn.Parameter(torch.zeros(1, 1, 7))
    assert channel_axis(torch.Size(shape), net, size) == axis


@pytest.mark.parametrize("shape", [(2, 7), (2, 7, 4, 6), (2, 18, 7), (2, 7, 1, 1)])
def test_what_lies_on_no_grid_has_no_channels(shape):
    with pytest.raises(InputError, match=r"gives 7|gives 18 x 7"):
        channel_axis(torch.Size(shape), torch.nn.Identity())


@pytest.mark.parametrize(("name", "options", "layer"), NETWORKS)
def test_leaving_one_out_is_the_whole_network_with_a_hook(name, options, layer):
    net, chosen = network(name, options, layer)
    images = images_of(2)
    before = instance_state(net)
    recording = record(net, chosen, images)
    with torch.no_grad():
        assert torch.equal(recording.outputs, net(images)) and recording.channels == recording.activation.shape[recording.axis]
    found = leave_one_out(recording)
    same(found, one_by_one(chosen, recording.axis, images, range(recording.channels), net), recording.outputs)
    with torch.no_grad():
        assert instance_state(net) == before and torch.equal(net(images), recording.outputs)


@pytest.mark.parametrize("name", ["test_resnet", "test_convnext", "test_efficientnet", "test_vit"])
def test_penultimate_features_can_be_read(name):
    net, layer = network(name, VIT if name == "test_vit" else {})
    images, read = images_of(2), penultimate(net)
    recording = record(net, layer, images, read)
    assert recording.outputs.ndim == 2 and recording.outputs.shape[1] > 5
    same(leave_one_out(recording), one_by_one(layer, recording.axis, images, range(recording.channels), read), recording.outputs)


@pytest.mark.parametrize("index", [0, 1, 3, 4])
def test_a_vgg_loses_channels_before_and_after_its_rectifiers(index):
    net, images = tiny_vgg(), images_of(3, 16)
    recording = record(net, net[index], images)
    # A rectifier works in place on what the layer gave.
    assert index % 3 or (recording.activation < 0).any()
    same(leave_one_out(recording), one_by_one(net[index], 1, images, range(recording.channels), net), recording.outputs)


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(["vgg", "vit", "resnet"]), st.sampled_from([1, 2, 5]), st.integers(1, 7), st.integers(1, 4000), st.integers(0, 2**16))
def test_masks_hold_for_any_number_of_images_and_size_of_batches(kind, n, masks, values, seed):
    net, layer = PREPARED[kind]
    images = images_of(n, SIDE if kind != "vgg" else 16)
    recording = record(net, layer, images)
    kept = torch.rand(masks, recording.channels, generator=torch.Generator().manual_seed(seed)) < 0.5
    kept[0, 0] = False
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(channels.VALUES_AT_ONCE, "cpu", values)
        found = rerun(recording, kept)
    dropped = [(~mask).nonzero()[:, 0] for mask in kept]
    same(found, one_by_one(layer, recording.axis, images, dropped, net), recording.outputs)


VGG = tiny_vgg()
PREPARED = {"vgg": (VGG, VGG[4]), "vit": network("test_vit", VIT), "resnet": network("test_resnet", {}, "layer3.0.downsample")}


@pytest.mark.parametrize(("n", "masks"), [(1, 50), (50, 1), (7, 9)])
def test_batches_are_full_and_no_larger_than_their_bound(monkeypatch, n, masks):
    net = tiny_vgg()
    recording = record(net, net[4], images_of(n, 16))
    sizes = []
    net[6].register_forward_hook(lambda module, inputs, output: sizes.append(len(output)))
    monkeypatch.setitem(channels.VALUES_AT_ONCE, "cpu", 10 * 8 * 4 * 4)
    rerun(recording, torch.ones(masks, 8, dtype=torch.bool))
    assert sum(sizes) == n * masks and set(sizes[:-1]) == {10}


def test_modules_below_the_layer_do_not_run_again():
    net = tiny_vgg()
    recording = record(net, net[3], images_of(2, 16))
    runs = []
    for index in (0, 3, 4, 6):
        net[index].forward = lambda *args, index=index, forward=net[index].forward: runs.append(index) or forward(*args)
    leave_one_out(recording)
    assert runs == [4, 6]


class Known(torch.nn.Module):
    """The score is the sum of what the channels hold, each times a weight."""

    def __init__(self, weights):
        super().__init__()
        self.features, self.weights = torch.nn.Identity(), weights

    def forward(self, images):
        return self.features(images).mean(dim=(2, 3)) @ self.weights


def test_channels_matter_as_much_as_their_weights():
    weights = torch.tensor([[0.0, 5.0], [1.0, 0.0], [-2.0, 0.0]])
    net, images = Known(weights), torch.ones(2, 3, 4, 4) * torch.tensor([1.0, 3.0]).view(2, 1, 1, 1)
    recording = record(net, net.features, images)
    lost = recording.outputs[:, None] - leave_one_out(recording)
    torch.testing.assert_close(lost, torch.stack([weights, 3 * weights]))
    torch.testing.assert_close(rerun(recording, torch.tensor([[True, True, False]])), (torch.tensor([1.0, 3.0]).view(2, 1, 1) * torch.tensor([1.0, 5.0])))


def test_a_channel_is_dropped_even_where_it_is_not_finite():
    net = Known(torch.ones(3, 1))
    recording = record(net, net.features, torch.ones(1, 3, 4, 4))
    recording.activation[:, 1] = torch.nan
    assert rerun(recording, torch.tensor([[True, False, True]])).item() == 2


class Parts(torch.nn.Module):
    """A network whose modules are of every awkward kind; `ways` of doing what comes below the layer."""

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


class Pair(torch.nn.Module):
    def forward(self, x):
        windows = torch.stack([x, 2 * x, -x, x.abs()], dim=1).flatten(0, 1)
        return 2 * x, ({"windows": windows, "table": torch.arange(4)}, x.new_full((1, 4, 1, 1), 3.0))


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
        same(leave_one_out(recording), one_by_one(net.layer, 1, images, range(5), net), recording.outputs)
    assert torch.equal(images, given)


def test_what_is_not_needed_above_the_layer_is_not_kept():
    net, layer = network("test_resnet")
    recording = record(net, layer, images_of(3))
    held = [value.held for call in recording.below for value in call.parts]
    assert len(held) > 3 and sum(tensor.untyped_storage().nbytes() for tensor in held) < 100


def test_images_need_not_be_square():
    net, _ = network("test_convnext")
    images = torch.randn(2, 3, 64, 96)
    recording = record(net, net.stages[1], images)
    same(leave_one_out(recording), one_by_one(net.stages[1], 1, images, range(recording.channels), net), recording.outputs)


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
    with pytest.raises(InputError, match=r"layer 'layer4.0.conv1' goes into a batch norm.*name the activation after it"):
        record(net, conv, images_of(2))
    record(net, net.layer4[0].act1, images_of(2))
    net, conv = network("test_efficientnet", {}, "conv_head")
    with pytest.raises(InputError, match=r"'conv_head' goes into a batch norm"):
        record(net, conv, images_of(2))


class Twice(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer, self.idle, self.tuple = torch.nn.Conv2d(3, 3, 1), torch.nn.Conv2d(3, 3, 1), Pair()

    def forward(self, images):
        return self.tuple(self.layer(self.layer(images)))[0].flatten(1)


@pytest.mark.parametrize(("layer", "complaint"), [("layer", "'layer' runs 2 times"), ("idle", "'idle' runs 0 times"), ("tuple", "gives a tuple, not a tensor")])
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
    """A network that uses above the layer what its first module noted, of all images together or each."""

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
        same(leave_one_out(record(net, net.layer, images)), one_by_one(net.layer, 1, images, range(3), net), net(images))
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
    with pytest.raises(InputError, match=r"something else when it is run again from layer 'layer' on"):
        record(net, net.layer, images_of(4, 8))


@pytest.mark.parametrize("kept", [torch.ones(2, 7, dtype=torch.bool), torch.ones(8, dtype=torch.bool), torch.ones(2, 8)])
def test_masks_of_another_shape_or_kind_are_refused(kept):
    net = tiny_vgg()
    with pytest.raises(InputError, match=r"masks of layer '4' must be bool"):
        rerun(record(net, net[4], images_of(1, 16)), kept)


@pytest.mark.parametrize(("name", "options"), [("test_resnet", {}), ("test_vit", VIT), ("swin_tiny_patch4_window7_224", SWIN), ("test_efficientnet", {})])
def test_masked_channels_stay_away(name, options):
    net, layer = network(name, options)
    images, dropped = images_of(2), [1, 4, 7, 8]
    recording = record(net, layer, images)
    expected = one_by_one(layer, recording.axis, images, [dropped], net)
    whole = recording.outputs
    handle = mask_channels(net, layer, dropped)
    same(net(images)[:, None], expected, whole)
    assert target_layer(net, size=(SIDE, SIDE)) is layer
    # Recorded anew, the masked network loses nothing by what it has lost already.
    masked = record(net, layer, images)
    assert not masked.activation.movedim(masked.axis, 0)[dropped].any()
    found = leave_one_out(masked)
    torch.testing.assert_close(found[:, dropped], masked.outputs[:, None].expand(-1, len(dropped), -1), rtol=0, atol=1e-5 * float(whole.std()))
    same(found, one_by_one(layer, masked.axis, images, [[*dropped, channel] for channel in range(masked.channels)], net), masked.outputs)
    handle.remove()
    assert torch.equal(net(images), whole)


def test_the_choice_of_a_layer_sees_the_masked_network_and_is_the_same():
    net, layer = network("test_convnext")
    # Of a size that no trial has seen, so that it runs with the mask.
    mask_channels(net, layer, range(1, 64))
    assert target_layer(net, size=(96, 96)) is layer


@pytest.mark.parametrize(("name", "options"), [("test_resnet", {}), ("test_vit", VIT)])
def test_gradcam_of_a_masked_network_has_nothing_of_the_dropped_channels(name, options):
    net, layer = network(name, options)
    net.requires_grad_(False)
    model = VisionModel(net, torch.zeros(1, 3, 1, 1), torch.ones(1, 3, 1, 1), list("abcde"))
    images, targets = images_of(1).repeat(5, 1, 1, 1), torch.arange(5)
    whole, _ = gradcam(model, images, targets, [0] * 5)
    recording = record(net, layer, images)
    dropped = range(recording.channels // 2)

    def disturb(module, inputs, output):
        output = output.clone()
        output.movedim(recording.axis, 0)[: len(dropped)] += 3
        return output

    disturbing = layer.register_forward_hook(disturb)
    disturbed, _ = gradcam(model, images, targets, [0] * 5)
    masking = mask_channels(net, layer, dropped)
    quiet, _ = gradcam(model, images, targets, [0] * 5)
    disturbing.remove()
    masked, _ = gradcam(model, images, targets, [0] * 5)
    assert abs(disturbed - whole).max() > 1e-3 * whole.max() and abs(masked - whole).max() > 1e-3 * whole.max()
    assert masked.any() and (quiet == masked).all()
    masking.remove()
    assert (gradcam(model, images, targets, [0] * 5)[0] == whole).all()


@pytest.mark.parametrize("dropped", [[8], [-1], [3, 9]])
def test_masking_a_channel_that_is_not_there_is_refused(dropped):
    net = tiny_vgg()
    mask_channels(net, net[4], dropped)
    with pytest.raises(InputError, match="cannot be dropped of a layer of 8"):
        net(images_of(1, 16))


def test_masking_no_channel_changes_nothing():
    net, images = tiny_vgg(), images_of(2, 16)
    before = net(images)
    mask_channels(net, net[4], [])
    assert torch.equal(net(images), before)


def test_masking_a_layer_that_gives_a_tuple_is_refused():
    net = Twice()
    mask_channels(net, net.tuple, [0])
    with pytest.raises(InputError, match="gives a tuple, not a tensor"):
        net(images_of(1, 8))
