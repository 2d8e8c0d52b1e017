"""Writing: whole files or none, and one line where the disk takes no more."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from disks import small_disk
from matplotlib.figure import Figure

from lookalike.core import io
from lookalike.core.errors import InputError
from lookalike.core.replacing import check_folder, replacing
from lookalike.maps import stacks
from lookalike.models.weights import write_weights
from lookalike.plots import style

LARGE = np.random.default_rng(0).random((400, 400))
CARD = {"images": list(range(400)), "shape": [400, 20, 20]}
WRITERS = {
    "a.txt": lambda path: io.write_text(path, "a" * 10**6),
    "a.csv": lambda path: io.write_matrix(path, LARGE, [f"m{place}" for place in range(400)]),
    "a.npz": lambda path: io.write_arrays(path, values=LARGE),
    "a.npy": lambda path: io.write_map(path, LARGE),
    "batch_maps.npy": lambda path: stacks.write_batch(path, LARGE.reshape(-1, 20, 20), CARD),
    "a.png": lambda path: io.write_image(path, (255 * LARGE).astype(np.uint8)),
    "a.safetensors": lambda path: write_weights(path, {"w": torch.tensor(LARGE)}),
    "a.svg": lambda path: style.save(drawn(), [path]),
}


def drawn():
    figure = Figure()
    figure.subplots().plot(LARGE)
    return figure


@pytest.fixture
def disk(tmp_path):
    with small_disk(tmp_path / "disk", 100) as close:
        yield tmp_path / "disk", close


@pytest.mark.parametrize("name", WRITERS)
def test_a_full_disk_is_told_in_one_line_and_nothing_is_left(name, disk):
    folder, _ = disk
    old = folder / "results" / name
    old.parent.mkdir()
    old.write_text("old")
    with pytest.raises(InputError, match=rf"{name}: cannot be written: the disk is full") as error:
        WRITERS[name](old)
    assert len(str(error.value).splitlines()) == 1
    assert [path.name for path in old.parent.iterdir()] == [name] and old.read_text() == "old"


def test_a_read_only_disk_is_told_in_one_line(disk):
    folder, close = disk
    check_folder(folder)
    close()
    for write in (lambda: check_folder(folder), lambda: io.write_text(folder / "a/b.txt", "a")):
        with pytest.raises(InputError, match=r"cannot be written: the disk is read-only; work in"):
            write()


def test_a_limit_of_the_size_of_files_is_told_in_one_line(tmp_path):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
    try:
        with pytest.raises(
            InputError, match=r"a.txt: cannot be written: files may not be so large"
        ):
            io.write_text(tmp_path / "a.txt", "a" * 10**6)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not list(tmp_path.iterdir())


def test_other_errors_stay_what_they_are(tmp_path):
    with pytest.raises(ZeroDivisionError), replacing(tmp_path / "a.txt"):
        raise ZeroDivisionError
    assert not list(tmp_path.iterdir())


JOB = """
from lookalike.core import io, logs
logs.log_to("log")
print("x" * 10**6) if {full} else None
io.write_text("a.txt", "a" * 10**6)
"""


@pytest.mark.parametrize("full", [False, True])
def test_a_job_on_a_full_disk_says_so_in_its_log_or_where_it_printed_before(full, disk):
    folder, _ = disk
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "-c", JOB.format(full=full)],
        **{"cwd": folder, "env": environment, "stderr": subprocess.PIPE, "text": True},
        check=False,
    )
    text = done.stderr + (folder / "log").read_text().lstrip("x")
    assert done.returncode == 1
    assert text.startswith("error: ") and ": cannot be written: the disk is full" in text
    assert len(text.splitlines()) == 1 and bool(done.stderr) == full
