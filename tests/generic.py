"""Runs through profiles/generic, by a scheduler on this machine that speaks LSF."""

import os

from conftest import ROOT, snakemake


def submit(folder, config, *targets, jobs=2):
    """Run a config through the profile, and return the run and the arguments of all submissions."""
    (folder / "jobs").mkdir(parents=True)
    run = snakemake(
        folder,
        config,
        *targets,
        flags=[
            *("--workflow-profile", ROOT / "profiles/generic", "--jobs", str(jobs)),
            *("--seconds-between-status-checks", "1", "--latency-wait", "5"),
        ],
        environment={
            "JOBS": str(folder / "jobs"),
            "PATH": f"{ROOT / 'tests/lsf'}:{os.environ['PATH']}",
        },
    )
    return run, [path.read_text() for path in (folder / "jobs").glob("*.arguments")]
