"""How many jobs and files there are for few and for many models, by a dry run."""

import subprocess

import numpy as np
import pytest
from conftest import invocation

from lookalike.plots.titles import MANY


@pytest.mark.parametrize("models, blocks", [(12, 2), (45, 5)])
def test_jobs_and_files_grow_with_models_as_said(tmp_path, models, blocks):
    for number in range(models):
        path = tmp_path / "maps" / f"M{number:03}" / "batch_maps.npy"
        path.parent.mkdir(parents=True)
        np.save(path, np.random.default_rng(number).random((4, 6, 6), np.float32))
    given = {path.name: {"maps": str(path)} for path in (tmp_path / "maps").iterdir()}
    config = {"models": given, "maps": {"size": 6}, "metrics": ["cosine", "mse"]}
    done = subprocess.run(**invocation(tmp_path / "run", config, flags=["--dry-run"]), check=False)
    assert done.returncode == 0, done.stdout
    outputs = {
        path.strip()
        for line in done.stdout.splitlines()
        if line.startswith("    output: ")
        for path in line.removeprefix("    output: ").split(", ")
    }
    jobs = int(done.stdout.split("\ntotal")[1].split()[0])
    pairs = blocks * (blocks + 1) // 2
    # Besides those of blocks and models: what is done once, or once a metric.
    of_models = blocks if models > MANY else 3 * models
    assert jobs - of_models - 2 * pairs == 26
    own = [path for path in outputs if "/M000/" in path or path.endswith("M000.json")]
    assert len(own) <= 4
    assert not any("per_image" in path for path in outputs) or models <= MANY
