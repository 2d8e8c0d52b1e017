"""Checkpoints of other libraries and of training runs, with real random weights: the same logits,
or one line that says why not.
"""

import pytest
import torch
import torchvision
from networks import assert_same_logits, shake, shaken
from safetensors.torch import save_file
from torch import nn

from lookalike.core import io
from lookalike.core.errors import InputError
from lookalike.models.checkpoints import build_from_checkpoint, head_of
from lookalike.models.loading import load_model
from lookalike.models.networks import build_network, describe_import, save_model
from lookalike.models.weights import read_weights

torch.set_num_threads(1)

RECIPE = {"timm": "test_resnet", "options": {"output_stride": 8}}
VIT = {"timm": "test_vit", "options": {"img_size": 64, "patch_size": 8}}


def network(recipe=RECIPE, n_classes=3):
    return shaken(recipe, n_classes)


def of_torchvision(name, **options):
    torch.manual_seed(0)
    return shake(getattr(torchvision.models, name)(weights=None, **options))


def one_line(error):
    text = str(error.value)
    assert "\n" not in text
    return text


@pytest.mark.parametrize("name", ["test_byobnet", "deit_tiny_distilled_patch16_224", "levit_128s"])
def test_head_of_another_name_sets_the_number_of_classes(name):
    recipe = {
        "timm": name,
        "options": {"depth": 1, "embed_dim": 48} if name.startswith("deit") else {},
    }
    weights = build_network(recipe, 3).state_dict()
    imported, about = build_from_checkpoint(recipe, weights, "w.safetensors")
    assert imported.num_classes == 3 and about["weights"]["loaded"] == len(weights)
    assert all(torch.equal(tensor, weights[key]) for key, tensor in imported.state_dict().items())


TORCHVISION = [
    # torchvision's name, timm's, side of the images
    ("resnet18", "resnet18", 64),
    ("resnext50_32x4d", "resnext50_32x4d.a1h_in1k", 64),
    ("densenet121", "densenet121", 64),
    ("vgg11_bn", "vgg11_bn", 224),
    ("efficientnet_b0", "efficientnet_b0", 64),
    ("efficientnet_v2_s", "efficientnetv2_s", 64),
]


@pytest.mark.parametrize(
    ("theirs", "ours", "size"), TORCHVISION, ids=[theirs for theirs, *_ in TORCHVISION]
)
def test_torchvision_network_gives_the_same_logits(theirs, ours, size):
    net = of_torchvision(theirs)
    imported, about = build_from_checkpoint({"timm": ours}, net.state_dict(), "w.pth")
    assert_same_logits(imported, net, size, n=1)
    assert about["weights"] == {
        "source": "w.pth",
        "loaded": len(net.state_dict()),
        "missing": [],
        "unexpected": [],
    }


# Of each stage in EfficientNet-PyTorch: blocks, and whether they begin with an expansion.
STAGES_OF_B0 = [(1, False), (2, True), (2, True), (3, True), (3, True), (4, True), (1, True)]
STAGES_OF_LITE1 = [(1, False), (3, True), (3, True), (4, True), (4, True), (5, True), (1, True)]


def names_of_efficientnet_pytorch(stages, squeezes):
    """Return the names in the order of that library's modules, batch norms without counters."""

    def norm(name):
        return [f"{name}.{leaf}" for leaf in ("weight", "bias", "running_mean", "running_var")]

    names = ["_conv_stem.weight", *norm("_bn0")]
    expansions = [expands for count, expands in stages for _ in range(count)]
    for number, expands in enumerate(expansions):
        block = f"_blocks.{number}"
        if expands:
            names += [f"{block}._expand_conv.weight", *norm(f"{block}._bn0")]
        names += [f"{block}._depthwise_conv.weight", *norm(f"{block}._bn1")]
        if squeezes:
            parts = ("_se_reduce", "_se_expand")
            names += [f"{block}.{part}.{leaf}" for part in parts for leaf in ("weight", "bias")]
        names += [f"{block}._project_conv.weight", *norm(f"{block}._bn2")]
    return [*names, "_conv_head.weight", *norm("_bn1"), "_fc.weight", "_fc.bias"]


@pytest.mark.parametrize(
    ("name", "stages", "squeezes"),
    [("tf_efficientnet_b0", STAGES_OF_B0, True), ("tf_efficientnet_lite1", STAGES_OF_LITE1, False)],
)
def test_names_of_efficientnet_pytorch_give_the_same_logits_in_any_order(name, stages, squeezes):
    net = network({"timm": name}, 3)
    tensors = [
        (key, tensor)
        for key, tensor in net.state_dict().items()
        if not key.endswith("num_batches_tracked")
    ]
    theirs = names_of_efficientnet_pytorch(stages, squeezes)
    assert len(theirs) == len(tensors)
    weights = {f"net.{key}": tensor for key, (_, tensor) in zip(theirs, tensors, strict=True)}
    imported, about = build_from_checkpoint(
        {"timm": name}, dict(sorted(weights.items(), reverse=True)), "w.pth"
    )
    assert_same_logits(imported, net, n=1)
    assert imported.num_classes == 3 and about["weights"]["unexpected"] == []
    with pytest.raises(
        InputError, match=r"EfficientNet-PyTorch, whose networks timm calls tf_efficientnet_b0"
    ) as error:
        build_from_checkpoint({"timm": name.removeprefix("tf_")}, weights, "w.pth")
    one_line(error)


def test_order_of_a_file_does_not_matter_and_its_head_counts(tmp_path):
    net = of_torchvision("efficientnet_b0", num_classes=7)
    save_file(dict(sorted(net.state_dict().items(), reverse=True)), tmp_path / "w.safetensors")
    imported, _ = build_from_checkpoint(
        {"timm": "efficientnet_b0"}, read_weights(tmp_path / "w.safetensors"), "w.safetensors"
    )
    assert imported.num_classes == 7
    assert_same_logits(imported, net)


def test_torchvisions_epsilon_is_part_of_the_saved_recipe(tmp_path):
    net = of_torchvision("efficientnet_b5", num_classes=3)
    recipe = {"timm": "efficientnet_b5", "options": {}}
    imported, about = build_from_checkpoint(recipe, net.state_dict(), "w.pth")
    assert (
        about["recipe"] == {"timm": "efficientnet_b5", "options": {"bn_eps": 0.001}}
        and recipe["options"] == {}
    )
    save_model(
        tmp_path / "a.safetensors",
        imported,
        describe_import(imported, recipe, ["a", "b", "c"]) | about,
    )
    assert_same_logits(load_model(tmp_path / "a.safetensors").net, net)
    plain = build_network(recipe, 3)
    plain.load_state_dict(imported.state_dict())
    with pytest.raises(AssertionError, match="not close"):
        assert_same_logits(plain, net)


def test_old_names_of_densenet_are_understood():
    net = of_torchvision("densenet121", num_classes=3)
    counters = [name for name in net.state_dict() if name.endswith("num_batches_tracked")]
    old = {name: tensor for name, tensor in net.state_dict().items() if name not in counters}
    for kind in ("norm", "conv"):
        for number in "12":
            old = {
                name.replace(f".{kind}{number}.", f".{kind}.{number}.")
                if "denselayer" in name
                else name: tensor
                for name, tensor in old.items()
            }
    assert "features.denseblock1.denselayer1.norm.1.running_var" in old
    imported, about = build_from_checkpoint({"timm": "densenet121"}, old, "w.pth")
    assert_same_logits(imported, net, n=1)
    assert about["weights"]["missing"] == sorted(counters) and about["weights"]["unexpected"] == []


EXPERIMENT_B = ["resnet50", "densenet161", "efficientnet_b3", "resnet152", "vgg16", "vgg19"]


@pytest.mark.filterwarnings("ignore:.*meta")
@pytest.mark.parametrize(
    "name",
    [
        *EXPERIMENT_B,
        *(
            pytest.param(name, marks=pytest.mark.slow)
            for name in ("wide_resnet50_2", "densenet201", "vgg19_bn", "efficientnet_b7")
        ),
    ],
)
@pytest.mark.parametrize("n_classes", [None, 5])
def test_names_and_shapes_of_large_networks_fit_without_any_left_over(name, n_classes):
    with torch.device("meta"):
        weights = getattr(torchvision.models, name)(weights=None).state_dict()
        net, about = build_from_checkpoint({"timm": name}, weights, "w.pth", n_classes)
    head = [key for key in net.state_dict() if key.startswith(head_of(net))] if n_classes else []
    assert len(head) == (2 if n_classes else 0)
    assert about["weights"] == {
        "source": "w.pth",
        "loaded": len(weights) - len(head),
        "missing": sorted(head),
        "unexpected": sorted(head),
    }


class BarlowTwins(nn.Module):
    """The layout of the published training code; its projector has 8192 units a layer."""

    def __init__(self, units=32):
        super().__init__()
        self.backbone = of_torchvision("resnet50")
        self.backbone.fc = nn.Identity()
        layers = [
            nn.Linear(2048, units, bias=False),
            nn.BatchNorm1d(units),
            nn.ReLU(),
            nn.Linear(units, units, bias=False),
        ]
        self.projector = nn.Sequential(*layers)
        self.bn = nn.BatchNorm1d(units, affine=False)


BUFFERS = ("num_batches_tracked", "running_mean", "running_var")


@pytest.fixture(scope="module")
def barlow_twins():
    return BarlowTwins()


@pytest.mark.parametrize("kind", ["backbone", "training checkpoint"])
def test_barlow_twins_starts_a_fine_tuning_from_its_backbone(kind, barlow_twins, tmp_path):
    if kind == "backbone":
        content = barlow_twins.backbone.state_dict()
    else:
        content = {
            "epoch": 1000,
            "model": nn.DataParallel(barlow_twins).state_dict(),
            "optimizer": {"state": {}, "param_groups": [{"lr": 0, "params": [0]}]},
        }
    torch.save(content, tmp_path / "w.pth")
    weights = read_weights(tmp_path / "w.pth")
    net, about = build_from_checkpoint({"timm": "resnet50"}, weights, tmp_path / "w.pth", 10)
    images = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        expected = barlow_twins.backbone.eval()(images)
        torch.testing.assert_close(
            net.eval().forward_head(net.forward_features(images), pre_logits=True),
            expected,
            atol=1e-5,
            rtol=1e-5,
        )
    assert net.num_classes == 10
    assert about["weights"]["loaded"] == 318 and about["weights"]["missing"] == [
        "fc.bias",
        "fc.weight",
    ]
    assert about["weights"]["unexpected"] == (
        [
            *(f"model.module.bn.{name}" for name in BUFFERS),
            "model.module.projector.* (7)",
        ]
        if kind != "backbone"
        else []
    )
    with pytest.raises(
        InputError,
        match=(
            r"w.pth: is a backbone without the head 'fc', which predicts nothing; set `finetune: "
            r"true` to train one"
        ),
    ) as error:
        build_from_checkpoint({"timm": "resnet50"}, weights, tmp_path / "w.pth")
    one_line(error)


def test_both_heads_of_a_distilled_transformer_are_missed():
    recipe = {"timm": "deit_tiny_distilled_patch16_224", "options": {"depth": 1, "embed_dim": 48}}
    weights = {
        name: tensor
        for name, tensor in build_network(recipe, 3).state_dict().items()
        if "head" not in name
    }
    with pytest.raises(
        InputError, match=r"w.pth: is a backbone without the head 'head' and 'head_dist'"
    ):
        build_from_checkpoint(recipe, weights, "w.pth")
    assert len(build_from_checkpoint(recipe, weights, "w.pth", 3)[1]["weights"]["missing"]) == 4


@pytest.mark.parametrize("n_classes", [3, 5])
def test_head_is_fresh_where_one_is_trained_whatever_the_file_has(n_classes):
    weights = network().state_dict()
    net, about = build_from_checkpoint(RECIPE, weights, "w.pth", n_classes)
    assert net.num_classes == n_classes and net.fc.weight.shape[0] == n_classes
    changed = {
        name
        for name, tensor in net.state_dict().items()
        if tensor.shape != weights[name].shape or not torch.equal(tensor, weights[name])
    }
    assert changed == {"fc.weight", "fc.bias"}
    assert about["weights"]["missing"] == about["weights"]["unexpected"] == ["fc.bias", "fc.weight"]


def test_head_of_several_layers_is_replaced_or_refused():
    weights = {
        name: tensor
        for name, tensor in network().state_dict().items()
        if not name.startswith("fc.")
    }
    weights |= {
        f"fc.{name}": tensor
        for name, tensor in nn.Sequential(nn.Linear(64, 8), nn.ReLU(), nn.Linear(8, 1))
        .state_dict()
        .items()
    }
    _, about = build_from_checkpoint(RECIPE, weights, "w.pth", 3)
    assert about["weights"]["unexpected"] == [
        "fc.0.bias",
        "fc.0.weight",
        "fc.2.bias",
        "fc.2.weight",
    ]
    with pytest.raises(
        InputError,
        match=r"w.pth: is no checkpoint of 'test_resnet': 2 weights missing, 4 unexpected",
    ) as error:
        build_from_checkpoint(RECIPE, weights, "w.pth")
    one_line(error)


def test_timms_own_filter_fits_positions_to_another_image_size():
    weights = network(
        {"timm": "test_vit", "options": {"img_size": 160, "patch_size": 16}}
    ).state_dict()
    recipe = {"timm": "test_vit", "options": {"img_size": 64, "patch_size": 16}}
    net, about = build_from_checkpoint(recipe, weights, "w.pth")
    expected = build_network(
        recipe
        | {
            "options": recipe["options"]
            | {"pretrained_cfg_overlay": {"state_dict": weights, "num_classes": 3}}
        },
        3,
        pretrained=True,
    )
    assert about["weights"]["loaded"] == len(weights) == len(net.state_dict())
    assert_same_logits(net, expected)


@pytest.mark.parametrize("n_classes", [None, 3])
@pytest.mark.parametrize(
    ("recipe", "other"),
    [
        (RECIPE, VIT),
        ({"timm": "test_byobnet"}, {"timm": "test_convnext"}),
        ({"timm": "resnet18"}, {"timm": "resnet34"}),
        (VIT, RECIPE),
    ],
    ids=["vit", "same head", "deeper", "resnet"],
)
def test_checkpoint_of_another_architecture_is_refused(recipe, other, n_classes):
    with pytest.raises(
        InputError,
        match=(
            rf"w.pth: is no checkpoint of '{recipe['timm']}': \d+ weights missing, .* for "
            r"example '.*; set `timm`"
        ),
    ) as error:
        build_from_checkpoint(recipe, build_network(other, 3).state_dict(), "w.pth", n_classes)
    one_line(error)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (
            lambda weights: weights.pop("layer1.0.conv1.weight"),
            "1 weights missing, 0 unexpected, 0 of another shape, for example "
            "'layer1.0.conv1.weight'",
        ),
        (
            lambda weights: weights.update({"layer4.9.conv1.weight": torch.zeros(1)}),
            "0 weights missing, 1 unexpected, 0 of another shape, for example "
            "'layer4.9.conv1.weight'",
        ),
        (
            lambda weights: weights.update({"fc.bias": torch.zeros(4)}),
            "0 weights missing, 0 unexpected, 1 of another shape, for example 'fc.bias'",
        ),
        (
            lambda weights: weights.pop("fc.bias"),
            "1 weights missing, 0 unexpected, 0 of another shape, for example 'fc.bias'",
        ),
    ],
)
def test_checkpoint_with_a_wrong_weight_is_refused(change, complaint):
    weights = dict(network().state_dict())
    change(weights)
    with pytest.raises(
        InputError, match=f"^w.pth: is no checkpoint of 'test_resnet': {complaint}"
    ) as error:
        build_from_checkpoint(RECIPE, weights, "w.pth")
    one_line(error)


def test_normalisation_is_of_the_timm_name_or_of_an_overlay(tmp_path):
    overlay = {"mean": [0.1, 0.2, 0.3], "std": [0.4, 0.5, 0.6]}
    for number, (options, mean) in enumerate(
        [({}, [0.5, 0.5, 0.5]), ({"pretrained_cfg_overlay": overlay}, overlay["mean"])]
    ):
        recipe = {
            "timm": "vit_tiny_patch16_224.augreg_in21k_ft_in1k",
            "options": {"depth": 1, **options},
        }
        net, about = build_from_checkpoint(recipe, build_network(recipe, 3).state_dict(), "w.pth")
        path = tmp_path / f"{number}.safetensors"
        save_model(path, net, describe_import(net, recipe, ["a", "b"]) | about)
        assert io.read_json(path.with_suffix(".json"))["mean"] == mean
        grey = torch.full((1, 3, 4, 4), mean[1])
        assert load_model(path).normalise(grey)[0, 1].abs().max() == 0
