"""What happens to runs: they are killed, and started again."""

import os
import signal
import subprocess

import kills
from conftest import invocation, snakemake, tiny_config

MANIFEST = "results/images/manifest.csv"
MAPS = ["results/maps/gradcam/ResNet/batch_maps.npy", "results/maps/noise/ResNet/batch_maps.npy"]


def test_after_a_kill_the_same_command_goes_on_but_not_while_the_first_lives(tmp_path):
    first = subprocess.Popen(
        **invocation(tmp_path, tiny_config(), MANIFEST), start_new_session=True
    )
    # The first job runs, and then waits.
    assert any("rule draw_demo_images" in line for line in first.stdout)
    os.killpg(first.pid, signal.SIGSTOP)
    try:
        second = snakemake(tmp_path, tiny_config(), MANIFEST)
    finally:
        os.killpg(first.pid, signal.SIGKILL)
        first.communicate(timeout=60)
    assert second.code != 0 and second.error.startswith("another Snakemake works in this folder")
    assert "Traceback" not in second.text and "cannot be locked" not in second.text
    assert any((tmp_path / ".snakemake" / "locks").iterdir())
    assert not (tmp_path / MANIFEST).exists()
    third = snakemake(tmp_path, tiny_config(), MANIFEST)
    assert third.code == 0, third.text
    assert "was killed; its lock is removed" in third.text
    assert (tmp_path / MANIFEST).exists()
    assert not any((tmp_path / ".snakemake" / "owners").iterdir())


def test_a_run_that_is_killed_again_and_again_ends_as_one_that_is_not(finished, tmp_path):
    numbers = [signal.SIGTERM, signal.SIGKILL, signal.SIGINT]
    done = kills.interrupted(tmp_path, tiny_config(), *MAPS, numbers=numbers, seed=0, within=70)
    assert done == 3
    found, expected = (kills.contents(folder / "results") for folder in (tmp_path, finished))
    assert [path for path, content in found.items() if content != expected.get(path)] == []
