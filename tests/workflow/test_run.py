"""One whole run: what it leaves, that a second one does nothing, that cores do not matter."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import Run, snakemake, tiny_config

from lookalike.core import io, registry
from lookalike.images import manifest
from lookalike.maps import stacks
from lookalike.methods import explain
from lookalike.models.weights import read_weights

STAGES = [
    "results/images/manifest.csv",
    "results/images/explained.csv",
    "results/checkpoints/ResNet.safetensors",
    "results/checkpoints/ResNet.json",
    "results/predictions/ResNet-b.npz",
    "results/models.csv",
    "results/maps/gradcam/RegNet/batch_maps.npy",
    "results/maps/gradcam/RegNet/batch_maps.json",
    "results/maps/gradcam/RegNet/diagnostics.csv",
    "results/audit/gradcam/RegNet.json",
    "results/localisation/gradcam.csv",
    "results/inference/localisation/gradcam.csv",
    "results/inference/explainer_error.csv",
    "results/pairs/gradcam/cosine/RegNet~ResNet.npz",
    "results/matrices/gradcam/rbf/agreeing/mean.csv",
    "results/matrices/gradcam/rbf/agreeing/bootstrap.npz",
    "results/groups/gradcam/cosine/all/tree-average.nwk",
    "results/groups/gradcam/cosine/all/support-average.csv",
    "results/groups/gradcam/cosine/all/communities.csv",
    "results/groups/gradcam/cosine/all/together.csv",
    "results/groups/gradcam/cosine/all/principal_coordinates.csv",
    "results/inference/structure.csv",
    "results/inference/factors.csv",
    "results/inference/agreement/all.csv",
    "results/inference/disagreement.csv",
    "results/inference/findings.md",
    "results/inference/multiverse.csv",
    "results/inference/replicates.csv",
    "results/inference/seeds.csv",
    "results/inference/influence.csv",
    "results/inference/redundancy/gradcam.csv",
    "results/figures/noise/rbf/all/matrix.pdf",
    "results/figures/noise/rbf/all/dendrogram-average.svg",
    "results/figures/noise/rbf/all/louvain.svg",
    "results/figures/noise/rbf/all/together.svg",
    "results/figures/agreement/agreeing-trees.pdf",
    "results/figures/noise/rbf/all/principal_coordinates.pdf",
    "results/figures/noise/rbf/all/histograms.svg",
    "results/figures/multiverse.svg",
    "results/figures/multiverse.pdf",
    "results/figures/panels/panel-1.png",
    "results/report.html",
]


def test_every_stage_leaves_its_files(finished):
    missing = [path for path in STAGES if not (finished / path).is_file()]
    assert not missing


def test_no_rule_ran_more_often_than_needed(finished):
    run = Run(0, (finished.parent / "text").read_text())
    assert run.jobs == {
        "draw_demo_images": 1,
        "list_images": 1,
        "list_masks": 1,
        "sample_images": 1,
        "group_images": 1,
        "finetune_model": 3,
        "predict_images": 3,
        "tabulate_models": 1,
        "explain_images": 6,
        "batch_maps": 6,
        "audit_maps": 6,
        "measure_localisation": 2,
        "compare_models": 12,
        "aggregate_matrix": 8,
        "link_models": 8,
        "detect_communities": 8,
        "project_models": 8,
        "compare_replicates": 1,
        "measure_explainer_error": 1,
        "test_structure": 8,
        "test_factors": 1,
        "tabulate_tests": 1,
        "compare_predictions": 1,
        "compare_matrices": 2,
        "draw_agreement": 2,
        "correlate_metrics": 2,
        "draw_matrix": 8,
        "draw_multiverse": 1,
        "draw_panels": 1,
        "write_findings": 1,
        "write_report": 1,
    }


def test_jobs_wait_for_a_card_only_where_there_is_one(finished):
    text = (finished.parent / "text").read_text()
    cards = list(Path("/dev").glob("nvidia[0-9]*"))
    assert cards or not torch.cuda.is_available()
    asked = re.findall(r"^ +resources: .*gpu=(\d+)", text, re.MULTILINE)
    assert len(asked) > 4 and set(asked) == {str(int(bool(cards)))}


def test_a_second_run_does_nothing_whatever_jobs_ask_for(copied):
    asked = ("--set-resources", "batch_maps:mem_mb=9999", "link_models:runtime=99")
    run = snakemake(copied, tiny_config(), flags=asked)
    assert run.code == 0
    assert "Nothing to be done" in run.text
    assert not run.jobs


def test_nothing_temporary_is_left(finished):
    assert not [
        path for path in (finished / "results").rglob(".*") if path.name != ".snakemake_timestamp"
    ]


def test_results_do_not_depend_on_cores(finished, tmp_path):
    run = snakemake(tmp_path, tiny_config(), "results/inference/findings.md", cores=2)
    assert run.code == 0, run.text
    checked = 0
    for pattern in (
        "checkpoints/*.safetensors",
        "maps/*/*/batch_maps.npy",
        "pairs/*/*/*.npz",
        "matrices/*/*/*/*",
        "groups/*/*/*/*",
        "inference/**/*.*",
    ):
        for path in (tmp_path / "results").glob(pattern):
            assert path.read_bytes() == (finished / path.relative_to(tmp_path)).read_bytes(), path
            checked += 1
    assert checked > 80


def test_replicate_has_other_weights(finished):
    weights = [
        read_weights(finished / f"results/checkpoints/{name}.safetensors")
        for name in ("ResNet", "ResNet-b")
    ]
    assert weights[0].keys() == weights[1].keys()
    assert not np.allclose(weights[0]["fc.weight"], weights[1]["fc.weight"])


def test_raw_maps_are_native_and_the_batch_is_not(finished):
    raw = io.read_map(next((finished / "results/maps/gradcam/ResNet/per_image").glob("*.npy")))
    maps, card = stacks.read_batch(finished / "results/maps/gradcam/ResNet/batch_maps.npy")
    assert raw.shape == (8, 8)
    assert maps.shape == (10, 32, 32)
    assert card["native_shape"] == [8, 8]
    assert card["data_range"] == 1.0


def test_noise_is_as_far_from_its_second_run_as_from_other_models(finished):
    rows = io.read_table(finished / "results/inference/explainer_error.csv")
    assert [(row["method"], row["metric"]) for row in rows] == [
        ("noise", "cosine"),
        ("noise", "rbf"),
    ]
    assert all(row["models"] == "2" and 2 <= int(row["n"]) <= 4 for row in rows)
    assert all(abs(float(row["ratio"]) - 1) < 0.2 for row in rows)
    again = {
        method: io.read_arrays(finished / f"results/maps/{method}/ResNet/again.npz")
        for method in ("gradcam", "noise")
    }
    assert not len(again["gradcam"]["images"])
    for image, saliency in zip(*(again["noise"][key] for key in ("images", "maps")), strict=True):
        first = io.read_map(finished / f"results/maps/noise/ResNet/per_image/{image}.npy")
        assert first.shape == saliency.shape and (first != saliency).mean() > 0.99


def test_a_model_is_explained_again_by_other_coalitions_or_half_of_the_steps(finished):
    def explained(name, again=0, **options):
        return explain.explain_sample(
            registry.get("method", name),
            manifest.placed(rows, finished / "results/images/demo"),
            read,
            target="predicted",
            size=64,
            fit="crop",
            seed=0,
            names=("run", "ResNet"),
            options={"baseline": "zero"} | options,
            again=again,
        )

    rows = io.read_table(finished / "results/images/explained.csv")
    read = {
        "weights": finished / "results/checkpoints/ResNet.safetensors",
        "sidecar": finished / "results/checkpoints/ResNet.json",
        "predictions": finished / "results/predictions/ResNet.npz",
    }
    for name, options in (
        ("kernelshap", {"segments": 9, "samples": 40}),
        ("integrated_gradients", {"steps": 8}),
    ):
        first, second = explained(name, again=3, **options)
        first, second = ({image: one for image, one, _ in run} for run in (first, second))
        assert len(first) == 10 and len(second) == 3 and second.keys() < first.keys()
        assert len({row["label"] for row in rows if row["image"] in second}) == 3
        for image, saliency in second.items():
            assert (saliency != first[image]).any()
            assert np.corrcoef(saliency.ravel(), first[image].ravel())[0, 1] > 0.5
    half, none = explained("integrated_gradients", steps=4)
    half = {image: one for image, one, _ in half}
    assert all(np.allclose(half[image], one, atol=1e-5) for image, one in second.items())
    assert not list(none)


def test_agreeing_counts_images_of_equal_prediction(finished):
    n, names = io.read_matrix(finished / "results/matrices/gradcam/cosine/agreeing/n.csv")
    one, other = (
        io.read_arrays(finished / f"results/predictions/{name}.npz")
        for name in (names[0], names[2])
    )
    maps = [
        stacks.read_batch(finished / f"results/maps/gradcam/{name}/batch_maps.npy")[0]
        for name in (names[0], names[2])
    ]
    defined = np.logical_and(*([saliency.any() for saliency in batch] for batch in maps))
    assert n[0, 2] == ((one["predicted"] == other["predicted"]) & defined).sum()


def test_report_is_one_file_that_needs_no_network(finished):
    page = (finished / "results/report.html").read_text()
    addresses = re.findall(r'(?:src|href)\s*=\s*"([^"]*)"', page)
    assert len(addresses) > 20
    assert all(address.startswith(("data:", "#")) for address in addresses)
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "")
    for text in (
        "Localisation",
        "Error of the explanation",
        "Replicates",
        "test_byobnet",
        "2.15.0",
        "gradcam, cosine, all images",
        "bootstrap: 50",
    ):
        assert text in page


def test_influence_is_told_of_every_class_and_of_the_same_statistics_as_reported(finished):
    rows = io.read_table(finished / "results/inference/influence.csv")
    structure = io.read_table(finished / "results/inference/structure.csv")
    keys = ("method", "metric", "subset")
    whole = {
        tuple(row[key] for key in keys): float(row["value"])
        for row in rows
        if (row["part"], row["question"]) == ("all", "dependence")
    }
    assert whole == {
        tuple(row[key] for key in keys): pytest.approx(float(row["dependence"]))
        for row in structure
        if not row["dependence_untested"]
    }
    assert {row["name"] for row in rows if row["part"] == "without"} == {
        "cross",
        "disk",
        "ring",
        "star",
        "triangle",
    }


def test_logs_and_benchmarks_mirror_the_results(finished):
    assert "training (all)" in (finished / "logs/checkpoints/ResNet.log").read_text()
    assert (finished / "benchmarks/maps/gradcam/ResNet.tsv").is_file()
    assert (finished / "logs/pairs/gradcam/cosine/RegNet~ResNet.log").is_file()


def test_sidecar_tells_recipe_and_every_epoch(finished):
    sidecar = json.loads((finished / "results/checkpoints/ResNet.json").read_text())
    assert sidecar["recipe"]["timm"] == "test_resnet"
    assert [row["epoch"] for row in sidecar["epochs"]] == [0, 1]
    assert sidecar["classes"] == ["cross", "disk", "ring", "star", "triangle"]
    assert set(sidecar["accuracy"]) == {"before", "after"}
