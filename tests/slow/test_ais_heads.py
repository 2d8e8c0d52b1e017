"""The experiment with heads, alignment importance and pruning on six backbones at full size, with
random weights and few images.
"""

from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision
import yaml
from conftest import snakemake

from lookalike.core import io
from lookalike.images import demo
from lookalike.maps import stacks

EXAMPLE = Path(__file__).parents[2] / "examples/ais_heads.yaml"
# Channels and side of the grid of the target layer.
LAYERS = {
    "BarlowTwins": ("2048", "7x7"),
    "DenseNet161": ("2208", "7x7"),
    "EfficientNetB3": ("1536", "7x7"),
    "ResNet152": ("2048", "7x7"),
    "VGG16": ("512", "14x14"),
    "VGG19": ("512", "14x14"),
}
VARIANTS = ("", "-pruned", "-random-1")
METRICS = ("cosine", "ssim", "emd", "mse", "pearson")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The folder of a run on 20 drawn images without classes; 4 are explained."""
    directory = tmp_path_factory.mktemp("heads")
    (directory / "photos").mkdir()
    scores = []
    for _, number, image, mask in demo.draw_images(0, "val", 20, 224):
        io.write_image(directory / f"photos/{number:02d}.png", image)
        scores.append({"image": f"{number:02d}.png", "score": demo.score_image(image, mask)})
    io.write_table(directory / "scores.csv", scores)
    torch.manual_seed(0)
    backbone = {
        name: tensor
        for name, tensor in torchvision.models.resnet50(weights=None).state_dict().items()
        if not name.startswith("fc.")
    }
    torch.save(backbone, directory / "barlowtwins_resnet50.pth")
    config = yaml.safe_load(EXAMPLE.read_text())
    config["images"]["n"] = 4
    config["pruning"]["random"] = 1
    config["finetuning"]["pretrained"] = False
    done = snakemake(directory, config, cores=2, timeout=7200)
    assert done.code == 0, done.text
    print(directory)
    return directory


def test_every_model_and_variant_has_maps_of_its_native_grid(run):
    rows = {row["model"]: row for row in io.read_table(run / "results/models.csv")}
    assert set(rows) == {name + variant for name in LAYERS for variant in VARIANTS}
    for name, row in rows.items():
        assert (row["channels"], row["native_grid"]) == LAYERS[row["pruned_from"] or name]
        for method in ("ais_regression", "ais_alignment"):
            maps, card = stacks.read_batch(run / f"results/maps/{method}/{name}/batch_maps.npy")
            assert (
                maps.shape == (4, 224, 224)
                and "x".join(map(str, card["native_shape"])) == row["native_grid"]
            )
            assert np.isfinite(maps).all() and all(np.ptp(saliency) > 0 for saliency in maps), (
                method,
                name,
            )


def test_all_matrices_are_complete(run):
    for method in ("ais_regression", "ais_alignment"):
        for metric in METRICS:
            matrix, names = io.read_matrix(
                run / f"results/matrices/{method}/{metric}/all/dissimilarity.csv"
            )
            assert len(names) == len(LAYERS) * len(VARIANTS) and np.isfinite(matrix).all()
    assert len(io.read_table(run / "results/inference/variants.csv")) == 2 * len(METRICS) * len(
        LAYERS
    )


def test_heads_are_measured_and_channels_ranked(run):
    heads = io.read_table(run / "results/heads.csv")
    assert len(heads) == len(LAYERS) * len(VARIANTS) and all(
        np.isfinite(float(row["rmse"])) and row["n"] == "4" for row in heads
    )
    for name, (channels, _) in LAYERS.items():
        assert len(io.read_table(run / f"results/pruning/{name}/channels.csv")) == int(channels)
    assert (run / "results/report.html").stat().st_size > 1e6


def test_nothing_is_left_to_do(run):
    assert (
        "Nothing to be done"
        in snakemake(run, yaml.safe_load((run / "given.yaml").read_text())).text
    )
