"""Use as a module of another workflow: its rules under names of their own, its config given by the
other Snakefile, both run for real.
"""

import csv
import os
import re
import subprocess
import sys

import numpy as np
import pytest
import yaml
from conftest import ROOT, TIMEOUT

# The other workflow keeps the config of this one under a key, and goes on from its results.
SNAKEFILE = f"""
configfile: "config.yaml"


module lookalike:
    snakefile:
        "{ROOT / "Snakefile"}"
    config:
        config["lookalike"]


use rule * from lookalike as lookalike_*


rule copy_matrix:
    default_target: True
    input:
        matrix="results/matrices/heatmaps/cosine/all/dissimilarity.csv",
        report="results/report.html",
    output:
        "copied.csv",
    shell:
        "cp {{input.matrix}} {{output}}"
"""
MODELS = ("Cat", "Dog", "Fox")
IMAGES = 3


@pytest.fixture
def other_workflow(tmp_path):
    """Write a workflow that uses this one, with the maps of three models; return its folder and
    the maps.
    """
    maps = np.random.default_rng(0).random((len(MODELS), IMAGES, 8, 8)).astype(np.float32)
    for model, stack in zip(MODELS, maps, strict=True):
        (tmp_path / "maps" / model).mkdir(parents=True)
        for image, saliency in enumerate(stack):
            np.save(tmp_path / "maps" / model / f"image{image}.npy", saliency)
    config = {
        "models": {name: {"maps": f"maps/{name}"} for name in MODELS},
        "maps": {"size": 8},
        "metrics": ["cosine"],
        "inference": {"bootstrap": 20, "permutations": 19},
        "figures": {"panels": 0},
    }
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    (tmp_path / "config.yaml").write_text(yaml.safe_dump({"lookalike": config}))
    return tmp_path, maps


def run(folder, *flags):
    """Run the other workflow in its own folder; return what it printed."""
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "1", "--scheduler", "greedy", *flags],
        cwd=folder,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=TIMEOUT,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_another_workflow_takes_the_rules_and_goes_on_from_the_results(other_workflow):
    folder, maps = other_workflow
    planned = dict(re.findall(r"^(\w+) +(\d+)$", run(folder, "--dry-run"), re.M))
    assert planned["copy_matrix"] == "1"
    assert planned["lookalike_import_maps"] == planned["lookalike_compare_models"] == "3"
    assert planned["lookalike_write_report"] == "1"
    run(folder)
    assert (folder / "results/report.html").is_file()
    with (folder / "copied.csv").open(newline="") as file:
        (_, *names), *rows = csv.reader(file)
    assert tuple(names) == MODELS
    vectors = maps.reshape(len(MODELS), IMAGES, -1).astype(float)
    vectors /= np.linalg.norm(vectors, axis=2, keepdims=True)
    expected = (1 - np.einsum("aip,bip->abi", vectors, vectors)).mean(axis=2)
    found = np.array([row[1:] for row in rows], float)
    np.testing.assert_allclose(found, expected, atol=1e-7)
    assert "Nothing to be done" in run(folder, "--rerun-triggers", "mtime", "params", "input")
