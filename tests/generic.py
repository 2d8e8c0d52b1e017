"""Runs through profiles/generic, by a scheduler on this machine that speaks LSF."""

import os

from conftest import ROOT, snakemake


def through_profile(folder, jobs=2):
    """Return the options of a run in a folder, where `jobs/` then holds what was submitted."""
    (folder / "jobs").mkdir(parents=True)
    return {
        "flags": [
            *("--workflow-profile", ROOT / "profiles/generic", "--jobs", str(jobs)),
            *("--seconds-between-status-checks", "1", "--latency-wait", "5"),
        ],
        "environment": {
            "JOBS": str(folder / "jobs"),
            "PATH": f"{ROOT / 'tests/lsf'}:{os.environ['PATH']}",
        },
    }


def submit(folder, config, *targets):
    """Run a config through the profile, and return the run and the arguments of all submissions."""
    run = snakemake(folder, config, *targets, **through_profile(folder))
    return run, [path.read_text() for path in (folder / "jobs").glob("*.arguments")]
