"""Where compiled loops are kept, if neither the checkout nor the home can be written to."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import lookalike
from lookalike.core import compiling

CALL = """
import numpy as np
from lookalike.groups.louvain_loops import renumber
print(renumber(np.array([3, 3, 1, 0])))
"""


@pytest.fixture
def read_only(tmp_path):
    """The environment of a process whose package and home cannot be written to, whoever runs it."""
    package = tmp_path / "checkout" / "lookalike"
    shutil.copytree(
        Path(lookalike.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__")
    )
    (package / "groups" / "__pycache__").touch()
    environment = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
    return environment | {
        "PYTHONPATH": str(package.parent),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": os.devnull,
        "XDG_CACHE_HOME": os.devnull,
        "TMPDIR": str(tmp_path),
    }


def test_all_compiled_loops_are_kept_in_the_same_way():
    package = Path(lookalike.__file__).parent
    found = {path.name for path in package.rglob("*.py") if "njit" in path.read_text()}
    assert found == {"compiling.py"}


def test_a_read_only_checkout_and_home_compile_into_the_run(read_only, tmp_path):
    home = tmp_path / "run"
    (home / ".snakemake").mkdir(parents=True)
    done = subprocess.run(
        [sys.executable, "-c", CALL],
        cwd=home,
        env=read_only,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "3\n", done.stderr
    assert len(list((home / ".snakemake").rglob("*renumber*.nbi"))) == 1
    assert {path.name for path in tmp_path.iterdir()} == {"checkout", "run"}


def test_without_a_run_compiled_code_is_kept_where_nobody_else_writes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = Path(compiling.place_of_code())
    assert folder.stat().st_mode & 0o777 == 0o700 and folder.stat().st_uid == os.getuid()
