"""Runs that are killed end as one that was not, 20 times for each signal."""

import signal

import kills
import pytest
from conftest import snakemake, tiny_config

# In one run after the other, so that later stages are met as well.
KILLS, CHAINS = 5, 4


def small_config():
    """Return a config that goes through most stages in less than a minute."""
    config = tiny_config()
    del config["models"]["ResNet-b"]
    return config | {
        "metrics": ["cosine"],
        "subsets": ["all"],
        "methods": {"gradcam": {"explain": "gradcam"}, "noise": {"explain": "random"}},
    }


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    folder = tmp_path_factory.mktemp("uninterrupted")
    done = snakemake(folder, small_config(), cores=2)
    assert done.code == 0, done.text
    return kills.contents(folder / "results")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("seed", range(CHAINS))
def test_a_run_that_is_killed_ends_as_one_that_is_not(number, seed, expected, tmp_path):
    kills.interrupted(tmp_path, small_config(), numbers=[number] * KILLS, seed=seed)
    found = kills.contents(tmp_path / "results")
    assert found.keys() == expected.keys()
    assert [path for path, content in found.items() if content != expected[path]] == []
