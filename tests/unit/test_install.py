"""What `pip install .` gives: the package alone, its metadata, and metrics that need no torch."""

import email
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import lookalike

ROOT = Path(__file__).parent.parent.parent
HEAVY = ("torch", "torchvision", "timm", "captum", "matplotlib", "snakemake")
USE = """
import sys
import numpy as np
import lookalike
x = np.array([[[1.0, 0.0], [0.0, 0.0]]])
y = np.array([[[0.0, 3.0], [0.0, 0.0]], [[2.0, 0.0], [0.0, 0.0]]])
assert lookalike.__file__.startswith(sys.argv[1]), lookalike.__file__
assert lookalike.cosine(x, y).tolist() == [[1.0, 0.0]]
assert lookalike.__version__ == sys.argv[2]
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Build the wheel from a copy, since a build leaves files behind."""
    source = tmp_path_factory.mktemp("source")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    ignored = shutil.ignore_patterns("__pycache__")
    for name in ("lookalike", "rules", "scripts", "schemas", "tests"):
        shutil.copytree(ROOT / name, source / name, ignore=ignored)
    pip("wheel", "--no-build-isolation", "--wheel-dir", source / "dist", source)
    (path,) = (source / "dist").glob("*.whl")
    return path


def pip(command, *arguments):
    """Run pip without a look at any registry."""
    flags = ["--quiet", "--no-deps", "--no-index", "--disable-pip-version-check"]
    done = subprocess.run(
        [sys.executable, "-m", "pip", command, *flags, *arguments],
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def metadata_of(wheel):
    """Return the wheel's metadata."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return email.message_from_bytes(archive.read(name))


def test_the_wheel_holds_every_module_of_the_package_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    modules = {str(path.relative_to(ROOT)) for path in (ROOT / "lookalike").rglob("*.py")}
    pages = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "lookalike/report/template").rglob("*")
        if path.is_file()
    }
    assert held == modules | pages


def test_the_metadata_name_the_version_the_pythons_and_the_extras(wheel):
    metadata = metadata_of(wheel)
    assert metadata["Name"] == "lookalike"
    assert metadata["Version"] == lookalike.__version__
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["License-Expression"] == "MIT"
    assert set(metadata.get_all("Provides-Extra")) == {"explain", "plots", "report", "workflow"}
    needed = [line for line in metadata.get_all("Requires-Dist") if "extra ==" not in line]
    assert not [line for line in needed if line.lower().startswith(HEAVY)]


def test_the_installed_package_compares_maps_from_any_folder(wheel, tmp_path):
    pip("install", "--target", tmp_path / "site", wheel)
    for name in HEAVY:
        (tmp_path / "site" / f"{name}.py").write_text(f"raise ImportError('no {name} here')\n")
    (tmp_path / "elsewhere").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", USE, tmp_path / "site", lookalike.__version__],
        cwd=tmp_path / "elsewhere",
        env={"PYTHONPATH": str(tmp_path / "site")},
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_version_is_that_of_the_changelog_and_the_citation():
    version = lookalike.__version__
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"\n## [{version}]" in changelog
    assert f'\nversion: "{version}"\n' in (ROOT / "CITATION.cff").read_text(encoding="utf-8")


def test_every_dependency_is_pinned_for_the_workflow():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    named = {name_of(line) for group in groups for line in group} - {"lookalike"}
    pinned = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert named <= {name_of(line) for line in pinned if "==" in line}


def name_of(requirement):
    """Return the package of a requirement in lower case."""
    return requirement.replace("[", ">=").split(">=")[0].split("==")[0].lower()
