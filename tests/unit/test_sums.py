"""Sums: what was changed after a job wrote it is noticed, and nothing else is."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lookalike.core import io, sums
from lookalike.core.errors import InputError

TABLE, FOLDER = "results/models.csv", "results/maps/ig/A b/per_image"
NAMES = ["a.npy", "it's.npy", "é ü.npy", "back\\slash.npy", "line\nbreak.npy", "sub/b.npy"]


@pytest.fixture
def written(tmp_path, monkeypatch):
    """A file and a folder of files, whose sums are recorded."""
    monkeypatch.chdir(tmp_path)
    io.write_text(TABLE, "model,family\nA,cnn\n")
    for number, name in enumerate([*NAMES, ".snakemake_timestamp"]):
        io.write_text(f"{FOLDER}/{name}", f"{number}" * 99)
    sums.record([TABLE, FOLDER])
    return tmp_path


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def truncate(path):
    path.write_bytes(path.read_bytes()[:-1])


DAMAGES = [flip, truncate, os.unlink]


def test_what_is_as_it_was_written_passes(written):
    assert set(sums.known(TABLE)) == {TABLE} and len(sums.known(FOLDER)) == len(NAMES)
    sums.check([TABLE, FOLDER])
    (written / TABLE).touch()
    shutil.copytree(written / "results", written / "copy/results", copy_function=shutil.copyfile)
    os.chdir(written / "copy")
    flip(written / TABLE)
    sums.check([TABLE, FOLDER])


def test_sha256sum_reads_the_sums(written):
    command = "find results/sums -type f -exec cat {} + | sha256sum --check --quiet"
    assert not subprocess.run(command, shell=True, check=True, capture_output=True).stdout
    listed = sum(len(path.read_text().splitlines()) for path in written.rglob("*.sha256"))
    assert listed == 1 + len(NAMES)
    flip(written / TABLE)
    done = subprocess.run(command, shell=True, check=False, capture_output=True, text=True)
    assert done.returncode and done.stdout == f"{TABLE}: FAILED\n"


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
@pytest.mark.parametrize("name", NAMES)
def test_a_damaged_file_of_a_folder_is_named_and_the_line_removes_the_folder(name, damage, written):
    damage(written / FOLDER / name)
    with pytest.raises(InputError) as error:
        sums.check([TABLE, FOLDER])
    text = str(error.value)
    assert text.startswith(str(InputError(f"{FOLDER}/{name}: ")))
    assert sums.has_lost_files(FOLDER) == (damage is os.unlink)
    subprocess.run(text.split("`")[1], shell=True, check=True)
    assert not (written / FOLDER).exists() and (written / TABLE).exists()
    assert not sums.has_lost_files(FOLDER)


@pytest.mark.parametrize("damage", [flip, truncate])
def test_a_damaged_file_is_named_with_the_line_that_removes_it(damage, written):
    damage(written / TABLE)
    with pytest.raises(InputError) as error:
        sums.check([FOLDER, TABLE])
    assert str(error.value) == (
        f"{TABLE}: differs from what was written (SHA-256); to make it again, run `rm {TABLE}` and "
        "then the same command"
    )


def test_what_has_no_sums_is_not_checked(written):
    flip(written / TABLE)
    # Whole paths, and copies of what lies in a storage, may be changed by other machines.
    storage = written / ".snakemake/storage/fs" / TABLE
    io.write_text(storage, "other")
    sums.check([written / TABLE, storage.relative_to(written), "results/other.csv", "maps/A"])
    assert sums.place_of(written / TABLE) is None
    sums.forget([TABLE])
    assert sums.known(TABLE) == {}
    sums.check([TABLE])
    # A machine that lost power may leave an empty file, or a part.
    place = sums.place_of(TABLE)
    for left in ("", "0" * 64, "0" * 63 + f"  {TABLE}\n"):
        io.write_text(place, left)
        sums.check([TABLE])


def test_each_folder_of_results_has_its_own_sums():
    for path, place in (
        ("results/maps/A", "results/sums/maps/A.sha256"),
        ("second/models.csv", "second/sums/models.csv.sha256"),
        ("data/imagenette", "data/sums/imagenette.sha256"),
    ):
        assert sums.place_of(path) == Path(place)
    for path in ("models.csv", "../results/models.csv", ".snakemake/storage/a", "/results/a"):
        assert sums.place_of(path) is None


def test_what_is_written_again_has_new_sums(written):
    before = sums.known(TABLE)
    io.write_text(TABLE, "model,family\nA,vit\n")
    sums.record([TABLE])
    assert sums.known(TABLE) == {TABLE: io.hash_file(TABLE)} != before
    sums.check([TABLE])


ROOT = Path(__file__).parents[2]
JOB = """
import os, sys
from snakemake.iocontainers import InputFiles, OutputFiles
from types import SimpleNamespace
from lookalike.core import io, jobs
snakemake = SimpleNamespace(
    log=["log"], input=InputFiles(fromdict={"table": "results/models.csv"}),
    output=OutputFiles(fromdict={"a": "results/a.txt"}),
)
jobs.begin(snakemake)
io.write_text(snakemake.output.a, "new")
exec(sys.argv[1])
"""


def run_job(end):
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run([sys.executable, "-c", JOB, end], env=environment, check=False).returncode


@pytest.mark.parametrize(
    ("end", "code", "recorded"),
    [("pass", 0, True), ("1 / 0", 1, False), ("os.kill(os.getpid(), 9)", -9, False)],
)
def test_only_a_job_that_ends_well_records_its_sums(end, code, recorded, written):
    io.write_text("results/a.txt", "old")
    sums.record(["results/a.txt"])
    assert run_job(end) == code
    assert sums.place_of("results/a.txt").exists() == recorded
    sums.check(["results/a.txt"])


def test_a_job_does_not_begin_with_a_damaged_input(written):
    flip(written / TABLE)
    assert run_job("") == 1
    assert (written / "log").read_text().startswith(f"error: {TABLE}: differs from what was")
    assert not (written / "results/a.txt").exists()
