"""Checkpoints that hold more than one network alone: what is taken, what is left out, what is
refused.
"""

import pytest
import torch
from networks import assert_same_logits, shaken

from lookalike.core.errors import InputError
from lookalike.models.checkpoints import build_from_checkpoint
from lookalike.models.networks import build_network
from lookalike.models.weights import read_weights

torch.set_num_threads(1)

RECIPE = {"timm": "test_resnet", "options": {"output_stride": 8}}


@pytest.fixture(scope="module")
def net():
    return shaken(RECIPE, seed=0)


@pytest.fixture(scope="module")
def other():
    return shaken(RECIPE, seed=1)


def below(prefix, net):
    return {prefix + name: tensor for name, tensor in net.state_dict().items()}


def in_middle(net):
    """Return names as FSDP makes them, which wraps blocks of a network."""
    return {
        "_fsdp_wrapped_module."
        + name.replace("layer2.0.", "layer2.0._fsdp_wrapped_module."): tensor
        for name, tensor in net.state_dict().items()
    }


PREFIXES = [
    "",
    *("module.", "_orig_mod.", "module._orig_mod.", "_orig_mod.module.", "model.", "backbone."),
    *("net.", "encoder.", "1.", "visual.trunk.", "encoder_q.", "_fsdp_wrapped_module."),
    "state_dict.model.module.encoder.",
]


@pytest.mark.parametrize("prefix", PREFIXES)
def test_any_one_prefix_is_stripped(prefix, net):
    imported, about = build_from_checkpoint(RECIPE, below(prefix, net), "x/w.pth")
    assert_same_logits(imported, net)
    assert imported.num_classes == 3
    stripped = prefix.replace("_orig_mod.", "").replace("_fsdp_wrapped_module.", "")
    assert about == {
        "recipe": RECIPE,
        "weights": {
            "source": "x/w.pth",
            "loaded": len(net.state_dict()),
            "missing": [],
            "unexpected": [],
            **({"prefix": stripped} if stripped else {}),
        },
    }


def test_wrappers_in_the_middle_of_names_are_stripped(net):
    imported, about = build_from_checkpoint(RECIPE, in_middle(net), "w.pth")
    assert_same_logits(imported, net)
    assert about["weights"]["unexpected"] == []


@pytest.mark.parametrize(
    ("entry", "next_to"),
    [
        ("net", None),
        ("weights", None),
        ("anything", None),
        ("state_dict", None),
        ("teacher", "student"),
        ("model_ema", "model"),
        ("state_dict_ema", "state_dict"),
        ("ema", "net"),
        ("encoder_q", "encoder_k"),
    ],
)
def test_entry_is_found_and_of_two_the_one_that_is_evaluated(entry, next_to, net, other, tmp_path):
    optimizer = {"state": {0: {"mu": torch.zeros(2)}}, "param_groups": [{"lr": 0.1}]}
    content = {"epoch": 3, "optimizer": optimizer}
    if next_to:
        content[next_to] = other.state_dict()
    content[entry] = below("module.", net)
    torch.save(content, tmp_path / "w.pth")
    imported, about = build_from_checkpoint(RECIPE, read_weights(tmp_path / "w.pth"), "w.pth")
    assert_same_logits(imported, net)
    assert about["weights"]["prefix"] == f"{entry}.module."
    assert about["weights"]["unexpected"] == sorted(
        ["optimizer.state.0.mu", *([f"{next_to}.* (92)"] if next_to else [])]
    )
    assert about["weights"].get("others") == ([f"{next_to}."] if next_to else None)


def test_running_average_of_torch_is_taken_and_its_counter_left_out(net, other, tmp_path):
    averaged = torch.optim.swa_utils.AveragedModel(net, use_buffers=True)
    torch.save(
        {"model": other.state_dict(), "model_ema": averaged.state_dict()}, tmp_path / "w.pth"
    )
    imported, about = build_from_checkpoint(RECIPE, read_weights(tmp_path / "w.pth"), "w.pth")
    assert_same_logits(imported, net)
    assert about["weights"]["unexpected"] == ["model.* (92)", "model_ema.n_averaged"]


@pytest.mark.parametrize(
    ("first", "second"), [("models.0.", "models.1."), ("best.", "model."), ("a.net.", "b.net.")]
)
def test_networks_of_which_none_is_known_to_be_meant_are_refused(first, second, net, other):
    with pytest.raises(
        InputError,
        match=(
            rf"^w.pth: holds several networks that fit 'test_resnet': '{first[:-1]}', "
            rf"'{second[:-1]}'; save `model.state_dict\(\)` of one alone$"
        ),
    ):
        build_from_checkpoint(RECIPE, below(first, net) | below(second, other), "w.pth")


def test_one_network_under_two_names_is_one(net):
    imported, about = build_from_checkpoint(
        RECIPE, below("model.", net) | below("backbone.", net), "w.pth"
    )
    assert_same_logits(imported, net)
    assert "others" not in about["weights"]


@pytest.mark.parametrize("prefix", ["", "model."])
def test_tensors_of_no_network_are_named_and_left_out(prefix, net, capsys):
    extra = {"criterion.weight": torch.ones(3), "queue": torch.ones(4, 5)}
    weights = below(prefix, net) | {prefix + name: tensor for name, tensor in extra.items()}
    weights |= {"train_loss.value": torch.ones(1)}
    imported, about = build_from_checkpoint(RECIPE, weights, "w.pth")
    assert_same_logits(imported, net)
    named = sorted([f"{prefix}criterion.weight", f"{prefix}queue", "train_loss.value"])
    assert about["weights"]["unexpected"] == named
    assert f"w.pth: left out: {', '.join(named)}" in capsys.readouterr().out


def test_head_next_to_its_backbone_is_taken(net):
    weights = {
        f"model.{'' if name.startswith('fc.') else 'backbone.'}{name}": tensor
        for name, tensor in net.state_dict().items()
    }
    imported, _ = build_from_checkpoint(RECIPE, weights, "w.pth")
    assert_same_logits(imported, net)


def test_weights_of_a_deeper_network_and_of_another_of_the_family_are_not_left_out(net):
    vit = {"timm": "test_vit", "options": {"class_token": False, "global_pool": "avg"}}
    tokens = {"cls_token": torch.zeros(1, 1, 64)}
    with pytest.raises(InputError, match=r"0 weights missing, 1 unexpected, .*'cls_token'"):
        build_from_checkpoint(vit, build_network(vit, 3).state_dict() | tokens, "w.pth")
    deeper = {"model.layer4.1.bn1.weight": torch.zeros(1)}
    with pytest.raises(InputError, match=r"0 weights missing, 1 unexpected, .*'layer4.1.bn1"):
        build_from_checkpoint(RECIPE, below("model.", net) | deeper, "w.pth")


def test_own_normalisation_of_a_file_must_be_that_of_the_network(net):
    weights = below("1.", net)
    other = {"0.mean": torch.tensor([0.1, 0.2, 0.3]), "0.std": torch.full((1, 3, 1, 1), 0.5)}
    with pytest.raises(
        InputError,
        match=(
            r"^w.pth: normalises images by '0.mean' \[0.1, 0.2, 0.3\] and '0.std' \[0.5, .*set "
            r"options: \{pretrained_cfg_overlay: \{mean: \[0.1, 0.2, 0.3\], std: \[0.5, 0.5, "
            r"0.5\]\}\}$"
        ),
    ):
        build_from_checkpoint(RECIPE, weights | other, "w.pth")
    overlay = {"mean": [0.1, 0.2, 0.3], "std": [0.5, 0.5, 0.5]}
    recipe = {
        "timm": "test_resnet",
        "options": RECIPE["options"] | {"pretrained_cfg_overlay": overlay},
    }
    imported, about = build_from_checkpoint(recipe, weights | other, "w.pth")
    assert_same_logits(imported, net)
    assert about["weights"]["unexpected"] == ["0.mean", "0.std"]


@pytest.mark.parametrize("n_classes", [None, 5])
def test_weights_that_are_not_finite_are_named(n_classes, net):
    weights = dict(net.state_dict())
    weights["layer1.0.conv1.weight"] = weights["layer1.0.conv1.weight"] * float("nan")
    with pytest.raises(InputError, match=r"^w.pth: 1 weights .*: 'layer1.0.conv1.weight'; give"):
        build_from_checkpoint(RECIPE, weights, "w.pth", n_classes)


def test_half_precision_is_taken_as_it_is(net):
    halves = {
        name: tensor.half() if tensor.is_floating_point() else tensor
        for name, tensor in net.state_dict().items()
    }
    imported, _ = build_from_checkpoint(RECIPE, halves, "w.pth")
    for name, tensor in imported.state_dict().items():
        assert tensor.dtype == net.state_dict()[name].dtype
        assert torch.equal(tensor, halves[name].to(tensor.dtype))
