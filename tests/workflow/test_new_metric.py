"""A new metric is one new file: the config, the docs and the contract tests find it by
themselves.
"""

import re
import subprocess
import sys

import numpy as np
import pytest
from conftest import snakemake, tiny_config

CHEBYSHEV = '''"""Chebyshev distance: the largest difference of a pixel."""

import numpy as np

from lookalike.core.registry import metric
from lookalike.metrics.preparation import flat


@metric(
    prepare=flat,
    range=(0, np.inf),
    raw=lambda d: d,
    raw_name="largest difference",
    formula="max |x - y|",
    triangle=True,
)
def chebyshev(x, y):
    """Return the largest absolute difference of pixels, for all pairs."""
    return np.stack([np.abs(one - y).max(axis=1) for one in x])
'''


@pytest.fixture
def dropped(checkout):
    """A checkout with one file more."""
    (checkout / "lookalike/metrics/chebyshev.py").write_text(CHEBYSHEV)
    return checkout


def contract_tests(checkout):
    """Run the contract tests that speak of the new metric; return the process and how many
    passed.
    """
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "-k",
        "chebyshev",
        "tests/unit/test_metrics.py",
    ]
    done = subprocess.run(command, cwd=checkout, text=True, capture_output=True, check=False)
    passed = re.search(r"(\d+) passed", done.stdout)
    return done, int(passed.group(1)) if passed else 0


def test_config_knows_a_dropped_metric(finished, copied, dropped):
    config = tiny_config() | {
        "metrics": ["chebyshev"],
        "methods": {"gradcam": {"explain": "gradcam"}},
    }
    path = "results/matrices/gradcam/chebyshev/all/dissimilarity.csv"
    run = snakemake(copied, config, path, root=dropped)
    assert run.code == 0, run.text
    assert run.jobs == {"compare_models": 3, "aggregate_matrix": 1}
    maps = [
        np.load(finished / f"results/maps/gradcam/{model}/batch_maps.npy")
        for model in ("RegNet", "ResNet")
    ]
    names, first, *_ = (copied / path).read_text().splitlines()
    assert names == ",RegNet,ResNet,ResNet-b"
    expected = np.abs(maps[0].astype(float) - maps[1]).max(axis=(1, 2)).mean()
    assert float(first.split(",")[2]) == pytest.approx(expected, abs=1e-12)


def test_docs_describe_a_dropped_metric(dropped):
    subprocess.run(
        [sys.executable, "docs/generate.py"], cwd=dropped, check=True, capture_output=True
    )
    page = (dropped / "docs/metrics.md").read_text()
    assert "## `chebyshev`" in page
    assert r"| formula | `max \|x - y\|` |" in page


def test_contract_tests_take_up_a_dropped_metric_and_hold_it_to_its_card(dropped):
    done, passed = contract_tests(dropped)
    assert done.returncode == 0, done.stdout
    assert passed >= 20
    path = dropped / "lookalike/metrics/chebyshev.py"
    path.write_text(CHEBYSHEV.replace("triangle=True", 'triangle=True, ignores=("offset",)'))
    done, _ = contract_tests(dropped)
    assert done.returncode == 1
    assert (
        "FAILED "
        "tests/unit/test_metrics.py::test_card_lists_what_the_metric_ignores_and_nothing_else[chebyshev-offset]"
    ) in done.stdout
