"""Whole runs through profiles/generic: equal to those on one machine; failed and ended ones."""

import os
import signal
import subprocess
import time

import numpy as np
import pytest
from conftest import invocation, snakemake
from generic import submit, through_profile, write_maps

pytest.importorskip("snakemake_executor_plugin_cluster_generic")


def test_results_are_those_of_one_machine_to_the_bit(tmp_path):
    config = write_maps(tmp_path / "here")
    write_maps(tmp_path / "there")
    here = snakemake(tmp_path / "here", config)
    there, submissions = submit(tmp_path / "there", config)
    assert here.code == there.code == 0, there.text
    assert submissions
    kinds = (".csv", ".npy", ".npz", ".nwk")
    results = [path for path in (tmp_path / "here/results").rglob("*") if path.suffix in kinds]
    assert len(results) > 30
    for path in results:
        other = tmp_path / "there" / path.relative_to(tmp_path / "here")
        assert path.read_bytes() == other.read_bytes(), path


def test_a_failed_job_is_tried_again_and_its_error_shown(tmp_path):
    config = write_maps(tmp_path)
    np.save(tmp_path / "A/img1.npy", np.full((14, 14), np.nan))
    run, submissions = submit(tmp_path, config, "results/maps/heatmaps/A/per_image")
    assert run.code != 0
    assert sum("import_maps" in arguments for arguments in submissions) > 1
    assert "values are not finite" in run.text


def test_a_run_that_is_interrupted_cancels_what_it_submitted(tmp_path):
    config = write_maps(tmp_path)
    head = subprocess.Popen(**invocation(tmp_path, config, **through_profile(tmp_path)))
    process = tmp_path / "jobs/1.process"
    while not process.exists() or not process.read_text():
        assert head.poll() is None
        time.sleep(0.1)
    head.send_signal(signal.SIGINT)
    head.communicate(timeout=60)
    assert (tmp_path / "jobs/1.status").read_text() == "143\n"
    time.sleep(1)
    with pytest.raises(ProcessLookupError):
        os.killpg(int(process.read_text()), 0)
