"""Runs that are killed end as one that was not, 20 times for each signal."""

import random
import signal
import subprocess
import sys
import time

import kills
import pytest
from conftest import ROOT, snakemake, tiny_config

# In one run after the other, so that later stages are met as well.
KILLS, CHAINS = 5, 4


def small_config():
    """Return a config that goes through most stages in less than a minute."""
    config = tiny_config()
    del config["models"]["ResNet-b"]
    return config | {
        "metrics": ["cosine"],
        "subsets": ["all"],
        "methods": {"gradcam": {"explain": "gradcam"}, "noise": {"explain": "random"}},
    }


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    folder = tmp_path_factory.mktemp("uninterrupted")
    done = snakemake(folder, small_config(), cores=2)
    assert done.code == 0, done.text
    return kills.contents(folder / "results")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("seed", range(CHAINS))
def test_a_run_that_is_killed_ends_as_one_that_is_not(number, seed, expected, tmp_path):
    numbers = [number] * KILLS
    found = kills.interrupted(tmp_path, small_config(), numbers=numbers, seed=seed, within=120)
    assert found == KILLS
    found = kills.contents(tmp_path / "results")
    assert found.keys() == expected.keys()
    assert [path for path, content in found.items() if content != expected[path]] == []


# Many short jobs, so that the signal meets the scheduler at work.
SHORT_JOBS = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from lookalike.workflow.owners import claim
OWNER = claim(".snakemake", "results")
onstart:
    OWNER.start(elsewhere=False)
rule all:
    input: expand("{{n}}.txt", n=range(300))
rule one:
    output: "{{n}}.txt"
    shell: "echo > {{output}}"
"""


@pytest.mark.parametrize("seed", range(20))
def test_sigterm_ends_a_run_of_many_short_jobs(seed, tmp_path):
    (tmp_path / "Snakefile").write_text(SHORT_JOBS)
    command = [sys.executable, "-m", "snakemake", "--cores", "4", "--scheduler", "greedy"]
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=tmp_path, stderr=log)
    try:
        while not any(tmp_path.glob("*.txt")):
            assert process.poll() is None, (tmp_path / "log").read_text()
            time.sleep(0.01)
        time.sleep(random.Random(seed).uniform(0, 1))
        process.terminate()
        process.wait(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 1
    assert kills.processes_in(tmp_path) == []
