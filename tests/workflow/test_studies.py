"""Studies of a finished run: each is one rule, reads what was made before, and concludes."""

import re
import shutil
from pathlib import Path

import pytest
import yaml
from conftest import ROOT, run_once, snakemake, tiny_config
from planted import planted_stacks, write_matrices

from lookalike.core import io

STUDIES = yaml.safe_load((ROOT / "schemas/config.schema.yaml").read_text())["properties"]
# Of maps that are given, without a network.
GIVEN = [
    "linkages",
    "resolution_scan",
    "pca_grid",
    "explanation_panels",
    "image_count",
    "histograms",
    "artefacts",
]
# Of networks, after the run that all tests share.
COMPUTED = [
    "prediction_agreement",
    "gradcam_grids",
    "faithfulness",
    "kernelshap_samples",
    "depth",
    "sanity",
    "finetuning_effect",
    "shared_transforms",
]
TRIED = "method_hyperparameters"
SMALL = {
    "kernelshap_samples": {"images": 1, "samples": [40, 80], "seeds": 3, "segments": 8},
    "faithfulness": {"images": 4, "steps": 4},
    "depth": {"depths": [0.5, 1], "images": 4},
    "sanity": {"images": 4, "parts": 2},
    "shared_transforms": {"images": 8, "explained": 4},
}


@pytest.fixture(scope="session")
def studied(tmp_path_factory, worker_id):
    """The folder of a run of the maps of seven models in three families with all of `GIVEN`, which
    no test may change.
    """
    folder = tmp_path_factory.mktemp("given")
    config = {
        "models": planted_stacks(folder),
        "metrics": ["cosine", "mse"],
        "maps": {"size": 16},
        "inference": {"bootstrap": 100},
        "figures": {"panels": 0},
        "studies": GIVEN,
    }
    return run_once(tmp_path_factory, worker_id, "studied", config)


@pytest.fixture(scope="session")
def computed(finished, tmp_path_factory):
    """A copy of the shared run with all of `COMPUTED`, which no test may change."""
    folder = Path(shutil.copytree(finished, tmp_path_factory.mktemp("computed") / "run"))
    config = tiny_config() | {"studies": COMPUTED} | SMALL
    run = snakemake(folder, config, *map(summary_of, COMPUTED))
    assert run.code == 0, run.text
    # Nothing but the studies themselves.
    assert run.jobs.keys() == {f"study_{study}" for study in COMPUTED}
    return folder


@pytest.fixture(scope="session")
def tried(computed, tmp_path_factory):
    """A copy of it with a method that has settings, and the study of these."""
    folder = Path(shutil.copytree(computed, tmp_path_factory.mktemp("tried") / "run"))
    config = tiny_config() | {"studies": [TRIED], TRIED: {"images": 4}}
    config["methods"]["ig"] = {"explain": "integrated_gradients", "steps": 4}
    run = snakemake(folder, config, summary_of(TRIED))
    assert run.code == 0, run.text
    assert run.jobs == {f"study_{TRIED}": 1, "explain_images": 2}
    return folder


def summary_of(study):
    return f"results/studies/{study}/summary.json"


def test_every_study_is_one_rule_and_one_section_of_the_schema():
    named = STUDIES["studies"]["items"]["enum"]
    files = {path.stem: path.read_text() for path in (ROOT / "rules/studies").glob("*.smk")}
    assert sorted(files) == sorted(named)
    for study, text in files.items():
        assert STUDIES[study]["description"].startswith("study: ")
        assert STUDIES[study]["description"].endswith("?")
        # The two older ones draw in a rule of their own.
        if study not in ("metric_validation", "power"):
            assert re.findall(r"^rule (\w+):", text, re.M) == [f"study_{study}"]
            assert (ROOT / f"lookalike/studies/{study}.py").is_file()


@pytest.mark.parametrize(
    ("study", "folder"),
    [
        *((study, "studied") for study in GIVEN),
        *((study, "computed") for study in COMPUTED),
        (TRIED, "tried"),
    ],
)
def test_a_study_concludes_and_draws(request, study, folder):
    run = request.getfixturevalue(folder)
    folder = run / "results/studies" / study
    summary = io.read_json(folder / "summary.json")
    assert summary["sentences"] and all(text.endswith(".") for text in summary["sentences"])
    if study in GIVEN:
        page = (run / "results/report.html").read_text(encoding="utf-8")
        assert f"<h3>{study.replace('_', ' ').capitalize()}</h3>" in page
    assert [path for path in folder.rglob("*.svg") if path.stat().st_size > 1000]
    for path in folder.rglob("*.csv"):
        assert io.read_table(path)


def test_a_study_that_is_off_adds_no_job(tmp_path):
    config = {"models": planted_stacks(tmp_path), "metrics": ["cosine"], "maps": {"size": 16}}
    off, on = (
        snakemake(tmp_path, config | {"studies": names}, flags=["--dry-run"])
        for names in ([], GIVEN)
    )
    assert (off.code, on.code) == (0, 0)
    added = {f"study_{name}" for name in GIVEN}
    assert on.jobs.keys() - off.jobs.keys() == added and not off.jobs.keys() & added


def test_linkages_of_planted_families_share_them(studied):
    rows = io.read_table(studied / "results/studies/linkages/linkages.csv")
    assert {row["linkage"] for row in rows} == {"average", "single", "complete", "weighted"}
    pairs = [row for row in rows if row["other"]]
    assert len(pairs) == 2 * 6 and all(int(row["shared_clades"]) >= 2 for row in pairs)
    text = io.read_text(Path(studied) / "results/studies/linkages/summary.json")
    assert "A0, A1, A2" in text


def test_the_scan_of_planted_families_has_their_plateau(studied):
    folder = studied / "results/studies/resolution_scan"
    rows = io.read_table(folder / "resolution_scan.csv")
    assert len(rows) == 2 * 21
    plateau = {(row["metric"], row["groups"]) for row in rows if row["on_plateau"] == "1"}
    assert plateau == {("cosine", "3"), ("mse", "3")}
    text = io.read_text(folder / "summary.json")
    assert text.count("{A0, A1, A2}, {B0, B1}, {C0, C1}") == 2
    assert text.count("is the cut of the average-linkage tree into 3 groups") == 2


def test_both_metrics_draw_one_picture_of_planted_families(studied):
    (pair,) = io.read_table(studied / "results/studies/pca_grid/pairs.csv")
    assert float(pair["correlation"]) > 0.95 and float(pair["p_holm"]) < 0.05
    assert (studied / "results/studies/pca_grid/pca_grid.svg").stat().st_size > 10_000


def test_pages_of_explanations_are_as_many_as_the_table_says(studied):
    folder = studied / "results/studies/explanation_panels"
    rows = io.read_table(folder / "explanation_panels.csv")
    pages = [int(row["page"]) for row in rows if row["page"]]
    assert pages == list(range(1, 13))
    assert len(list((folder / "pages").glob("page-*.png"))) == 12
    values = [float(row["disagreement"]) for row in rows]
    assert values == sorted(values) and len(values) == 24
    assert [row["chosen"] for row in rows[:4] + rows[-4:]] == ["agreement"] * 4 + [
        "disagreement"
    ] * 4


def test_predictions_are_counted_in_every_pair_of_independent_models(computed):
    folder = computed / "results/studies/prediction_agreement"
    (pair,) = io.read_table(folder / "pairs.csv")
    assert {pair["model"], pair["other"]} == {"ResNet", "RegNet"}
    names, classes = [], []
    for row in io.read_table(computed / "results/predictions.csv"):
        names.append(row["model"])
        classes.append(row["class"])
    own, other = (
        [label for name, label in zip(names, classes, strict=True) if name == model]
        for model in ("ResNet", "RegNet")
    )
    same = sum(one == another for one, another in zip(own, other, strict=True))
    assert (int(pair["same"]), int(pair["different"])) == (same, len(own) - same)
    rows = io.read_table(folder / "correlations.csv")
    assert {row["subset"] for row in rows} == {"all", "agreeing"} and len(rows) == 8
    assert all("needs at least 4 independent models" in row["untested"] for row in rows)


def test_half_of_the_images_of_planted_families_have_more_than_half_of_the_tree(studied):
    folder = studied / "results/studies/image_count"
    rows = io.read_table(folder / "counts.csv")
    assert {int(row["n"]) for row in rows} == {4, 8, 12}
    assert len(io.read_table(folder / "draws.csv")) == 25 * len(rows)
    for row in rows:
        # Each pair stands twice in the sum over the cells of the square.
        assert float(row["notebook_sum"]) == pytest.approx(2 * 21 * float(row["distance"]))
    for row in io.read_table(folder / "needed.csv"):
        assert int(row["needed_low"]) <= int(row["needed"]) <= int(row["needed_high"])
        assert float(row["clades_at_half"]) > 0.4


def test_means_of_planted_families_are_enough(studied):
    folder = studied / "results/studies/histograms"
    pairs = io.read_table(folder / "pairs.csv")
    assert len(pairs) == 2 * 21 and not any(int(row["bimodal"]) for row in pairs)
    for row in io.read_table(folder / "summaries.csv"):
        assert float(row["rho"]) > 0.9 and int(row["shared_clades"]) >= 2


def test_no_artefact_is_found_where_none_is_planted(studied):
    folder = studied / "results/studies/artefacts"
    first = io.read_json(folder / "summary.json")["sentences"][0]
    assert first.startswith("heatmaps: no cell of 7 models is the peak more often than the other ")
    (row,) = io.read_table(folder / "repairs.csv")
    assert row["untested"] and not row["model"]
    cells = io.read_table(folder / "cells.csv")
    assert {row["model"] for row in cells} == {"A0", "A1", "A2", "B0", "B1", "C0", "C1", "centre"}


def test_grids_and_layers_of_gradcam_are_those_of_the_models(computed):
    rows = io.read_table(computed / "results/studies/gradcam_grids/grids.csv")
    known = {row["model"]: row for row in io.read_table(computed / "results/models.csv")}
    # A replicate has the grid of its original.
    assert [row["model"] for row in rows] == ["RegNet", "ResNet"]
    for row in rows:
        about = known[row["model"]]
        assert (row["layer"], row["native_grid"]) == (about["layer"], about["native_grid"])
        assert 0 <= float(row["lost_low"]) <= float(row["lost"]) < 0.2


def test_maps_of_every_method_and_model_are_scored_as_they_are_viewed(computed):
    folder = computed / "results/studies/faithfulness"
    rows = io.read_table(folder / "scores.csv")
    methods = list(tiny_config()["methods"])
    assert [(row["method"], row["model"]) for row in rows if row["model"] != "all models"] == [
        (method, model) for model in ("RegNet", "ResNet") for method in methods for _ in range(3)
    ]
    curves = io.read_table(folder / "curves.csv")
    # Nothing is removed at first, so that all maps of a model have one probability.
    first = {
        (row["model"], f"{float(row['probability']):.4f}", f"{float(row['shifted']):.4f}")
        for row in curves
        if float(row["share"]) == 0 and row["score"] != "insertion"
    }
    assert len(first) == 2
    assert len(curves) == 2 * len(methods) * (5 + 5 + 4)


def test_samples_of_kernelshap_are_run_as_often_as_the_config_says(computed):
    folder = computed / "results/studies/kernelshap_samples"
    runs = io.read_table(folder / "runs.csv")
    assert [int(row["samples"]) for row in runs] == [40] * 3 + [80] * 3
    assert all(float(row["seconds"]) > 0 for row in runs)
    assert io.read_json(folder / "summary.json")["sentences"][0].startswith("RegNet: ")


def test_the_deepest_layer_is_the_one_that_the_models_were_compared_at(computed):
    layers = io.read_table(computed / "results/studies/depth/layers.csv")
    known = {row["model"]: row for row in io.read_table(computed / "results/models.csv")}
    assert [(row["model"], row["depth"]) for row in layers] == [
        (model, depth) for model in ("RegNet", "ResNet") for depth in ("0.5", "1")
    ]
    for row in layers[1::2]:
        about = known[row["model"]]
        assert (row["layer"], row["native_grid"]) == (about["layer"], about["native_grid"])
    rows = io.read_table(computed / "results/studies/depth/depths.csv")
    assert len(rows) == 2 * 2 and all(float(row["mean"]) > 0 for row in rows)


def test_maps_by_networks_with_random_weights_are_compared_with_those_of_the_workflow(computed):
    rows = io.read_table(computed / "results/studies/sanity/sanity.csv")
    # The head, all, and all but the head; of two models, and of both.
    steps = [("cascading", "1"), ("cascading", "2"), ("single part", "2")]
    assert {(row["way"], row["part"]) for row in rows} == set(steps)
    assert {row["model"] for row in rows} == {"RegNet", "ResNet", ""}
    methods = {(row["method"], row["metric"]) for row in rows}
    assert len(rows) == len(methods) * len(steps) * 3
    for row in rows:
        assert (row["verdict"] != "") == ((row["way"], row["part"]) == steps[1])
        # Noise has the seeds of the workflow's maps, and so is the same.
        if row["method"] == "noise":
            assert (float(row["likeness"]), row["n"]) == (1, "4")
        elif not row["untested"]:
            assert float(row["dissimilarity"]) > 0 and float(row["chance"]) > 0
    sentences = io.read_json(computed / "results/studies/sanity/summary.json")["sentences"]
    assert sentences[0].startswith("These methods do NOT see the weights: noise (likeness 1.00")


def test_each_setting_is_compared_with_the_maps_of_the_workflow(tried):
    rows = io.read_table(tried / "results/studies/method_hyperparameters/settings.csv")
    assert [(row["run"], row["setting"], row["metric"]) for row in rows] == [
        ("ig", text, metric)
        for text in ("steps: 2", "baseline: blur")
        for metric in ("cosine", "rbf")
    ]
    assert all(float(row["moved"]) <= float(row["moved_high"]) for row in rows)


def test_only_what_was_trained_moved(computed):
    folder = computed / "results/studies/finetuning_effect"
    cosine = [row for row in io.read_table(folder / "maps.csv") if row["metric"] == "cosine"]
    rows = {row["model"]: row for row in cosine}
    # A replicate is no model of its own, and RegNet is trained for no epoch.
    assert list(rows) == ["RegNet", "ResNet"]
    assert float(rows["RegNet"]["moved"]) == 0 and rows["RegNet"]["untested"]
    assert float(rows["ResNet"]["moved"]) > 0 and not rows["ResNet"]["untested"]
    assert float(rows["ResNet"]["replicates"]) > 0 and rows["RegNet"]["replicates"] == "nan"
    known = {row["model"]: row for row in io.read_table(computed / "results/models.csv")}
    for row in io.read_table(folder / "accuracies.csv"):
        assert float(row["after"]) == float(known[row["model"]]["accuracy"])
        assert float(row["after_low"]) <= float(row["after"]) <= float(row["after_high"])
    assert len(io.read_table(folder / "epochs.csv")) == 1 + 2


def test_models_are_classified_and_compared_in_both_geometries(computed):
    folder = computed / "results/studies/shared_transforms"
    rows = io.read_table(folder / "accuracies.csv")
    # Two splits, two independent models, three ways.
    assert len(rows) == 2 * 2 * 3 and {row["images"] for row in rows} == {"8"}
    assert {(row["way"], row["size"]) for row in rows} == {
        ("shared", "64"),
        ("own", "160"),
        ("common_normalisation", "64"),
    }
    # Of RegNet, mean and standard deviation are ImageNet's.
    assert {row["model"] for row in rows if row["remark"]} == {"RegNet"}
    assert not [row for row in rows if row["untested"]]
    moved = io.read_table(folder / "movement.csv")
    assert [row["metric"] for row in moved] == ["cosine", "rbf"]
    assert all(float(row["moved_high"]) > 0 and row["r"] == "nan" for row in moved)


def test_published_matrices_give_agreement_factors_linkages_and_resolutions(tmp_path):
    """What a thesis did from two matrices for each of three methods, in one command."""
    config = yaml.safe_load((ROOT / "examples/existing_matrix.yaml").read_text())
    config["matrices"] = {
        name: about
        for name, about in config["matrices"].items()
        if about["metric"] in ("cosine", "ssim")
    }
    config["studies"] = ["linkages", "resolution_scan"]
    config["resolution_scan"] = {"steps": 11, "seeds": 5}
    write_matrices(tmp_path, config)
    tables = [f"results/inference/{name}.csv" for name in ("agreement/all", "factors")]
    summaries = [f"results/studies/{name}/summary.json" for name in config["studies"]]
    run = snakemake(tmp_path, config, *tables, *summaries)
    assert run.code == 0, run.text
    agreement, factors = (io.read_table(tmp_path / path) for path in tables)
    alike = {
        (row["method"], row["other_method"]): float(row["rho_holm"])
        for row in agreement
        if row["method"] != row["other_method"]
    }
    # By GradCAM and integrated gradients, families are planted; by LIME, every second model.
    assert alike["gradcam", "ig"] < 0.05 < min(alike["gradcam", "lime"], alike["ig", "lime"])
    families = {
        row["method"]: float(row["corrected"])
        for row in factors
        if (row["factor"], row["test"]) == ("family", "permanova")
    }
    assert families["gradcam"] < 0.05 < families["lime"]
    rows = io.read_table(tmp_path / "results/studies/linkages/linkages.csv")
    assert all(int(row["shared_clades"]) >= 2 for row in rows if row["other"])
    scanned = io.read_table(tmp_path / "results/studies/resolution_scan/resolution_scan.csv")
    plateaus = {(row["method"], row["groups"]) for row in scanned if row["on_plateau"] == "1"}
    assert plateaus == {("gradcam", "2"), ("ig", "2"), ("lime", "2")}
    text = io.read_text(tmp_path / summaries[1])
    assert text.count("cannot tell whether these are groups: a user-supplied matrix has no") == 6
