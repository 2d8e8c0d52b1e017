"""What the Python that runs Snakemake needs, where jobs have environments of their own."""

import re
import subprocess
from importlib.metadata import PackageNotFoundError, distribution

import pytest
from conftest import Run, invocation
from packaging.requirements import Requirement
from test_given import CONFIG, write_models


def needed(*names):
    """Return the distributions that some need, with all that these need in turn."""
    found, pending = {}, list(names)
    while pending:
        name = re.sub(r"[-_.]+", "-", pending.pop()).lower()
        if name in found:
            continue
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:
            # Of another platform.
            continue
        for text in found[name].requires or []:
            wanted = Requirement(text)
            if wanted.marker is None or wanted.marker.evaluate({"extra": ""}):
                pending.append(wanted.name)
    return found.values()


@pytest.fixture
def bare(tmp_path):
    """Run Snakemake dry where nothing is installed but it and some packages."""

    def run(*packages):
        site = tmp_path / "site"
        site.mkdir(exist_ok=True)
        for one in needed("snakemake", *packages):
            for top in {file.parts[0] for file in one.files} - {"..", "__pycache__"}:
                if not (site / top).exists():
                    (site / top).symlink_to(one.locate_file(top))
        asked = invocation(
            tmp_path / "run", CONFIG, flags=["-n"], environment={"PYTHONPATH": str(site)}
        )
        asked["args"].insert(1, "-S")
        done = subprocess.run(**asked, timeout=300, check=False)
        return Run(done.returncode, done.stdout)

    return run


def test_snakemake_needs_numpy_and_says_so(bare, tmp_path):
    write_models(tmp_path / "run", images=4)
    without = bare()
    assert without.code != 0 and "Traceback" not in without.text
    assert "the Python that runs Snakemake has no package 'numpy'" in without.text
    assert bare("numpy").jobs["compare_models"] > 1


def test_an_image_that_is_not_built_is_named(tmp_path):
    write_models(tmp_path, images=4)
    asked = invocation(tmp_path, CONFIG, flags=["-n", "--sdm", "apptainer"])
    done = subprocess.run(**asked, timeout=300, check=False)
    assert done.returncode != 0 and "Traceback" not in done.stdout
    assert re.search(r"/lookalike\.sif: there is no such image; build it", done.stdout)
