"""Runs of existing maps elsewhere: through profiles/generic, by a scheduler on this machine that
speaks LSF.
"""

import os

import numpy as np
from conftest import ROOT, snakemake
from scipy.ndimage import gaussian_filter


def write_maps(folder, images=4):
    """Write maps of two models, and return a config of them."""
    rng = np.random.default_rng(0)
    for model in ("A", "B"):
        (folder / model).mkdir(parents=True)
        for number in range(images):
            saliency = gaussian_filter(rng.normal(size=(14, 14)), 2)
            np.save(folder / model / f"img{number}.npy", saliency)
    return {
        "models": {model: {"maps": {"heatmaps": model}} for model in ("A", "B")},
        "methods": {"heatmaps": {"sign": "absolute"}},
        "maps": {"size": 28},
        "metrics": ["mse", "emd"],
        "inference": {"bootstrap": 50},
        "figures": {"panels": 1},
    }


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
