"""Networks without some channels of a layer, against the whole network with a hook."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import (
    SIDE,
    SWIN,
    VIT,
    assert_same,
    images_of,
    instance_state,
    network,
    one_by_one,
    penultimate,
    tiny_vgg,
)

from lookalike.core.errors import InputError
from lookalike.models import channels
from lookalike.models.channels import leave_one_out, record, rerun
from lookalike.models.grids import channel_axis

torch.set_num_threads(1)


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


@pytest.mark.parametrize(
    ("shape", "size", "axis"),
    [
        ((2, 7, 4, 4), None, 1),
        ((2, 4, 4, 7), None, 3),
        ((2, 16, 7), None, 2),
        ((2, 17, 7), None, 2),
        ((2, 7, 4, 6), (64, 96), 1),
        ((2, 4, 6, 7), (64, 96), 3),
    ],
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
        assert (
            torch.equal(recording.outputs, net(images))
            and recording.channels == recording.activation.shape[recording.axis]
        )
    found = leave_one_out(recording)
    assert_same(
        found,
        one_by_one(chosen, recording.axis, images, range(recording.channels), net),
        recording.outputs,
    )
    with torch.no_grad():
        assert instance_state(net) == before and torch.equal(net(images), recording.outputs)


@pytest.mark.parametrize("name", ["test_resnet", "test_convnext", "test_efficientnet", "test_vit"])
def test_penultimate_features_can_be_read(name):
    net, layer = network(name, VIT if name == "test_vit" else {})
    images, read = images_of(2), penultimate(net)
    recording = record(net, layer, images, read)
    assert recording.outputs.ndim == 2 and recording.outputs.shape[1] > 5
    assert_same(
        leave_one_out(recording),
        one_by_one(layer, recording.axis, images, range(recording.channels), read),
        recording.outputs,
    )


@pytest.mark.parametrize("index", [0, 1, 3, 4])
def test_a_vgg_loses_channels_before_and_after_its_rectifiers(index):
    net, images = tiny_vgg(), images_of(3, 16)
    recording = record(net, net[index], images)
    # A rectifier works in place on what the layer gave.
    assert index % 3 or (recording.activation < 0).any()
    assert_same(
        leave_one_out(recording),
        one_by_one(net[index], 1, images, range(recording.channels), net),
        recording.outputs,
    )


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(["vgg", "vit", "resnet"]),
    st.sampled_from([1, 2, 5]),
    st.integers(1, 7),
    st.integers(1, 4000),
    st.integers(0, 2**16),
)
def test_masks_hold_for_any_number_of_images_and_size_of_batches(kind, n, masks, values, seed):
    net, layer = PREPARED[kind]
    images = images_of(n, SIDE if kind != "vgg" else 16)
    recording = record(net, layer, images)
    kept = (
        torch.rand(masks, recording.channels, generator=torch.Generator().manual_seed(seed)) < 0.5
    )
    kept[0, 0] = False
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(channels.VALUES_AT_ONCE, "cpu", values)
        found = rerun(recording, kept)
    dropped = [(~mask).nonzero()[:, 0] for mask in kept]
    assert_same(found, one_by_one(layer, recording.axis, images, dropped, net), recording.outputs)


VGG = tiny_vgg()


PREPARED = {
    "vgg": (VGG, VGG[4]),
    "vit": network("test_vit", VIT),
    "resnet": network("test_resnet", {}, "layer3.0.downsample"),
}


@pytest.mark.parametrize(("n", "masks"), [(1, 50), (50, 1), (7, 9)])
def test_batches_are_full_and_no_larger_than_their_bound(monkeypatch, n, masks):
    net = tiny_vgg()
    recording = record(net, net[4], images_of(n, 16))
    sizes = []
    net[6].register_forward_hook(lambda module, inputs, output: sizes.append(len(output)))
    monkeypatch.setitem(channels.VALUES_AT_ONCE, "cpu", 10 * 8 * 4 * 4)
    rerun(recording, torch.ones(masks, 8, dtype=torch.bool))
    assert sum(sizes) == n * masks and set(sizes[:-1]) == {10}


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
    torch.testing.assert_close(
        rerun(recording, torch.tensor([[True, True, False]])),
        (torch.tensor([1.0, 3.0]).view(2, 1, 1) * torch.tensor([1.0, 5.0])),
    )


def test_a_channel_is_dropped_even_where_it_is_not_finite():
    net = Known(torch.ones(3, 1))
    recording = record(net, net.features, torch.ones(1, 3, 4, 4))
    recording.activation[:, 1] = torch.nan
    assert rerun(recording, torch.tensor([[True, False, True]])).item() == 2


def test_images_need_not_be_square():
    net, _ = network("test_convnext")
    images = torch.randn(2, 3, 64, 96)
    recording = record(net, net.stages[1], images)
    assert_same(
        leave_one_out(recording),
        one_by_one(net.stages[1], 1, images, range(recording.channels), net),
        recording.outputs,
    )


@pytest.mark.parametrize(
    "kept", [torch.ones(2, 7, dtype=torch.bool), torch.ones(8, dtype=torch.bool), torch.ones(2, 8)]
)
def test_masks_of_another_shape_or_kind_are_refused(kept):
    net = tiny_vgg()
    with pytest.raises(InputError, match=r"masks of layer '4' must be bool"):
        rerun(record(net, net[4], images_of(1, 16)), kept)
