"""Somebody's maps and matrices, from their files to the report, run for real where torch cannot be
imported.
"""

import csv
import shutil
import subprocess
import sys

import numpy as np
import pytest
from conftest import snakemake, tiny_config
from scipy.ndimage import gaussian_filter

from lookalike.core import io

HEAVY = ("torch", "torchvision", "timm", "captum")
MODELS = ("VGG16", "Swin T")
CONFIG = {
    "models_from": "Models",
    "methods": {"heatmaps": {"sign": "absolute"}},
    "maps": {"size": 28},
    "metrics": ["mse", "cosine"],
    # One pair a job, so that the jobs of a change can be counted.
    "compare": {"block": 1},
    "inference": {"bootstrap": 50},
    "figures": {"panels": 2},
}


@pytest.fixture
def without_torch(tmp_path_factory):
    """The environment of a process in which the heavy libraries cannot be imported."""
    folder = tmp_path_factory.mktemp("without_torch")
    for name in HEAVY:
        (folder / f"{name}.py").write_text(f"raise ImportError('there is no {name} here')\n")
    environment = {"PYTHONPATH": str(folder)}
    done = subprocess.run(
        [sys.executable, "-c", "import torch"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "there is no torch here" in done.stderr
    return environment


def write_models(folder, images=5, models=MODELS):
    """Write the published layout: every model in two variants that hardly differ, on grids of two
    sizes.
    """
    rng = np.random.default_rng(0)
    for place, model in enumerate(models):
        own = gaussian_filter(rng.normal(size=(images, 14, 14)), (0, 2, 2))
        for variant in ("Baseline", "Pruned"):
            home = (
                folder
                / "Models"
                / model
                / "Saliency_experiment_outputs"
                / f"{variant}_model"
                / "numpy_saliency_map"
            )
            home.mkdir(parents=True)
            for number, saliency in enumerate(own + 0.02 * rng.normal(size=own.shape)):
                np.save(
                    home / f"img{number}.npy",
                    saliency if place % 2 else saliency.reshape(7, 2, 7, 2).mean((1, 3)),
                )
    return folder / "Models"


def write_matrix(path, matrix, names):
    """Write a CSV matrix as a spreadsheet would."""
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(
            [["", *names], *([name, *row] for name, row in zip(names, matrix, strict=True))]
        )


def test_the_published_layout_goes_from_folder_to_report_without_torch(tmp_path, without_torch):
    write_models(tmp_path)
    run = snakemake(
        tmp_path,
        CONFIG | {"subsets": ["all", "agreeing"]},
        cores=2,
        environment=without_torch,
    )
    assert run.code == 0, run.text
    assert run.jobs["import_maps"] == 4 and run.jobs["compare_models"] == 12
    results = tmp_path / "results"
    rows = io.read_table(results / "models.csv")
    assert [row["model"] for row in rows] == [
        f"{model}-{variant}" for model in ("Swin_T", "VGG16") for variant in ("baseline", "pruned")
    ]
    assert [(row["family"], row["variant"], row["native_grid"]) for row in rows[1:3]] == [
        ("Swin T", "pruned", "14x14"),
        ("VGG16", "baseline", "7x7"),
    ]
    matrix, names = io.read_matrix(results / "matrices/heatmaps/cosine/all/dissimilarity.csv")
    nearest = [names[place] for place in (matrix + 9 * np.eye(4)).argmin(axis=1)]
    assert nearest == [
        name.replace("baseline", "x").replace("pruned", "baseline").replace("x", "pruned")
        for name in names
    ]
    report = (results / "report.html").read_text()
    assert (
        "agreeing images of heatmaps: the maps of Swin_T-baseline are given, and its "
        "predictions are not known"
    ) in report
    assert "4 models, 5 images, 1 method (heatmaps)" in report
    assert not (results / "matrices/heatmaps/cosine/agreeing").exists()
    assert (
        "Nothing to be done"
        in snakemake(
            tmp_path, CONFIG | {"subsets": ["all", "agreeing"]}, environment=without_torch
        ).text
    )
    # A changed map is noticed, and a new model computes its own pairs alone.
    changed = next((tmp_path / "Models" / "VGG16").rglob("Pruned_model/*/img3.npy"))
    np.save(changed, np.load(changed) + 1)
    run = snakemake(tmp_path, CONFIG, "results/matrices/heatmaps/mse/all/mean.csv", flags=["-n"])
    assert run.jobs == {
        "import_maps": 1,
        "batch_maps": 1,
        "audit_maps": 1,
        "compare_models": 3,
        "aggregate_matrix": 1,
    }
    write_models(tmp_path / "more", models=["ResNet"])
    shutil.move(tmp_path / "more/Models/ResNet", tmp_path / "Models/ResNet")
    run = snakemake(
        tmp_path,
        CONFIG,
        "results/pairs/heatmaps/mse/ResNet-baseline~ResNet-pruned.npz",
        "results/matrices/heatmaps/mse/all/mean.csv",
        flags=["-n"],
    )
    assert run.jobs == {
        "import_maps": 3,
        "batch_maps": 3,
        # Also that of VGG16-baseline, whose files the new model has under another name.
        "audit_maps": 4,
        "compare_models": 3 + 9,
        "aggregate_matrix": 1,
    }


def test_an_image_that_one_model_lacks_is_refused_or_left_out_and_told(tmp_path):
    models = write_models(tmp_path)
    next((models / "VGG16").rglob("Baseline_model/*/img2.npy")).unlink()
    run = snakemake(tmp_path, CONFIG)
    assert run.code != 0 and not (tmp_path / "results").exists()
    assert (
        "Models/VGG16/Saliency_experiment_outputs/Baseline_model: has no map of image 'img2'"
        in run.text
    )
    assert "set images: {common: true}" in run.text and "Traceback" not in run.text
    run = snakemake(
        tmp_path,
        CONFIG | {"images": {"common": True}, "metrics": ["mse"], "figures": {"panels": 9}},
        cores=2,
    )
    assert run.code == 0, run.text
    assert [row["image"] for row in io.read_table(tmp_path / "results/images/explained.csv")] == [
        "img0",
        "img1",
        "img3",
        "img4",
    ]
    assert "4 images are compared, and 1 left out" in (tmp_path / "results/report.html").read_text()
    assert len(list((tmp_path / "results/figures/panels").glob("*.png"))) == 4


def test_stacks_single_maps_and_computed_ones_are_compared_together(copied):
    """A colleague's maps of the images that are explained here, by two methods, beside models that
    run here.
    """
    images = [row["image"] for row in io.read_table(copied / "results/images/explained.csv")]
    maps = np.random.default_rng(0).random((len(images), 8, 8))
    (copied / "theirs").mkdir()
    np.save(copied / "theirs/batch_maps.npy", maps[::-1])
    io.write_json(copied / "theirs/batch_maps.json", {"images": images[::-1]})
    for image, saliency in zip(images, maps, strict=True):
        io.write_map(copied / "single" / f"{image}.npy", saliency)
    config = tiny_config() | {"metrics": ["cosine"]}
    config["models"] |= {
        "Stack": {"maps": {"gradcam": "theirs", "lime": "theirs"}},
        "Single": {"maps": {"gradcam": "single", "lime": "single"}},
    }
    run = snakemake(copied, config, cores=2)
    assert run.code == 0, run.text
    for method in ("gradcam", "lime"):
        assert (
            io.read_arrays(copied / f"results/pairs/{method}/cosine/Single~Stack.npz")[
                "values"
            ].max()
            <= 1e-7
        )
    assert (copied / "results/pairs/gradcam/cosine/ResNet~Stack.npz").exists()
    assert "Stack" not in "".join(
        path.name for path in (copied / "results/pairs/noise/cosine").iterdir()
    )
    # A method that lacks the replicate says nothing of it; where predictions are missing, no image
    # agrees.
    assert {
        row["method"] for row in io.read_table(copied / "results/inference/replicates.csv")
    } == {"gradcam", "noise"}
    assert not (copied / "results/matrices/lime/cosine/agreeing").exists()
    report = (copied / "results/report.html").read_text()
    assert "The native grid of Single, Stack is that of the user-supplied maps." in report


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (
            lambda path: path.write_bytes(path.read_bytes()[:150]),
            "img1.npy: not a readable .npy array",
        ),
        (
            lambda path: np.save(path, np.zeros((1, 3, 7, 7))),
            "img1.npy: a map must be a 2-D array of real numbers, not float64 of shape (1, "
            "3, 7, 7)",
        ),
    ],
)
def test_a_file_that_is_no_map_is_named(tmp_path, spoil, complaint):
    models = write_models(tmp_path)
    spoil(next((models / "VGG16").rglob("Baseline_model/*/img1.npy")))
    output = "results/maps/heatmaps/VGG16-baseline/per_image"
    run = snakemake(tmp_path, CONFIG, output)
    assert run.code != 0 and not (tmp_path / output).exists()
    assert complaint in run.error
    assert (
        "Traceback"
        not in (tmp_path / "logs/maps/heatmaps/VGG16-baseline/per_image.log").read_text()
    )


def test_given_matrices_go_to_groups_and_figures_without_torch(tmp_path, without_torch):
    names = [f"model {place}" for place in range(14)]
    points = np.random.default_rng(0).normal(size=(14, 3)) + 3 * (np.arange(14) % 2)[:, None]
    distances = np.linalg.norm(points[:, None] - points, axis=2)
    write_matrix(tmp_path / "far.csv", distances, names)
    write_matrix(tmp_path / "near.csv", 1 - distances / 20, names)
    config = {
        "matrices": {
            "published": {"path": "far.csv"},
            "likeness": {"path": "near.csv", "kind": "similarity"},
        }
    }
    run = snakemake(tmp_path, config, cores=2, environment=without_torch)
    assert run.code == 0, run.text
    groups, agreement = (
        {"link_models", "detect_communities", "project_models"},
        {"compare_matrices", "draw_agreement"},
    )
    assert (
        set(run.jobs)
        == {"import_matrix", "draw_given_matrix", "write_findings", "write_report"}
        | groups
        | agreement
    )
    for name, expected in (("published", distances), ("likeness", distances / 20)):
        matrix, read_names = io.read_matrix(
            tmp_path / f"results/matrices/imported/{name}/all/dissimilarity.csv"
        )
        assert read_names == names
        np.testing.assert_allclose(matrix, expected, rtol=0, atol=1e-12)
        drawn = {
            path.name for path in (tmp_path / f"results/figures/imported/{name}/all").iterdir()
        }
        assert drawn == {
            f"{figure}.{kind}"
            for figure in (
                "matrix",
                "dendrogram-average",
                "louvain",
                "together",
                "principal_coordinates",
            )
            for kind in ("svg", "png")
        } | {"louvain.graphml"}
    assert (
        "'model 3':"
        in (tmp_path / "results/groups/imported/published/all/tree-average.nwk").read_text()
    )
    report = (tmp_path / "results/report.html").read_text()
    assert "without values of single images it has neither intervals nor chance level" in report
    assert "Nothing to be done" in snakemake(tmp_path, config).text


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ([",a,b,c", "a,0,1,2", "b,1,0,3"], "a.csv: not square: 2 rows below 3 names"),
        (
            [",a,b,c", "a,0,1,2", "b,1,0,3", "c,2,4,0"],
            "a.csv: not symmetric: b and c have 3, c and b 4",
        ),
    ],
)
def test_a_bad_matrix_is_named(tmp_path, lines, complaint):
    (tmp_path / "a.csv").write_text("\n".join(lines))
    output = "results/matrices/imported/mine/all/dissimilarity.csv"
    run = snakemake(tmp_path, {"matrices": {"mine": {"path": "a.csv"}}}, output)
    assert run.code != 0 and not (tmp_path / output).exists()
    assert complaint in run.error
