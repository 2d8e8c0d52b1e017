"""Other ways in and beside the main flow, run for real: checkpoints, labels as targets, studies."""

import csv
import shutil

import numpy as np
import pytest
import torch
from conftest import forget_sums, snakemake, tiny_config

from lookalike.compare.dissimilarities import Key
from lookalike.compare.image_table import ImageTable, write_image_table
from lookalike.core import io, registry
from lookalike.images import manifest
from lookalike.methods import explain
from lookalike.models import loading
from lookalike.models.weights import read_weights


def test_a_checkpoint_of_ones_own_is_used_as_it_is(copied):
    shutil.copy(copied / "results/checkpoints/ResNet.safetensors", copied / "mine.safetensors")
    config = tiny_config()
    config["models"]["Mine"] = {
        "timm": "test_resnet",
        "options": {"output_stride": 8},
        "checkpoint": "mine.safetensors",
    }
    pairs, predictions = (
        "results/pairs/gradcam/cosine/Mine~ResNet.npz",
        "results/predictions/Mine.npz",
    )
    run = snakemake(copied, config, pairs, predictions)
    assert run.code == 0, run.text
    assert run.jobs == {
        "import_checkpoint": 1,
        "predict_images": 1,
        "explain_images": 1,
        "batch_maps": 1,
        "compare_models": 1,
    }
    mine, original = (
        io.read_arrays(copied / f"results/predictions/{name}.npz") for name in ("Mine", "ResNet")
    )
    np.testing.assert_array_equal(mine["logits"], original["logits"])
    assert mine["classes"].tolist() == original["classes"].tolist()
    assert np.nan_to_num(io.read_arrays(copied / pairs)["values"]).max() <= 1e-12


def test_a_checkpoint_of_another_architecture_is_refused(copied):
    shutil.copy(copied / "results/checkpoints/RegNet.safetensors", copied / "other.safetensors")
    config = tiny_config()
    config["models"]["Mine"] = {"timm": "test_resnet", "checkpoint": "other.safetensors"}
    run = snakemake(copied, config, "results/checkpoints/Mine.safetensors")
    assert run.code != 0
    assert "other.safetensors" in run.error
    assert "Traceback" not in (copied / "logs/checkpoints/Mine.log").read_text()
    assert not (copied / "results/checkpoints/Mine.json").exists()


def test_a_backbone_of_ones_own_is_fine_tuned(copied):
    weights = read_weights(copied / "results/checkpoints/ResNet.safetensors")
    torch.save(
        {
            "epoch": 3,
            "model": {
                f"module.backbone.{name}": tensor
                for name, tensor in weights.items()
                if "fc." not in name
            },
        },
        copied / "mine.pth",
    )
    config = tiny_config()
    config["models"]["Mine"] = {
        "timm": "test_resnet",
        "options": {"output_stride": 8},
        "checkpoint": "mine.pth",
        "finetune": True,
    }
    run = snakemake(copied, config, "results/predictions/Mine.npz")
    assert run.code == 0, run.text
    assert run.jobs == {"finetune_model": 1, "predict_images": 1}
    sidecar = io.read_json(copied / "results/checkpoints/Mine.json")
    assert sidecar["weights"] == {
        "source": "mine.pth",
        "loaded": len(weights) - 2,
        "missing": ["fc.bias", "fc.weight"],
        "prefix": "model.module.backbone.",
        "unexpected": [],
    }
    mine = read_weights(copied / "results/checkpoints/Mine.safetensors")
    assert {name for name, tensor in mine.items() if not torch.equal(tensor, weights[name])} == {
        "fc.bias",
        "fc.weight",
    }


def assert_explained_for_its_labels(model, images=""):
    """Compare the GradCAM maps of a run, in its own folder, with those computed here for the true
    classes.

    `images` is the folder of images that the run drew itself.
    """
    rows, predictions = (
        manifest.placed(io.read_table("results/images/explained.csv"), images),
        io.read_arrays(f"results/predictions/{model}.npz"),
    )
    true = [predictions["classes"].tolist().index(row["label"]) for row in rows]
    assert true != predictions["predicted"].tolist()
    method, options = (
        registry.get("method", "gradcam"),
        registry.with_defaults("method", "gradcam", {}),
    )
    given = loading.load_model(f"results/checkpoints/{model}.safetensors")
    for image, saliency, _ in explain.explain_images(
        method,
        given,
        rows,
        true,
        size=64,
        fit="crop",
        seed=0,
        names=("gradcam", model),
        options=options,
    ):
        np.testing.assert_allclose(
            np.load(f"results/maps/gradcam/{model}/per_image/{image}.npy"), saliency, atol=1e-5
        )
    return true


def test_labels_as_targets_explain_again_but_train_nothing(copied, monkeypatch):
    names = ["ResNet", "RegNet"]
    run = snakemake(
        copied,
        tiny_config() | {"target": "label"},
        *[f"results/maps/gradcam/{name}/batch_maps.npy" for name in names],
    )
    assert run.code == 0, run.text
    assert run.jobs == {"explain_images": 2, "batch_maps": 2}
    monkeypatch.chdir(copied)
    for name in names:
        assert_explained_for_its_labels(name, "results/images/demo")


def test_an_imagenet_head_is_explained_for_the_wordnet_id_of_each_folder(tmp_path, monkeypatch):
    # Tench and parachute.
    for synset, index in (("n01440764", 0), ("n03888257", 701)):
        for number in range(3):
            pixels = np.random.default_rng([number, index]).integers(
                0, 256, (64, 64, 3), dtype=np.uint8
            )
            io.write_image(tmp_path / "photos/val" / synset / f"{synset}-{number}.png", pixels)
    zoo = {"timm": "test_resnet", "finetune": False, "pretrained": False}
    config = tiny_config() | {
        "images": {"source": "photos", "n": 4, "size": 64},
        "models": {"Zoo": zoo, "Other": zoo},
        "target": "label",
    }
    run = snakemake(tmp_path, config, "results/maps/gradcam/Zoo/batch_maps.npy")
    assert run.code == 0, run.text
    monkeypatch.chdir(tmp_path)
    assert sorted(assert_explained_for_its_labels("Zoo")) == [0, 0, 701, 701]


@pytest.mark.parametrize("given", [False, True], ids=["own maps", "given stack"])
def test_metric_validation_scores_every_metric_and_preprocessing(copied, given):
    config = tiny_config() | {
        "studies": ["metric_validation"],
        "metric_validation": {"prototypes": 1, "draws": 2, "per_class": 2},
    }
    source = "given" if given else "noise"
    if given:
        np.save(
            copied / "stack.npy", np.random.default_rng(0).random((8, 20, 20), dtype=np.float32)
        )
        with (copied / "labels.csv").open("w", newline="") as file:
            csv.writer(file).writerows(
                [["image", "label"], *([f"map{place}", f"class{place % 2}"] for place in range(8))]
            )
        config["metric_validation"] |= {"maps": "stack.npy", "labels": "labels.csv", "per_class": 4}
    run = snakemake(copied, config, f"results/studies/metric_validation/{source}.svg")
    assert run.code == 0, run.text
    assert run.jobs == {"validate_metrics": 1, "draw_validation": 1}
    rows = io.read_table(copied / f"results/studies/metric_validation/{source}.csv")
    assert len(rows) == 2 * 8 * 2
    assert {row["metric"] for row in rows} == {"cosine", "rbf"}
    assert all(0 <= float(row["macro_f1"]) <= 1 for row in rows)


def test_metric_validation_leaves_out_preprocessings_that_fit_no_metric(copied):
    validation = {
        "studies": ["metric_validation"],
        "metric_validation": {"prototypes": 1, "draws": 2, "per_class": 2},
    }
    run = snakemake(
        copied,
        tiny_config() | validation | {"metrics": ["ssim"]},
        "results/studies/metric_validation/gradcam.svg",
    )
    assert run.code == 0, run.text
    rows = io.read_table(copied / "results/studies/metric_validation/gradcam.csv")
    assert {row["preprocessing"] for row in rows} == {"C", "N", "CN", "NS", "CNS"}
    run = snakemake(
        copied,
        tiny_config() | validation | {"metrics": ["cosine", "sign_agreement"]},
        "results/studies/metric_validation/noise.csv",
    )
    assert run.code == 0, run.text


def test_power_is_simulated_from_a_matrix_of_the_run(copied):
    path = copied / "results/matrices/gradcam/cosine/all/images.npz"
    rng, names = np.random.default_rng(0), tuple(f"m{number}" for number in range(8))
    values = 0.3 + 0.1 * rng.random((40, 1)) + 0.05 * rng.random((40, 28))
    chance = 0.6 + 0.1 * rng.random((4, 40, 28))
    images = tuple(f"image{number}" for number in range(40))
    write_image_table(path, ImageTable(values, chance, images, names, Key("gradcam", "cosine")))
    forget_sums(copied)
    config = tiny_config() | {
        "studies": ["power"],
        "power": {"effect": 0.1, "images": [8, 16], "models": [6, 8], "simulations": 20},
    }
    stem = "results/studies/power/gradcam/cosine/all"
    run = snakemake(copied, config, f"{stem}.svg")
    assert run.code == 0, run.text
    assert run.jobs == {"simulate_power": 1, "draw_power": 1}
    rows = io.read_table(copied / f"{stem}.csv")
    assert {(row["of"], row["n"], row["pilot"]) for row in rows} == {
        ("images", "8", "40"),
        ("images", "16", "40"),
        ("models", "6", "8"),
        ("models", "8", "8"),
    }
    assert all(0 <= float(row["power"]) <= 1 for row in rows)
    assert "Nothing to be done" in snakemake(copied, config, f"{stem}.svg").text
    config["power"]["models"] = [8]
    assert snakemake(copied, config, f"{stem}.svg", flags=["-n"]).jobs == run.jobs
