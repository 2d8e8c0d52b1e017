"""Regression heads and pruning: a real run on the demo's scores, what a change computes again, and
scores that are refused.
"""

import copy
import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml
from conftest import run_once, snakemake
from PIL import Image

from lookalike.core import io

EXAMPLE = yaml.safe_load((Path(__file__).parents[2] / "examples/demo_heads.yaml").read_text())
SCORES = "results/images/scores.csv"


def heads_config():
    """Return the example with one model, one method, one metric, and fewer images."""
    config = copy.deepcopy(EXAMPLE)
    config["images"] |= {"n": 5, "demo": {"train": 300, "val": 100}}
    config["models"] = {"ResNet": config["models"]["ResNet"]}
    config["pruning"] |= {"n": 64, "random": 1}
    del config["methods"]["alignment"]
    return config | {
        "maps": {"size": 16},
        "metrics": ["cosine"],
        "inference": {"bootstrap": 200},
        "figures": {"panels": 1},
    }


@pytest.fixture(scope="session")
def trained(tmp_path_factory, worker_id):
    """The folder of a finished run of `heads_config`, which no test may change."""
    return run_once(tmp_path_factory, worker_id, "trained", heads_config())


@pytest.fixture
def copied_heads(trained, tmp_path):
    return Path(shutil.copytree(trained, tmp_path / "run"))


def test_the_head_predicts_held_out_scores(trained):
    head = io.read_table(trained / "results/heads.csv")[0]
    assert head["model"] == "ResNet" and head["n"] == "100"
    assert float(head["pearson"]) >= 0.8 and float(head["spearman"]) >= 0.75
    assert float(head["pearson_low"]) < float(head["pearson"]) < float(head["pearson_high"])


def test_variants_are_models_like_any_other(trained):
    names = ["ResNet", "ResNet-pruned", "ResNet-random-1"]
    rows = io.read_table(trained / "results/models.csv")
    assert [row["model"] for row in rows] == names
    assert [row["pruned_from"] for row in rows] == ["", "ResNet", "ResNet"]
    matrix, found = io.read_matrix(trained / "results/matrices/ais/cosine/all/dissimilarity.csv")
    assert found == names and np.isfinite(matrix).all()
    page = (trained / "results/report.html").read_text()
    assert all(f'id="{section}"' in page for section in ("heads", "pruning", "explore"))


def test_the_control_lacks_as_many_channels_as_the_pruned_model_and_shares_its_weights(trained):
    channels = io.read_table(trained / "results/pruning/ResNet/channels.csv")
    dropped = [int(row["channel"]) for row in channels if row["kept"] == "0"]
    by_score, at_random = (
        io.read_json(trained / f"results/checkpoints/ResNet-{variant}.json")["pruned"]
        for variant in ("pruned", "random-1")
    )
    assert (
        by_score["dropped"] == dropped
        and len(at_random["dropped"]) == len(dropped)
        and by_score["layer"] == "layer4"
    )
    assert [path.name for path in (trained / "results/checkpoints").glob("*.safetensors")] == [
        "ResNet.safetensors"
    ]


def test_pruned_predictions_differ_if_and_only_if_something_was_dropped(trained):
    dropped = io.read_table(trained / "results/heads.csv")[1]["dropped"]
    own, pruned = (
        io.read_text(trained / f"results/heads/{model}.csv")
        for model in ("ResNet", "ResNet-pruned")
    )
    assert (own == pruned) == (dropped == "0")


def test_nothing_is_left_to_do(trained, tmp_path):
    assert (
        "Nothing to be done"
        in snakemake(shutil.copytree(trained, tmp_path / "run"), heads_config()).text
    )


def test_another_head_extracts_no_features_again(copied_heads):
    config = heads_config()
    config["finetuning"]["hidden"] = [8]
    run = snakemake(copied_heads, config, "results/heads/ResNet.csv")
    assert run.code == 0, run.text
    assert run.jobs == {"train_head": 1, "predict_scores": 1}


def test_another_draw_ranks_nothing_again(copied_heads):
    config = heads_config()
    config["pruning"]["random"] = 2
    run = snakemake(copied_heads, config, "results/heads.csv", "results/inference/variants.csv")
    assert run.code == 0, run.text
    own = {
        "prune_model": 1,
        "predict_images": 1,
        "predict_scores": 1,
        "explain_images": 1,
        "batch_maps": 1,
        "audit_maps": 1,
    }
    assert run.jobs == own | {
        "compare_models": 1,
        "aggregate_matrix": 1,
        "measure_heads": 1,
        "compare_variants": 1,
    }


def scored_photos(folder):
    """Write 20 grey images without classes, and the lines of a CSV with their scores."""
    (folder / "photos").mkdir(parents=True)
    for number in range(20):
        Image.new("RGB", (16, 16), (12 * number,) * 3).save(folder / "photos" / f"p{number}.png")
    return ["image,score", *(f"p{number}.png,{number}" for number in range(20))]


def photo_config(folder):
    return heads_config() | {
        "images": {
            "source": str(folder / "photos"),
            "scores": str(folder / "scores.csv"),
            "n": 4,
            "size": 64,
        }
    }


def test_a_folder_without_classes_and_a_csv_make_scores(tmp_path):
    lines = scored_photos(tmp_path)
    (tmp_path / "scores.csv").write_text("\n".join(lines))
    run = snakemake(tmp_path, photo_config(tmp_path), SCORES)
    assert run.code == 0, run.text
    assert {row["image"]: float(row["score"]) for row in io.read_table(tmp_path / SCORES)} == {
        f"p{number}": number for number in range(20)
    }
    (tmp_path / "scores.csv").write_text("\n".join([*lines[:-1], "p19,7.5"]))
    assert snakemake(tmp_path, photo_config(tmp_path), SCORES).jobs == {"list_scores": 1}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda lines: lines[:-2], "2 of 20 images have no score"),
        (lambda lines: [*lines, "p3,5"], "image 'p3' appears twice"),
        (lambda lines: [line.replace(",", ";") for line in lines], "it names 'image;score'"),
        (
            lambda lines: [*lines[:-1], "p19,nice"],
            "the score of image 'p19' is 'nice', which is not a number",
        ),
    ],
    ids=["missing", "twice", "semicolons", "no number"],
)
def test_scores_that_cannot_be_used_are_refused(tmp_path, change, message):
    (tmp_path / "scores.csv").write_text("\n".join(change(scored_photos(tmp_path))))
    run = snakemake(tmp_path, photo_config(tmp_path), SCORES)
    assert run.code != 0 and message in run.error and "scores.csv" in run.error
    assert (
        not (tmp_path / SCORES).exists()
        and "Traceback" not in (tmp_path / "logs/images/list_scores.log").read_text()
    )


def test_a_similarity_matrix_is_used_or_refused(copied_heads):
    images = [row["image"] for row in io.read_table(copied_heads / "results/images/explained.csv")]
    io.write_matrix(copied_heads / "similar.csv", np.eye(4), images[:4])
    config = heads_config()
    config["methods"] = copy.deepcopy(EXAMPLE["methods"])
    config["images"]["similarity"] = str(copied_heads / "similar.csv")
    target = "results/maps/alignment/ResNet/per_image"
    run = snakemake(copied_heads, config, target)
    assert run.code != 0 and f"lacks 1 of the 5 images, for example '{images[4]}'" in run.error
    assert not (copied_heads / target).exists()
    io.write_matrix(
        copied_heads / "similar.csv", np.eye(5) + 0.1 * np.arange(25).reshape(5, 5) % 2, images
    )
    assert "not symmetric" in snakemake(copied_heads, config, target).error
    human = np.eye(5) + 0.3 * (np.arange(5) % 2 == np.arange(5)[:, None] % 2) * (1 - np.eye(5))
    io.write_matrix(copied_heads / "similar.csv", human, images)
    run = snakemake(copied_heads, config, target)
    assert run.code == 0 and run.jobs == {"explain_images": 1}, run.text
    maps = [io.read_map(path) for path in (copied_heads / target).glob("*.npy")]
    assert len(maps) == 5 and all(np.ptp(one) > 0 for one in maps)
