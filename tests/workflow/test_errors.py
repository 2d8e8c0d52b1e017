"""Bad input, run for real: a one-line error that says what to do, and nothing half-written."""

import json
from fractions import Fraction

import numpy as np
import pytest
import torch
import yaml
from conftest import forget_sums, snakemake, tiny_config
from PIL import Image

from lookalike.models.weights import read_weights

MANIFEST, SAMPLE = "results/images/manifest.csv", "results/images/explained.csv"


def refused(run, directory, output, log=None):
    """Check that a run failed, left nothing of its output and no traceback, and return its one-line
    error.
    """
    assert run.code != 0
    assert not (directory / output).exists()
    if log:
        text = (directory / log).read_text()
        assert "Traceback" not in text
        assert text.strip().splitlines()[-1] == run.error
    return run.error


def image_folder(folder, counts):
    """Write small images, so many a class."""
    for label, count in counts.items():
        (folder / label).mkdir(parents=True)
        for number in range(count):
            Image.new("RGB", (16, 16), (number, 0, 0)).save(folder / label / f"{label}{number}.png")


def folder_config(folder, n=4):
    return tiny_config() | {"images": {"source": str(folder), "n": n, "size": 64}}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"subset": ["all"]}, "did you mean 'subsets'?"),
        ({"metrics": "cosine"}, "config: metrics: expected a list such as [cosine, ssim]"),
        ({"metrics": ["cosin"]}, "unknown metric 'cosin'; did you mean 'cosine'?"),
        (
            {"models": {"a/b": {"timm": "test_resnet"}, "c": {"timm": "test_resnet"}}},
            "'a/b' at models is no valid name",
        ),
    ],
)
def test_a_wrong_config_stops_before_any_job(tmp_path, change, message):
    run = snakemake(tmp_path, tiny_config() | change)
    assert run.code != 0
    assert message in run.text
    assert "Traceback" not in run.text
    assert not (tmp_path / "results").exists()


def test_a_key_that_stands_twice_stops_before_any_job(tmp_path):
    text = yaml.safe_dump(tiny_config(), sort_keys=False)
    run = snakemake(tmp_path, f"{text}metrics: [rbf]\n", flags=["-n"])
    assert run.code != 0 and "Traceback" not in run.text
    lines = text.splitlines()
    first, second = lines.index("metrics:") + 1, len(lines) + 1
    assert f"the key 'metrics' stands in line {first} and again in line {second}" in run.text


def test_an_unreadable_image_is_named(tmp_path):
    image_folder(tmp_path / "photos", {"cat": 8, "dog": 8})
    (tmp_path / "photos/dog/dog1.png").write_bytes(b"no image")
    run = snakemake(tmp_path, folder_config(tmp_path / "photos"), MANIFEST)
    error = refused(run, tmp_path, MANIFEST, "logs/images/list_images.log")
    assert "dog/dog1.png: not a readable image" in error


def test_a_class_with_fewer_images_than_asked_is_named(tmp_path):
    image_folder(tmp_path / "photos", {"cat": 20, "dog": 5})
    run = snakemake(tmp_path, folder_config(tmp_path / "photos"), SAMPLE)
    assert "4 images need 2 of class 'dog', which has 1 in split 'val'" in run.text
    assert run.code != 0 and "Traceback" not in run.text and not (tmp_path / "results").exists()


def test_an_added_image_deep_in_a_folder_is_noticed(tmp_path):
    image_folder(tmp_path / "photos", {"cat": 10, "dog": 10})
    config = folder_config(tmp_path / "photos")
    assert snakemake(tmp_path, config, SAMPLE).jobs == {"list_images": 1, "sample_images": 1}
    assert "Nothing to be done" in snakemake(tmp_path, config, SAMPLE).text
    Image.new("RGB", (16, 16), (99, 0, 0)).save(tmp_path / "photos/cat/new.png")
    assert snakemake(tmp_path, config, SAMPLE).jobs == {"list_images": 1, "sample_images": 1}


def test_an_unknown_timm_name_gives_near_names(copied):
    config = tiny_config()
    config["models"]["Other"] = {"timm": "test_resnett"}
    run = snakemake(copied, config, "results/checkpoints/Other.safetensors")
    assert run.code != 0 and "Traceback" not in run.text
    told = (
        "config: models.Other.timm: unknown timm model 'test_resnett'; did you mean 'test_resnet'"
    )
    assert told in run.text
    assert not (copied / "results/checkpoints/Other.json").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda weights: [weights.pop(f"fc.{name}") for name in ("weight", "bias")],
            "is a backbone without the head 'fc', which predicts nothing",
        ),
        (
            lambda weights: weights.update(share=Fraction(1, 2)),
            "it would import 'fractions.Fraction', which could run code",
        ),
    ],
    ids=["headless", "code"],
)
def test_a_checkpoint_that_cannot_be_used_is_named_with_the_remedy(copied, change, message):
    weights = read_weights(copied / "results/checkpoints/ResNet.safetensors")
    change(weights)
    torch.save(weights, copied / "mine.pth")
    config = tiny_config()
    config["models"]["Mine"] = {"timm": "test_resnet", "checkpoint": "mine.pth"}
    run = snakemake(copied, config, "results/checkpoints/Mine.safetensors")
    error = refused(
        run, copied, "results/checkpoints/Mine.safetensors", "logs/checkpoints/Mine.log"
    )
    assert error.startswith("error: mine.pth: ") and message in error
    assert "finetune: true" in error or "save `model.state_dict()` alone" in error


def test_a_map_with_nan_is_named_with_its_place(copied):
    path = next((copied / "results/maps/noise/ResNet/per_image").glob("*.npy"))
    saliency = np.load(path)
    saliency[3, 5] = np.nan
    np.save(path, saliency)
    forget_sums(copied)
    left = copied / "results/maps/.unfinished.batch_maps.npy"
    left.touch()
    output = "results/maps/noise/ResNet/batch_maps.npy"
    run = snakemake(copied, tiny_config(), output, flags=["--forcerun", "batch_maps"])
    error = refused(run, copied, output, "logs/maps/noise/ResNet/batch_maps.log")
    assert path.name in error
    assert "row 3, column 5" in error
    # What a failed job leaves.
    assert not left.exists()


def test_batches_of_different_images_are_refused_naming_the_first(copied):
    path = copied / "results/maps/noise/ResNet/batch_maps.json"
    card = json.loads(path.read_text())
    card["images"][2] = "somebody-elses"
    path.write_text(json.dumps(card))
    forget_sums(copied)
    output = "results/pairs/noise/cosine/RegNet~ResNet.npz"
    run = snakemake(copied, tiny_config(), output, flags=["--forcerun", "compare_models"])
    error = refused(run, copied, output, "logs/pairs/noise/cosine/RegNet~ResNet.log")
    assert "hold different images: number 2 is" in error
    assert "'somebody-elses'" in error


@pytest.mark.parametrize(
    "change",
    [
        {"images": {"source": "photoz"}},
        {
            "models": tiny_config()["models"]
            | {"Mine": {"timm": "test_resnet", "checkpoint": "nowhere.pt"}}
        },
    ],
)
def test_a_wrong_path_stops_although_old_results_are_there(copied, change):
    run = snakemake(copied, tiny_config() | change)
    assert run.code != 0
    assert "does not exist" in run.text
    assert "Traceback" not in run.text
