"""Every example builds its job graph; the README's first one runs."""

import numpy as np
import pytest
import yaml
from conftest import ROOT, snakemake
from planted import write_matrices
from readme import PHOTOGRAPHS, readme_config, with_tiny_networks, write_photographs
from snakemake.utils import update_config

from lookalike.core import io
from lookalike.workflow.plan import make_plan
from lookalike.workflow.schema import read_schema

EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
EXPERIMENTS = sorted((ROOT / "examples/experiments").glob("[A-D]*.yaml"))
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
    "existing_matrix": {"import_matrix": 17, "draw_given_matrix": 17, "test_factors": 1},
    "pretrained_offline": {"import_checkpoint": 3, "explain_images": 6},
}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_example_is_a_dry_run(example, tmp_path):
    config = yaml.safe_load(example.read_text())
    for file in ("scores.csv", "barlowtwins_resnet50.pth"):
        (tmp_path / file).touch()
    for folder, count in (("photos", 320), ("data/photographs", 12)):
        (tmp_path / folder).mkdir(parents=True)
        for number in range(count):
            (tmp_path / folder / f"{number}.png").write_text(f"{folder} {number}")
    lites = yaml.safe_load((EXAMPLES[0].parent / "pretrained_offline.yaml").read_text())["models"]
    for lite in lites.values():
        file = tmp_path / lite["checkpoint"]
        file.parent.mkdir(parents=True)
        file.touch()
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
    if "matrices" in config:
        write_matrices(tmp_path, config)
    run = snakemake(tmp_path, config, flags=["-n"])
    assert run.code == 0, run.text
    assert run.jobs.items() >= JOBS[example.stem].items()


def together(*paths):
    """Return the config of several files, as Snakemake joins them."""
    joined = {}
    for path in paths:
        update_config(joined, yaml.safe_load(path.read_text()))
    return joined


def differing(config, schema, place=()):
    """Yield the place of each value of a config, and whether it is not the schema's default."""
    for key, value in config.items():
        part = schema.get("properties", {}).get(key, {})
        if isinstance(value, dict) and part.get("properties"):
            yield from differing(value, part, (*place, key))
        else:
            yield (*place, key), "default" not in part or value != part["default"]


@pytest.mark.parametrize("path", EXPERIMENTS, ids=lambda path: path.stem)
def test_an_experiment_is_a_plan_in_which_nothing_repeats_a_default(path):
    own = yaml.safe_load(path.read_text())
    assert all(differs for _, differs in differing(own, read_schema()))
    command = path.read_text().split(" --configfile ")[1].splitlines()[0]
    names = command.split()
    assert names[-1] == str(path.relative_to(ROOT))
    plan = make_plan(together(*(ROOT / name for name in names)))
    assert plan.keys and set(plan.studies) == set(own.get("studies", []))


def test_the_first_example_of_the_readme_explains_48_unlabelled_photographs(tmp_path):
    write_photographs(tmp_path / "photos")
    config = readme_config()
    assert config["images"]["source"] == "photos/" and len(config["models"]) >= 5
    run = snakemake(tmp_path, config, flags=["-n"])
    assert run.code == 0, run.text
    models, comparisons = len(config["models"]), 2 * 3
    jobs = {"import_checkpoint": models, "explain_images": 2 * models, "batch_maps": 2 * models}
    assert run.jobs.items() >= (jobs | {"compare_models": comparisons}).items()
    assert "finetune_model" not in run.jobs
    # The networks themselves run in tests/slow/test_readme.py.
    sample = "results/images/explained.csv"
    run = snakemake(tmp_path, with_tiny_networks(config), sample)
    assert run.code == 0, run.text
    assert [row["image"] for row in io.read_table(tmp_path / sample)] == PHOTOGRAPHS
