"""Every example builds its job graph; the README's first one runs."""

import json
import re

import numpy as np
import pytest
import skimage.data
import yaml
from conftest import ROOT, snakemake
from PIL import Image

EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
JOBS = {
    "imagenette_14_models": {
        "download_images": 1,
        "finetune_model": 14,
        "explain_images": 42,
        "batch_maps": 56,
        "compare_models": 36,
    },
    "existing_maps": {"import_maps": 4, "compare_models": 5},
    "demo_heads": {
        "extract_features": 3,
        "train_head": 3,
        "rank_channels": 3,
        "prune_model": 18,
        "explain_images": 42,
    },
    "ais_heads": {
        "extract_features": 6,
        "train_head": 6,
        "prune_model": 24,
        "explain_images": 60,
        "compare_models": 210,
    },
    "existing_matrix": {"import_matrix": 1, "draw_given_matrix": 1},
}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_example_is_a_dry_run(example, tmp_path):
    for file in ("matrix.csv", "scores.csv", "barlowtwins_resnet50.pth"):
        (tmp_path / file).touch()
    (tmp_path / "photos").mkdir()
    for number in range(320):
        (tmp_path / f"photos/{number}.png").write_text(str(number))
    for model in ("VGG16", "ResNet152"):
        for variant in ("Baseline", "Pruned"):
            folder = (
                tmp_path
                / "Models"
                / model
                / "Saliency_experiment_outputs"
                / f"{variant}_model"
                / "numpy_saliency_map"
            )
            folder.mkdir(parents=True)
            np.save(folder / "img1.npy", np.ones((7, 7)))
    run = snakemake(tmp_path, yaml.safe_load(example.read_text()), flags=["-n"])
    assert run.code == 0, run.text
    assert run.jobs.items() >= JOBS[example.stem].items()


PHOTOGRAPHS = 48


def readme_config():
    """Return the first config of the README, as it stands."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return yaml.safe_load(re.search(r"```yaml\n(.*?)```", text, re.S)[1])


def write_photographs(folder):
    """Write unlabelled photographs: parts of three that scikit-image brings along."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    pictures = [skimage.data.astronaut(), skimage.data.coffee(), skimage.data.chelsea()]
    for number in range(PHOTOGRAPHS):
        picture = pictures[number % len(pictures)]
        top, left = rng.integers(0, 100, 2)
        part = picture[top : top + 180, left : left + 240]
        Image.fromarray(part).save(folder / f"IMG_{number:04}.jpg")


def test_the_first_example_of_the_readme_is_a_dry_run_on_unlabelled_photographs(tmp_path):
    write_photographs(tmp_path / "photos")
    config = readme_config()
    assert config["images"]["source"] == "photos/" and len(config["models"]) >= 5
    run = snakemake(tmp_path, config, flags=["-n"])
    assert run.code == 0, run.text
    models, comparisons = len(config["models"]), 2 * 3
    jobs = {"import_checkpoint": models, "explain_images": 2 * models, "batch_maps": 2 * models}
    assert run.jobs.items() >= (jobs | {"compare_models": comparisons}).items()
    assert "finetune_model" not in run.jobs


def test_the_first_example_of_the_readme_explains_all_photographs(tmp_path):
    """Run with tiny networks, since weights are not downloaded here."""
    write_photographs(tmp_path / "photos")
    config = readme_config()
    config["images"]["size"] = 64
    for recipe in config["models"].values():
        recipe |= {"timm": "test_resnet", "pretrained": False, "options": {"output_stride": 8}}
    folder = "results/maps/gradcam/ResNet50"
    run = snakemake(tmp_path, config, f"{folder}/batch_maps.npy")
    assert run.code == 0, run.text
    assert np.load(tmp_path / folder / "batch_maps.npy").shape == (PHOTOGRAPHS, 224, 224)
    images = json.loads((tmp_path / folder / "batch_maps.json").read_text())["images"]
    assert images == [f"IMG_{number:04}" for number in range(PHOTOGRAPHS)]
