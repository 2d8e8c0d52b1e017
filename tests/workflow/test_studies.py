"""Studies of a finished run: each is one rule, reads what was made before, and concludes."""

import re
from pathlib import Path

import pytest
import yaml
from conftest import ROOT, run_once, snakemake, tiny_config
from planted import planted_stacks

from lookalike.core import io

STUDIES = yaml.safe_load((ROOT / "schemas/config.schema.yaml").read_text())["properties"]
# Of maps that are given, without a network.
GIVEN = ["linkages", "artefacts"]
# Of networks: these are part of the run that all tests share.
COMPUTED = tiny_config().get("studies", [])


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


@pytest.mark.parametrize("study", GIVEN + COMPUTED)
def test_a_study_concludes_and_draws(request, study):
    studied = request.getfixturevalue("studied" if study in GIVEN else "finished")
    folder = studied / "results/studies" / study
    summary = io.read_json(folder / "summary.json")
    assert summary["sentences"] and all(text.endswith(".") for text in summary["sentences"])
    page = (studied / "results/report.html").read_text(encoding="utf-8")
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
    assert not [rule for rule in off.jobs if rule.startswith("study_")]
    assert all(f"study_{name}" in on.jobs for name in GIVEN)


def test_linkages_of_planted_families_share_them(studied):
    rows = io.read_table(studied / "results/studies/linkages/linkages.csv")
    assert {row["linkage"] for row in rows} == {"average", "single", "complete", "weighted"}
    pairs = [row for row in rows if row["other"]]
    assert len(pairs) == 2 * 6 and all(int(row["shared_clades"]) >= 2 for row in pairs)
    text = io.read_text(Path(studied) / "results/studies/linkages/summary.json")
    assert "A0, A1, A2" in text


def test_no_artefact_is_found_where_none_is_planted(studied):
    folder = studied / "results/studies/artefacts"
    first = io.read_json(folder / "summary.json")["sentences"][0]
    assert first.startswith("heatmaps: no cell of 7 models is the peak more often than the other ")
    (row,) = io.read_table(folder / "repairs.csv")
    assert row["untested"] and not row["model"]
    cells = io.read_table(folder / "cells.csv")
    assert {row["model"] for row in cells} == {"A0", "A1", "A2", "B0", "B1", "C0", "C1", "centre"}


def test_grids_and_layers_of_gradcam_are_those_of_the_models(finished):
    rows = io.read_table(finished / "results/studies/gradcam_grids/grids.csv")
    known = {row["model"]: row for row in io.read_table(finished / "results/models.csv")}
    # A replicate has the grid of its original.
    assert [row["model"] for row in rows] == ["RegNet", "ResNet"]
    for row in rows:
        about = known[row["model"]]
        assert (row["layer"], row["native_grid"]) == (about["layer"], about["native_grid"])
        assert 0 <= float(row["lost_low"]) <= float(row["lost"]) < 0.2


def test_samples_of_kernelshap_are_run_as_often_as_the_config_says(finished):
    folder = finished / "results/studies/kernelshap_samples"
    runs = io.read_table(folder / "runs.csv")
    assert [int(row["samples"]) for row in runs] == [40] * 3 + [80] * 3
    assert all(float(row["seconds"]) > 0 for row in runs)
    assert io.read_json(folder / "summary.json")["sentences"][0].startswith("RegNet: ")
