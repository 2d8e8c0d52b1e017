"""The target layer of tiny networks of every kind, and how its output lies on a grid."""

import pytest
import torch

from lookalike.errors import InputError
from lookalike.layers import target_layer, to_grid
from lookalike.models import build_network

torch.set_num_threads(1)

STRIDE_8 = {"output_stride": 8}
VIT = {"img_size": 64, "patch_size": 8}
SWIN = {"img_size": 64, "window_size": 4, "embed_dim": 24, "depths": (1, 1, 1, 1), "num_heads": (1, 1, 1, 1)}
SIDE = 64


def network(name, options=None):
    return build_network({"timm": name, "options": options or {}}, 5).eval()


def name_of(net, module):
    return next(name for name, other in net.named_modules() if other is module)


def output_of(net, module):
    """Return what a module gives for a blank image."""
    kept = []
    handle = module.register_forward_hook(lambda module, inputs, output: kept.append(output))
    with torch.no_grad():
        net(torch.zeros(2, 3, SIDE, SIDE))
    handle.remove()
    return kept[0]


@pytest.mark.parametrize(
    ("name", "options", "layer", "grid"),
    [
        ("test_resnet", STRIDE_8, "layer4", 8),
        ("test_resnet", {}, "layer4", 2),
        ("test_efficientnet", STRIDE_8, "bn2", 8),
        ("test_byobnet", STRIDE_8, "stages", 8),
        ("test_convnext", {}, "stages", 2),
        ("test_mambaout", {}, "stages", 2),
        ("test_nfnet", {}, "final_act", 2),
        ("test_vit", VIT, "blocks.5.norm1", 8),
        ("swin_tiny_patch4_window7_224", SWIN, "norm", 2),
        ("test_maxvit", {"img_size": SIDE}, "norm", 2),
    ],
)
def test_rule_takes_the_last_spatial_features(name, options, layer, grid):
    net = network(name, options)
    chosen = target_layer(net, size=(SIDE, SIDE))
    assert name_of(net, chosen) == layer
    assert to_grid(output_of(net, chosen), net).shape[2:] == (grid, grid)


def test_class_and_distillation_tokens_are_dropped():
    net = network("deit_tiny_distilled_patch16_224", {"img_size": SIDE, "depth": 2, "embed_dim": 48})
    chosen = target_layer(net, size=(SIDE, SIDE))
    tokens = output_of(net, chosen)
    assert name_of(net, chosen) == "blocks.1.norm1" and tokens.shape == (2, 4 * 4 + 2, 48)
    torch.testing.assert_close(to_grid(tokens, net)[1, :, 3, 2], tokens[1, 2 + 3 * 4 + 2], rtol=0, atol=0)


def test_without_a_size_the_rule_uses_that_of_the_pretrained_weights():
    net = network("test_resnet")
    assert name_of(net, target_layer(net)) == "layer4"
    assert name_of(net, target_layer(net, size=(32, 32))) == "layer3"


def test_choosing_a_layer_changes_nothing_in_the_network():
    net = network("test_resnet")
    net.train()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    target_layer(net, size=(SIDE, SIDE))
    assert net.training and net.layer1.training
    assert not any(module._forward_hooks for module in net.modules())
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())


@pytest.mark.parametrize(
    ("name", "options", "layers"),
    [
        ("test_resnet", {}, ["layer1", "layer2", "layer3", "layer4"]),
        ("test_efficientnet", {}, ["blocks.1", "blocks.2", "blocks.3", "bn2"]),
        ("test_byobnet", {}, ["stages.0", "stages.1", "stages.2", "stages"]),
        ("test_convnext", {}, ["stages.0", "stages.1", "stages.2", "stages"]),
        ("test_mambaout", {}, ["stages.0", "stages.1", "stages.2", "stages"]),
        ("test_vit", VIT, ["blocks.1.norm1", "blocks.2.norm1", "blocks.4.norm1", "blocks.5.norm1"]),
    ],
)
def test_depth_picks_shallower_layers_with_grids_no_smaller(name, options, layers):
    net = network(name, options)
    chosen = [target_layer(net, depth, size=(SIDE, SIDE)) for depth in (0.25, 0.5, 0.75, 1)]
    assert [name_of(net, module) for module in chosen] == layers
    sides = [to_grid(output_of(net, module), net).shape[-1] for module in chosen]
    assert sides == sorted(sides, reverse=True)
    assert sides[0] > sides[-1] or name == "test_vit"


def test_named_layer_goes_before_depth():
    net = network("test_convnext")
    assert target_layer(net, depth=0.25, layer="stages.1") is net.stages[1]


def test_unknown_layer_gives_near_names():
    with pytest.raises(InputError, match=r"unknown layer 'stages.9'; did you mean 'stages.[0-3]'"):
        target_layer(network("test_convnext"), layer="stages.9")


@pytest.mark.parametrize("depth", [0, -0.5, 1.5])
def test_depth_outside_its_range_is_refused(depth):
    with pytest.raises(InputError, match=r"depth must lie in \(0, 1\]"):
        target_layer(network("test_resnet"), depth)


def test_depth_of_a_network_without_stages_is_refused():
    net = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.Flatten())
    with pytest.raises(InputError, match=r"Sequential names no stages"):
        target_layer(net, depth=0.5)


def test_network_without_a_grid_is_refused():
    net = network("test_resnet")
    with pytest.raises(InputError, match=r"no layer with a spatial grid"):
        target_layer(net, size=(1, 1))


def test_channels_come_first_on_the_grid():
    first = torch.arange(2 * 5 * 4 * 4.0).view(2, 5, 4, 4)
    net = torch.nn.Identity()
    assert to_grid(first, net) is first
    assert torch.equal(to_grid(first.permute(0, 2, 3, 1), net), first)


def test_channels_last_activations_of_a_network_are_turned():
    net = network("test_mambaout")
    activation = output_of(net, net.stages[1])
    assert activation.shape == (2, 8, 8, 32)
    assert torch.equal(to_grid(activation, net), activation.permute(0, 3, 1, 2))


def test_tokens_without_a_prefix_fill_a_square_row_by_row():
    tokens = torch.arange(2 * 9 * 4.0).view(2, 9, 4)
    grid = to_grid(tokens, torch.nn.Identity())
    assert grid.shape == (2, 4, 3, 3)
    assert torch.equal(grid[1, :, 2, 1], tokens[1, 7])


@pytest.mark.parametrize(
    ("shape", "complaint"),
    [
        ((2, 10, 4), "10 tokens, which do not fill a grid"),
        ((2, 5), "gives 5 numbers an image, which lie on no grid"),
        ((2, 3, 4, 4, 4), "gives 3 x 4 x 4 x 4 numbers"),
    ],
)
def test_output_on_no_grid_is_refused(shape, complaint):
    with pytest.raises(InputError, match=complaint):
        to_grid(torch.zeros(shape), torch.nn.Identity())
