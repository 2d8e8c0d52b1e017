"""The target layer of tiny networks of every kind, and how its output lies on a grid."""

import pytest
import torch

from lookalike.core.errors import InputError
from lookalike.models.grids import to_grid
from lookalike.models.layers import describe_layers, measure_layer, target_layer
from lookalike.models.networks import build_network

torch.set_num_threads(1)

STRIDE_8 = {"output_stride": 8}
VIT = {"img_size": 64, "patch_size": 8}
SWIN = {
    "img_size": 64,
    "window_size": 4,
    "embed_dim": 24,
    "depths": (1, 1, 1, 1),
    "num_heads": (1, 1, 1, 1),
}
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
    net = network(
        "deit_tiny_distilled_patch16_224", {"img_size": SIDE, "depth": 2, "embed_dim": 48}
    )
    chosen = target_layer(net, size=(SIDE, SIDE))
    tokens = output_of(net, chosen)
    assert name_of(net, chosen) == "blocks.1.norm1" and tokens.shape == (2, 4 * 4 + 2, 48)
    torch.testing.assert_close(
        to_grid(tokens, net)[1, :, 3, 2], tokens[1, 2 + 3 * 4 + 2], rtol=0, atol=0
    )


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


def test_named_layer_takes_precedence_over_depth():
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


def test_channels_as_many_as_the_side_are_recognised_by_what_the_network_says():
    activation = torch.arange(2 * 8 * 8 * 8.0).view(2, 8, 8, 8)
    assert to_grid(activation, network("test_resnet")) is activation
    assert torch.equal(
        to_grid(activation, network("test_mambaout")), activation.permute(0, 3, 1, 2)
    )


@pytest.mark.parametrize(
    ("shape", "grid"),
    [
        ((2, 5, 4, 6), (5, 4, 6)),
        ((2, 4, 6, 5), (5, 4, 6)),
        ((2, 24, 5), (5, 4, 6)),
        ((2, 25, 5), (5, 4, 6)),
    ],
)
def test_grids_have_the_shape_of_images_that_are_not_square(shape, grid):
    net = torch.nn.Identity()
    net.cls_token = torch.nn.Parameter(torch.zeros(1, 1, 5))
    assert to_grid(torch.zeros(shape), net, (64, 96)).shape[1:] == grid


@pytest.mark.parametrize(
    ("name", "depth", "layer", "side"),
    [
        ("test_convnext", 1, "stages", 5),
        ("test_mambaout", 0.5, "stages.1", 20),
        ("test_vit", 1, "blocks.5.norm1", 10),
        ("pit_ti_224", 0.3, "transformers.0.blocks.1.norm2", 27),
        ("xcit_nano_12_p8_224", 1, "cls_attn_blocks.1.norm1", 28),
        ("coat_lite_tiny", 1, "serial_blocks4.1.norm1", 7),
        ("hiera_tiny_224", 0.25, "blocks.0.norm1", 56),
        ("hiera_tiny_224", 1, "blocks.11", 7),
        ("twins_svt_small", 1, "norm", 7),
        ("sequencer2d_s", 1, "norm", 16),
    ],
)
def test_cells_lie_where_the_pixels_are(name, depth, layer, side):
    torch.manual_seed(0)
    net = network(name)
    size = net.pretrained_cfg["input_size"][-2:]
    chosen = target_layer(net, depth)
    assert name_of(net, chosen) == layer
    images = torch.rand(1, 3, *size).repeat(2, 1, 1, 1)
    half = size[0] // 2
    images[1, :, half:, :half] = torch.rand(3, size[0] - half, half)
    kept = []
    chosen.register_forward_hook(lambda module, inputs, output: kept.append(output))
    with torch.no_grad():
        net(images)
    grid = to_grid(kept[0], net, size)
    change = (grid[1] - grid[0]).abs().mean(dim=0)
    quarters = [
        part.mean().item()
        for rows in (change[: side // 2], change[-(side // 2) :])
        for part in (rows[:, : side // 2], rows[:, -(side // 2) :])
    ]
    assert change.shape == (side, side)
    # Only the quarter at the bottom left changed.
    assert quarters[2] == max(quarters) > 1.5 * sorted(quarters)[-2]


@pytest.mark.parametrize(
    ("pool", "layer"),
    [("token", "blocks.11.norm1"), ("avg", "blocks"), ("map", "norm")],
    ids=["class token", "mean of tokens", "attention over tokens"],
)
def test_a_vit_is_explained_where_its_head_last_reads_the_patches(pool, layer):
    net = network("vit_tiny_patch16_224", {"img_size": SIDE, "global_pool": pool})
    assert name_of(net, target_layer(net, size=(SIDE, SIDE))) == layer


@pytest.mark.parametrize(
    ("name", "size", "layer", "expected"),
    [
        (
            "deit_tiny_patch16_224",
            (224, 224),
            None,
            {"layer": "blocks.11.norm1", "channels": 192, "grid": (14, 14)},
        ),
        ("efficientnet_b3", (224, 224), None, {"layer": "bn2", "channels": 1536, "grid": (7, 7)}),
        ("test_resnet", (64, 96), None, {"layer": "layer4", "channels": 96, "grid": (2, 3)}),
        (
            "test_mambaout",
            (64, 64),
            "stages.1",
            {"layer": "stages.1", "channels": 32, "grid": (8, 8)},
        ),
    ],
)
def test_measured_layer(name, size, layer, expected):
    net = network(name)
    assert measure_layer(net, size, layer) == expected
    assert not any(module._forward_hooks for module in net.modules())


@pytest.mark.parametrize(
    ("size", "layer", "complaint"),
    [
        ((1, 1), None, "no layer with a spatial grid"),
        ((64, 64), "layer9", "unknown layer"),
        ((64, 64), "fc", "lie on no grid"),
        ((64, 64), "idle", "runs 0 times"),
    ],
)
def test_a_layer_that_cannot_be_measured_is_refused(size, layer, complaint):
    net = network("test_resnet")
    net.idle = torch.nn.Identity()
    with pytest.raises(InputError, match=complaint):
        measure_layer(net, size, layer)


@pytest.mark.parametrize(
    ("name", "size", "fewest", "step"),
    [
        ("test_resnet", (64, 96), 20, 1),
        ("test_mambaout", (64, 64), 10, 1),
        ("test_vit", (160, 160), 20, 1),
        ("hiera_tiny_224", (224, 224), 20, 9),
    ],
)
def test_layers_are_described_as_each_is_measured(name, size, fewest, step):
    """Every layer, or in a larger network every ninth, since each is a pass of its own."""
    net = network(name)
    described = describe_layers(net, size)
    assert not any(module._forward_hooks for module in net.modules())
    assert described["target"] == name_of(net, target_layer(net, size=size))
    assert len(described["layers"]) > fewest
    for layer, module in list(net.named_modules())[1::step]:
        try:
            expected = measure_layer(net, size, layer)
        except InputError:
            expected = None
        found = described["layers"].get(layer)
        assert (found and {"layer": layer} | found) == expected, type(module)


def test_without_a_target_layer_the_reason_is_printed(capsys):
    net = network("test_resnet")
    net.idle = torch.nn.Identity()
    described = describe_layers(net, (1, 1))
    assert described == {"target": None, "layers": {}}
    assert "no layer with a spatial grid" in capsys.readouterr().out
    assert "idle" not in describe_layers(net, (64, 64))["layers"]


class Spread(torch.nn.Module):
    """Adds a branch on a grid of its own, as some attention has, to features of any size."""

    def __init__(self):
        super().__init__()
        self.branch = torch.nn.AdaptiveAvgPool2d(4)
        self.gate = torch.nn.Conv2d(96, 96, 3, padding=1)

    def forward(self, features):
        return features + self.gate(self.branch(features)).mean(dim=(2, 3), keepdim=True)


def test_a_branch_finer_than_the_features_beside_it_is_not_taken():
    net = network("test_resnet")
    net.layer4.append(Spread())
    assert name_of(net, target_layer(net, size=(SIDE, SIDE))) == "layer4"
    # The features of a small image are one cell, which no map can be made of.
    assert name_of(net, target_layer(net, size=(32, 32))) == "layer3"
