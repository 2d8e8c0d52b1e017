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


onstart:
    lookalike.onstart()
"""
MODELS = ("Cat", "Dog", "Fox")
IMAGES = 3
# As in profiles/default, which Snakemake finds next to the main Snakefile alone.
TRIGGERS = ("--rerun-triggers", "mtime", "params", "input")


@pytest.fixture
def other_workflow(tmp_path):
    """Write a workflow that uses this one, with the maps of three models; return its folder, the
    maps and this one's part of its config.
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
    return tmp_path, maps, config


def run(folder, *flags):
    """Run the other workflow in its own folder; return what it printed."""
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "snakemake",
            "--cores",
            "1",
            "--scheduler",
            "greedy",
            *TRIGGERS,
            *flags,
        ],
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


def planned(folder):
    """Return the number of planned jobs by rule."""
    return {rule: int(n) for rule, n in re.findall(r"^(\w+) +(\d+)$", run(folder, "-n"), re.M)}


def test_another_workflow_takes_the_rules_and_goes_on_from_the_results(other_workflow):
    folder, maps, config = other_workflow
    jobs = planned(folder)
    assert jobs["copy_matrix"] == jobs["lookalike_write_report"] == 1
    assert jobs["lookalike_import_maps"] == len(MODELS)
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
    # A new model computes its own pairs alone.
    (folder / "maps/Owl").mkdir()
    for image, saliency in enumerate(maps[0, :, ::-1]):
        np.save(folder / f"maps/Owl/image{image}.npy", saliency)
    assert not planned(folder)
    config["models"]["Owl"] = {"maps": "maps/Owl"}
    (folder / "config.yaml").write_text(yaml.safe_dump({"lookalike": config}))
    jobs = planned(folder)
    assert jobs["lookalike_import_maps"] == jobs["lookalike_compare_models"] == 1
