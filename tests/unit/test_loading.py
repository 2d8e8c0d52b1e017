"""Networks that lack channels for good."""

import pytest
import torch
from networks import SIDE, SWIN, VIT, Twice, assert_same, images_of, network, one_by_one, tiny_vgg

from lookalike.core.errors import InputError
from lookalike.methods.gradcam import gradcam
from lookalike.models.channels import leave_one_out, record
from lookalike.models.layers import target_layer
from lookalike.models.loading import mask_channels
from lookalike.models.networks import VisionModel

torch.set_num_threads(1)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("test_resnet", {}),
        ("test_vit", VIT),
        ("swin_tiny_patch4_window7_224", SWIN),
        ("test_efficientnet", {}),
    ],
)
def test_masked_channels_stay_away(name, options):
    net, layer = network(name, options)
    images, dropped = images_of(2), [1, 4, 7, 8]
    recording = record(net, layer, images)
    expected = one_by_one(layer, recording.axis, images, [dropped], net)
    whole = recording.outputs
    handle = mask_channels(net, layer, dropped)
    assert_same(net(images)[:, None], expected, whole)
    assert target_layer(net, size=(SIDE, SIDE)) is layer
    # Recorded anew, the masked network loses nothing by what it has lost already.
    masked = record(net, layer, images)
    assert not masked.activation.movedim(masked.axis, 0)[dropped].any()
    found = leave_one_out(masked)
    torch.testing.assert_close(
        found[:, dropped],
        masked.outputs[:, None].expand(-1, len(dropped), -1),
        rtol=0,
        atol=1e-5 * float(whole.std()),
    )
    assert_same(
        found,
        one_by_one(
            layer,
            masked.axis,
            images,
            [[*dropped, channel] for channel in range(masked.channels)],
            net,
        ),
        masked.outputs,
    )
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
    assert (
        abs(disturbed - whole).max() > 1e-3 * whole.max()
        and abs(masked - whole).max() > 1e-3 * whole.max()
    )
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
