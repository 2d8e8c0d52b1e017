"""Models that vote for the class that is explained: what that changes, and what a vote reruns."""

import re

import numpy as np
from conftest import snakemake, tiny_config

from lookalike.core import io
from lookalike.models.weights import read_weights, write_weights

MAPS = "results/maps/gradcam/{}/batch_maps.npy"


def jobs_that_ran(run):
    assert run.code == 0, run.text
    return sorted(re.findall(r"^local(?:rule|checkpoint) (\w+):", run.text, re.M))


def test_models_are_explained_for_one_class_and_again_only_if_the_vote_changed_it(copied):
    weights = read_weights(copied / "results/checkpoints/ResNet.safetensors")
    weights["fc.bias"][4] += 50
    write_weights(copied / "mine.safetensors", weights)
    config = tiny_config() | {"target": "consensus", "methods": {"gradcam": {"explain": "gradcam"}}}
    models = config["models"]
    models["Mine"] = {
        "timm": "test_resnet",
        "options": {"output_stride": 8},
        "checkpoint": "mine.safetensors",
    }

    def explain(*names, target):
        run = snakemake(
            copied, config | {"models": {name: models[name] for name in names}}, *target
        )
        return jobs_that_ran(run)

    # A replicate has no vote: it is not even needed.
    target = [MAPS.format(name) for name in ("Mine", "ResNet")]
    jobs = explain("ResNet", "ResNet-b", "Mine", target=target)
    both = ["batch_maps"] * 2 + ["choose_targets"] + ["explain_images"] * 2
    assert jobs == sorted([*both, "import_checkpoint", "predict_images"])
    mine, original = (
        io.read_arrays(copied / f"results/predictions/{name}.npz") for name in ("Mine", "ResNet")
    )
    assert (mine["predicted"] == 4).all() and (original["predicted"] != 4).any()
    rows = io.read_table(copied / "results/images/consensus.csv")
    assert {row["class"] for row in rows} == {"triangle"}
    maps, others = (np.load(copied / path) for path in target)
    assert maps.any()
    np.testing.assert_array_equal(maps, others)

    jobs = explain("Mine", "RegNet", target=target[:1])
    assert jobs == ["batch_maps", "choose_targets"]
    jobs = explain("ResNet", "RegNet", target=target[1:])
    assert jobs == ["batch_maps", "choose_targets", "explain_images"]
    rows = io.read_table(copied / "results/images/consensus.csv")
    assert "triangle" not in {row["class"] for row in rows}
