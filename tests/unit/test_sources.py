"""Networks by their names in timm: known without importing it, from a folder, from a hub."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import timm
import torch
from networks import assert_same_logits, shaken
from safetensors.torch import save_file

from lookalike.core import io
from lookalike.core.errors import InputError
from lookalike.models import catalogue
from lookalike.models.checkpoints import build_from_checkpoint, start_network
from lookalike.models.loading import load_model
from lookalike.models.networks import build_network, describe_import, save_model
from lookalike.models.sources import registered
from lookalike.workflow.checks import check_networks
from lookalike.workflow.plan import make_plan

torch.set_num_threads(1)

ROOT = Path(__file__).parents[2]
OPTIONS = {"output_stride": 8}


@pytest.fixture(scope="module")
def net():
    return shaken({"timm": "test_resnet", "options": OPTIONS})


@pytest.fixture
def folder(net, tmp_path):
    """A folder as timm saves it, with a normalisation and names of classes of its own."""
    config = {
        "architecture": "test_resnet",
        "num_classes": 3,
        "label_names": ["cat", "dog", "owl"],
        "model_args": OPTIONS,
        "pretrained_cfg": {"mean": [0.1, 0.2, 0.3], "std": [0.4, 0.5, 0.6], "first_conv": "conv1"}
        | {"input_size": [3, 160, 160], "num_classes": 3, "classifier": "fc"},
    }
    place = tmp_path / "saved"
    io.write_json(place / "config.json", config)
    save_file(net.state_dict(), place / "model.safetensors")
    return place


def test_network_of_a_folder_is_what_was_saved_and_the_folder_is_not_needed_again(
    folder, net, tmp_path
):
    recipe = {"timm": f"local-dir:{folder}", "options": {}}
    found = registered(recipe)
    built = build_network(found, pretrained=True)
    assert_same_logits(built, net)
    about = describe_import(built, found, ["a", "b"])
    assert about["classes"] == ["cat", "dog", "owl"]
    save_model(tmp_path / "a.safetensors", built, about)
    folder.rename(tmp_path / "away")
    loaded = load_model(tmp_path / "a.safetensors")
    assert_same_logits(loaded.net, net)
    assert loaded.mean.flatten().tolist() == pytest.approx([0.1, 0.2, 0.3])


def test_network_of_a_folder_takes_a_fresh_head_or_another_checkpoint(folder, net):
    recipe = {"timm": f"local-dir:{folder}", "options": {}}
    started, about = start_network(recipe, 5, True, None, 0)
    assert started.num_classes == 5
    assert torch.equal(started.conv1[0].weight, net.conv1[0].weight)
    assert about["recipe"]["timm"] == "test_resnet"
    other = shaken({"timm": "test_resnet", "options": OPTIONS}, n_classes=4, seed=1)
    imported, _ = build_from_checkpoint(recipe, other.state_dict(), "w.pth")
    assert_same_logits(imported, other)


def test_folder_that_is_not_of_timm_is_refused_in_one_line(folder):
    recipe = {"timm": f"local-dir:{folder}", "options": {}}
    (folder / "model.safetensors").write_bytes(b"damaged")
    with pytest.raises(InputError, match=r"cannot be loaded \(.*save them again") as error:
        build_network(registered(recipe), pretrained=True)
    assert "\n" not in str(error.value)
    for content in ("{", "[]", json.dumps({"model_type": "bert"})):
        (folder / "config.json").write_text(content)
        with pytest.raises(InputError, match=r"has no config.json as timm writes it \(") as error:
            registered(recipe)
        assert "\n" not in str(error.value)


def test_weights_of_a_folder_that_are_not_finite_are_named(folder, net):
    broken = dict(net.state_dict()) | {"fc.bias": torch.full((3,), float("nan"))}
    save_file(broken, folder / "model.safetensors")
    with pytest.raises(InputError, match=r"NaN or infinite values: 'fc.bias'"):
        build_network(registered({"timm": f"local-dir:{folder}"}), pretrained=True)


def config_with(timm_name):
    return {
        "models": {
            "A": {"timm": timm_name, "finetune": False},
            "B": {"timm": "test_resnet", "finetune": False},
        },
        "methods": {"gradcam": {"explain": "gradcam"}},
        "metrics": ["cosine"],
    }


def test_folder_is_a_path_of_the_config_and_known_by_its_content(folder):
    plan = make_plan(config_with(f"local-dir:{folder}"))
    assert plan.paths["models.A.timm"] == f"{folder}/config.json"
    assert plan.models["A"].files == [str(folder)] and plan.models["B"].files == []


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("org/resnet18", r"'org/resnet18': is no name of timm's; give local-dir:FOLDER, hf-hub:"),
        ("./resnet18", r"give local-dir:FOLDER"),
        ("s3:bucket", r"give local-dir:FOLDER"),
        ("hf-hub:a/b/c", r"needs hf-hub:OWNER/NAME"),
    ],
)
def test_source_that_timm_does_not_have_is_refused(name, complaint):
    with pytest.raises(InputError, match=complaint):
        make_plan(config_with(name))


def test_every_name_of_timm_is_found_in_its_code():
    """All that are not are looked up in timm itself, which takes seconds."""
    architectures = timm.list_models()
    assert all(catalogue.is_listed(name) for name in architectures[::40])
    pretrained = timm.list_pretrained()[::40]
    assert sum(map(catalogue.is_listed, pretrained)) >= 0.9 * len(pretrained)


@pytest.mark.parametrize(
    ("name", "side"),
    [
        ("vit_base_patch16_384.augreg_in21k_ft_in1k", 384),
        ("vit_base_patch16_224.augreg_in21k_ft_in1k", 224),
        ("deit_small_patch16_224.fb_in1k", 224),
        ("swin_base_patch4_window12_384.ms_in22k_ft_in1k", 384),
        ("swinv2_tiny_window8_256.ms_in1k", 256),
        ("resnet50.a1_in1k", None),
        # The side of some in this module is fixed, and of others not.
        ("test_byobnet.r160_in1k", None),
        ("resnet50_clip.openai", 224),
        ("vit_pe_core_tiny_patch16_384.fb", 384),
    ],
)
def test_side_of_a_network_of_one_size_is_that_of_timm(name, side):
    config = timm.get_pretrained_cfg(name)
    assert side == (config.input_size[1] if config.fixed_input_size else None)
    assert catalogue.side_of(name) == side


@pytest.mark.parametrize(
    ("recipe", "complaint"),
    [
        ({"timm": "test_resnt"}, "unknown timm model 'test_resnt'; did you mean 'test_resnet'"),
        ({"timm": "resnet18.a1_in1"}, "unknown timm model 'resnet18.a1_in1'; did you mean 'resnet"),
        (
            {"timm": "vit_tiny_patch16_384"},
            r"takes no images of 64 x 64 \(.*options: \{img_size: 64\}",
        ),
    ],
)
def test_network_is_checked_without_a_job(recipe, complaint):
    with pytest.raises(InputError, match=f"^config: models.A.timm: .*{complaint}") as error:
        check_networks({"A": {"options": {}} | recipe}, 64)
    assert "\n" not in str(error.value)


def test_networks_that_are_there_are_checked_without_torch(folder):
    recipes = {
        "A": {"timm": "test_vit.r160_in1k", "options": {"img_size": 64}},
        "B": {"timm": "vit_base_patch16_224.augreg_in21k_ft_in1k", "options": {}},
        "C": {"timm": "resnet50.a1_in1k", "options": {}},
        "D": {"timm": f"local-dir:{folder}", "options": {}},
        "E": {"timm": "hf-hub:org/name", "options": {}},
        "F": {"timm": None, "options": {}},
    }
    code = (
        "import sys; from lookalike.workflow.checks import check_networks; "
        f"check_networks({recipes!r}, 224); print(sorted({{'torch', 'timm'}} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        text=True,
        capture_output=True,
        check=True,
        timeout=120,
    )
    assert done.stdout == "[]\n"
