"""Somebody's maps and matrices, from their files to the report, run for real where torch cannot be
imported.
"""

import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
import yaml
from conftest import ROOT, snakemake, tiny_config
from planted import check_planted_findings, write_matrices
from scipy.ndimage import gaussian_filter
from test_storage import check_parameters

from lookalike.core import io
from lookalike.maps.stacks import raw_reader

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


def vary(models):
    """Write the maps of the published layout as other people do: a stack under a name of its own,
    text, channels, a linked folder, and files that are no maps.
    """
    home = "Saliency_experiment_outputs/{}_model/numpy_saliency_map"
    stack = models / "VGG16" / home.format("Baseline")
    files = sorted(stack.glob("*.npy"))
    np.save(stack / "all_saliency_maps.npy", np.stack([np.load(file)[None] for file in files]))
    io.write_json(stack / "all_saliency_maps.json", [f"{file.stem}.jpg" for file in files])
    for file in files:
        file.unlink()
    for file in (models / "Swin T" / home.format("Baseline")).glob("*.npy"):
        np.savetxt(file.with_suffix(".csv"), np.load(file), delimiter=",")
        file.unlink()
    for file in (models / "Swin T" / home.format("Pruned")).glob("*.npy"):
        # Halves and doubles keep the sum to the bit.
        np.save(file, np.stack([part * np.load(file) for part in (0.5, -0.5, 1)], axis=-1))
    shutil.move(models / "Swin T", models.parent / "elsewhere")
    (models / "Swin T").symlink_to(models.parent / "elsewhere")
    np.save(models / "VGG16" / home.format("Pruned") / "._img0.npy", np.zeros(3))
    (models / "VGG16" / home.format("Pruned") / "README.txt").write_text("Maps of VGG16.")
    (models / "figures").mkdir()
    (models / "figures" / "tree.svg").write_text("<svg/>")


def test_the_published_layout_goes_from_folder_to_report_without_torch(tmp_path, without_torch):
    models = write_models(tmp_path)
    written = {path.relative_to(models): np.load(path) for path in models.rglob("*.npy")}
    vary(models)
    config = CONFIG | {
        "models_from": {"folder": "Models", "exclude": ["figures"]},
        "methods": {"heatmaps": {"sign": "absolute", "channels": "sum"}},
    }
    run = snakemake(
        tmp_path,
        config | {"subsets": ["all", "agreeing"]},
        cores=2,
        environment=without_torch,
    )
    assert run.code == 0, run.text
    check_parameters(tmp_path)
    assert run.jobs["import_maps"] == 4 and run.jobs["compare_models"] == 12
    results = tmp_path / "results"
    for path, saliency in written.items():
        name = f"{path.parts[0].replace(' ', '_')}-{path.parts[2].partition('_')[0].lower()}"
        raw = raw_reader(results / f"maps/heatmaps/{name}/per_image")(path.stem)
        np.testing.assert_array_equal(raw, saliency.astype(np.float32))
    log = (tmp_path / "logs/maps/heatmaps/VGG16-pruned/per_image.log").read_text()
    assert "skipped (1 file: README.txt)" in log
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
            tmp_path, config | {"subsets": ["all", "agreeing"]}, environment=without_torch
        ).text
    )
    # A changed map or list of images is noticed, and a new model computes its own pairs alone.
    target = "results/matrices/heatmaps/mse/all/mean.csv"
    changed = next((tmp_path / "Models" / "VGG16").rglob("README.txt"))
    changed.write_text("Maps of VGG16, pruned.")
    changed = next((tmp_path / "Models" / "VGG16").rglob("*.json"))
    changed.write_text(changed.read_text().replace("img3.jpg", "img3.JPEG"))
    run = snakemake(tmp_path, config, target, flags=["-n"])
    assert run.jobs == {
        "import_maps": 1,
        "batch_maps": 1,
        "audit_maps": 1,
        "group_given_images": 1,
        "compare_models": 3,
        "aggregate_matrix": 1,
    }
    changed = next((tmp_path / "elsewhere").rglob("img3.csv"))
    changed.write_text(changed.read_text().replace("e-01", "e-02"))
    run = snakemake(tmp_path, config, target, flags=["-n"])
    assert run.jobs == {
        "import_maps": 2,
        "batch_maps": 2,
        "audit_maps": 2,
        "group_given_images": 1,
        "compare_models": 5,
        "aggregate_matrix": 1,
    }
    write_models(tmp_path / "more", models=["ResNet"])
    shutil.move(tmp_path / "more/Models/ResNet", tmp_path / "Models/ResNet")
    run = snakemake(
        tmp_path,
        config,
        "results/pairs/heatmaps/mse/ResNet-baseline~ResNet-pruned.npz",
        target,
        flags=["-n"],
    )
    assert run.jobs == {
        "import_maps": 4,
        "batch_maps": 4,
        # Also that of VGG16-baseline, whose files the new model has under another name.
        "audit_maps": 5,
        "group_given_images": 1,
        "compare_models": 5 + 9,
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
        "Single": {"maps": {"gradcam": "single/{image}.n?y", "lime": "single"}},
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
            "img1.npy: not a readable .npy file",
        ),
        (
            lambda path: np.save(path, np.zeros((1, 3, 7, 7))),
            "img1.npy, map of image 'img1': a map of 3 channels, shape (3, 7, 7); say how they "
            "are joined with maps: {channels: sum} or {channels: max}",
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


def test_given_matrices_go_to_findings_and_figures_without_torch(tmp_path, without_torch):
    config = yaml.safe_load((ROOT / "examples/existing_matrix.yaml").read_text())
    kept = ("gradcam_cosine", "gradcam_mse", "lime_jaccard")
    config["matrices"] = {name: config["matrices"][name] for name in kept}
    planted = write_matrices(tmp_path, config)
    run = snakemake(tmp_path, config, cores=2, environment=without_torch)
    assert run.code == 0, run.text
    assert set(run.jobs) == {
        *("import_matrix", "tabulate_models", "link_models", "detect_communities"),
        *("project_models", "test_factors", "compare_matrices"),
        *("draw_given_matrix", "draw_agreement", "draw_multiverse"),
        *("write_findings", "write_report"),
    }
    names = list(config["models"])
    for name, about in config["matrices"].items():
        place = f"{about['method']}/{about['metric']}/all"
        matrix, found = io.read_matrix(tmp_path / f"results/matrices/{place}/dissimilarity.csv")
        order = [found.index(model) for model in names]
        np.testing.assert_allclose(matrix[np.ix_(order, order)], planted[name], atol=1e-6)
        drawn = {path.name for path in (tmp_path / f"results/figures/{place}").iterdir()}
        stems = ("matrix", "dendrogram-average", "louvain", "together", "principal_coordinates")
        assert drawn == {
            *(f"{stem}.{kind}" for stem in stems for kind in ("svg", "pdf")),
            "louvain.graphml",
        }
    check_planted_findings(tmp_path, config)
    report = (tmp_path / "results/report.html").read_text()
    shown = re.sub(r"<(style|script)[^>]*>.*?</\1>|<[^>]*>", " ", report, flags=re.S)
    assert 'data-view="gradcam/mse/' in report and "User-supplied: taken as it is" in shown
    assert "image" not in shown.replace("scikit-image", "")
    assert "Nothing to be done" in snakemake(tmp_path, config).text


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        (["0,1,2", "1,0,3", "2,3,0"], "a.csv: holds no names of the models"),
        (
            [",a,b,c", "a,0,1,2", "b,1,0,3", "c,2,4,0"],
            "a.csv: not symmetric: b and c have 3, c and b 4",
        ),
    ],
)
def test_a_bad_matrix_is_refused_before_the_first_job(tmp_path, lines, complaint):
    (tmp_path / "a.csv").write_text("\n".join(lines))
    run = snakemake(tmp_path, {"matrices": {"mine": {"path": "a.csv"}}}, flags=["-n"])
    assert run.code != 0 and not run.jobs
    assert complaint in run.text and "Traceback" not in run.text
