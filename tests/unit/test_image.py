"""The image of all environments: what it installs, checked by its text, since nothing here builds
it.
"""

import re
import subprocess
from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent.parent
TEXT = (ROOT / "Dockerfile").read_text()
ENVIRONMENTS = {path.name: yaml.safe_load(path.read_text()) for path in (ROOT / "envs").iterdir()}


def pins_of(environment):
    """Return what pip installs in an environment."""
    return environment["dependencies"][-1]["pip"]


def test_the_image_installs_every_pin_of_every_environment_and_nothing_else():
    command = re.search(r"^RUN (sed .*? \| sort -u)", TEXT, re.M)[1].replace("/opt/", "")
    listed = subprocess.run(
        ["sh", "-c", command], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    pins = {pin for environment in ENVIRONMENTS.values() for pin in pins_of(environment)}
    assert len(ENVIRONMENTS) == 3 and set(listed) == pins
    # One of each package, or the environments contradict one another.
    assert len({pin.partition("==")[0].lower() for pin in listed}) == len(listed)
    rules = "".join(path.read_text() for path in (ROOT / "rules").rglob("*.smk"))
    assert set(re.findall(r'"\.\./envs/(\S+)"', rules)) == ENVIRONMENTS.keys()


def test_python_and_pip_of_the_image_are_those_of_the_environments_and_do_not_float():
    (base,) = re.findall(r"^FROM (\S+)$", TEXT, re.M)
    version = re.fullmatch(r"python:(\d+\.\d+)\.\d+-slim-bookworm", base)[1]
    (pip,) = re.findall(r"pip install --no-cache-dir pip==(\S+)", TEXT)
    for environment in ENVIRONMENTS.values():
        assert environment["dependencies"][:2] == [f"python={version}", f"pip={pip}"]


def test_all_that_is_copied_is_there():
    assert re.findall(r"^COPY (\S+) ", TEXT, re.M) == ["envs"]
    assert len(re.findall(r"--requirement /opt/pins.txt", TEXT)) == 1
