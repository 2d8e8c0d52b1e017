"""What happens to runs: they are killed, and started again."""

import os
import signal
import subprocess

from conftest import invocation, snakemake, tiny_config

MANIFEST = "results/images/manifest.csv"


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
    assert second.code != 0 and "cannot be locked" in second.text
    assert any((tmp_path / ".snakemake" / "locks").iterdir())
    assert not (tmp_path / MANIFEST).exists()
    third = snakemake(tmp_path, tiny_config(), MANIFEST)
    assert third.code == 0, third.text
    assert "was killed; its lock is removed" in third.text
    assert (tmp_path / MANIFEST).exists()
    assert not any((tmp_path / ".snakemake" / "owners").iterdir())
