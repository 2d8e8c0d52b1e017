"""Reruns are true: what may change a result reruns it, and nothing else does."""

import os

import numpy as np
import pytest
from conftest import snakemake, tiny_config
from PIL import Image

from lookalike.core import io
from lookalike.models.networks import build_network
from lookalike.models.weights import write_weights

OLD = (1_000_000_000, 1_000_000_000)  # 2001
EVERYTHING = ("finetune_model", "explain_images", "batch_maps", "compare_models", "draw_matrix")


def installed(folder, **versions):
    """Return an environment in which packages seem to have other versions."""
    for name, version in versions.items():
        path = folder / f"{name}-{version}.dist-info"
        path.mkdir(parents=True)
        (path / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    return {"PYTHONPATH": str(folder)}


def replace_by_older(path, content):
    """Put another file, which is older, in the place of one."""
    other = path.with_name("older")
    other.write_bytes(content)
    os.utime(other, OLD)
    other.replace(path)


def test_a_new_matplotlib_only_draws_again(copied, tmp_path):
    environment = installed(tmp_path / "new", matplotlib="99.0")
    run = snakemake(copied, tiny_config(), flags=["-n"], environment=environment)
    drawn = {"draw_matrix": 8, "draw_agreement": 2, "draw_multiverse": 1, "draw_panels": 1}
    assert run.jobs == drawn | {"study_prediction_agreement": 1, "write_report": 1}


def test_a_patched_torch_reruns_what_computes_with_it(copied, tmp_path):
    environment = installed(tmp_path / "new", torch="99.0")
    jobs = snakemake(copied, tiny_config(), flags=["-n"], environment=environment).jobs
    assert jobs["finetune_model"] == jobs["predict_images"] == 3 and jobs["compare_models"] == 12
    assert not jobs.keys() & {"draw_demo_images", "list_images", "sample_images"}


@pytest.mark.parametrize(
    ("path", "old", "new", "first"),
    [
        (
            "lookalike/maps/stacks.py",
            "def read_batches(",
            "NEW = 1\n\n\ndef read_batches(extra=NEW, *",
            "compare_models",
        ),
        ("lookalike/core/io.py", "def checked_map(", "@print\ndef checked_map(", "batch_maps"),
        ("lookalike/core/memoising.py", "*sorted(", "1, *sorted(", "explain_images"),
        ("lookalike/plots/titles.py", 'images"', 'images!"', "draw_matrix"),
        (
            "lookalike/compare/user_matrices.py",
            "def checked_matrix(",
            "@print\ndef checked_matrix(",
            None,
        ),
        ("lookalike/core/logs.py", "def log_to(", "@print\ndef log_to(", None),
    ],
)
def test_an_edited_function_reruns_what_calls_it_and_nothing_before(
    copied, checkout, path, old, new, first
):
    text = (checkout / path).read_text()
    assert old in text
    (checkout / path).write_text(text.replace(old, new))
    run = snakemake(copied, tiny_config(), root=checkout, flags=["-n"])
    assert run.code == 0, run.text
    rerun = EVERYTHING[EVERYTHING.index(first) :] if first else ()
    assert [rule for rule in EVERYTHING if rule in run.jobs] == list(rerun)
    if first == "draw_matrix":
        assert run.jobs == {"draw_matrix": 8, "write_report": 1}


@pytest.fixture
def photographs(tmp_path):
    """A folder of images in two classes."""
    rng = np.random.default_rng(0)
    for label in ("cat", "dog"):
        (tmp_path / "photos" / label).mkdir(parents=True)
        for number in range(6):
            pixels = rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "photos" / label / f"{label}{number}.png")
    return tmp_path / "photos"


def test_training_depends_on_what_images_hold_and_on_nothing_else(photographs, tmp_path):
    config = tiny_config()
    del config["models"]["ResNet-b"]
    config["images"] = {"source": str(photographs), "n": 2, "size": 64}
    target, run = "results/checkpoints/RegNet.safetensors", tmp_path / "run"
    first = snakemake(run, config, target)
    assert first.code == 0 and first.jobs == {"list_images": 1, "finetune_model": 1}, first.text

    for path in photographs.rglob("*.png"):
        path.touch()
    assert "Nothing to be done" in snakemake(run, config, target).text

    (tmp_path / "masks").mkdir()
    Image.fromarray(np.eye(64, dtype=bool)).save(tmp_path / "masks" / "cat0.png")
    config["images"]["masks"] = str(tmp_path / "masks")
    assert "Nothing to be done" in snakemake(run, config, target).text

    config["images"]["source"] = str(photographs.rename(tmp_path / "moved"))
    moved = snakemake(run, config, target, "results/images/manifest.csv")
    assert moved.code == 0 and moved.jobs == {"list_images": 1}, moved.text
    assert str(tmp_path / "moved") in (run / "results/images/manifest.csv").read_text()

    Image.fromarray(np.zeros((64, 64, 3), np.uint8)).save(tmp_path / "moved/cat/cat0.png")
    edited = snakemake(run, config, target, flags=["-n"])
    assert edited.jobs == {"list_images": 1, "finetune_model": 1}


def given_files(folder):
    """Write one of every kind of user-supplied file, and a config that uses them all."""
    rng = np.random.default_rng(0)
    images = [f"{label}{number}" for label in ("cat", "dog") for number in range(6)]
    io.write_matrix(folder / "published.csv", 1 - np.eye(3), ["a", "b", "c"])
    io.write_table(folder / "scores.csv", [{"image": x, "score": n} for n, x in enumerate(images)])
    vit = {"timm": "test_vit", "options": {"img_size": 64}}
    write_weights(folder / "mine.safetensors", build_network(vit, 2).state_dict())
    np.save(folder / "labelled.npy", rng.random((8, 16, 16)))
    labels = [{"image": str(n), "label": "xy"[n % 2]} for n in range(8)]
    io.write_table(folder / "labels.csv", labels)
    (folder / "masks").mkdir()
    Image.fromarray(np.eye(64, dtype=bool)).save(folder / "masks" / "cat0.png")
    for image in images:
        io.write_map(folder / "maps" / f"{image}.npy", rng.random((8, 8)))
    return {
        "images": {
            "source": str(folder / "photos"),
            "n": 2,
            "size": 64,
            "masks": str(folder / "masks"),
            "scores": str(folder / "scores.csv"),
        },
        "models": {
            "Mine": vit | {"checkpoint": str(folder / "mine.safetensors")},
            "ViT": vit,
            "Theirs": {"maps": {"noise": str(folder / "maps")}},
        },
        "finetuning": {"task": "regression", "pretrained": False, "epochs": 1},
        "methods": {"noise": {"explain": "random"}},
        "maps": {"size": 16},
        "metrics": ["cosine"],
        "matrices": {"published": {"path": str(folder / "published.csv"), "method": "noise"}},
        "studies": ["metric_validation"],
        "metric_validation": {
            "maps": str(folder / "labelled.npy"),
            "labels": str(folder / "labels.csv"),
            "prototypes": 1,
            "draws": 1,
        },
    }


# What is given, the file, and the rule that takes it with the file that it makes.
GIVEN = {
    "matrix": ("published.csv", "import_matrix", "matrices/noise/published/all/bootstrap.npz"),
    "scores": ("scores.csv", "list_scores", "images/scores.csv"),
    "mask": ("masks/cat0.png", "list_masks", "images/masks.csv"),
    "map": ("maps/dog5.npy", "import_maps", "maps/noise/Theirs/per_image"),
    "labels": ("labels.csv", "validate_metrics", "studies/metric_validation/given.csv"),
    "labelled maps": ("labelled.npy", "validate_metrics", "studies/metric_validation/given.csv"),
    "checkpoint": ("mine.safetensors", "extract_features", "features/Mine.npz"),
}


def test_every_given_file_is_known_by_its_content(photographs, tmp_path):
    config, run = given_files(tmp_path), tmp_path / "run"
    targets = sorted({f"results/{target}" for _, _, target in GIVEN.values()})
    first = snakemake(run, config, *targets)
    assert first.code == 0, first.text
    for path, _, _ in GIVEN.values():
        (tmp_path / path).touch()
    assert "Nothing to be done" in snakemake(run, config, *targets).text
    for path, rule, target in GIVEN.values():
        content = (tmp_path / path).read_bytes()
        replace_by_older(tmp_path / path, content[:-1] + bytes([content[-1] ^ 1]))
        changed = snakemake(run, config, f"results/{target}", flags=["-n"])
        assert changed.jobs == {rule: 1}, path
        replace_by_older(tmp_path / path, content)
    assert "Nothing to be done" in snakemake(run, config, *targets).text
