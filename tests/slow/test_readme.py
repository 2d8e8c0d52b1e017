"""The first example of the README, to its report, with tiny networks in place of those whose
weights would be downloaded.
"""

import numpy as np
import pytest
from conftest import snakemake
from readme import PHOTOGRAPHS, readme_config, with_tiny_networks, write_photographs

from lookalike.core import io
from lookalike.maps import stacks


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The folder of the finished run."""
    directory = tmp_path_factory.mktemp("readme")
    write_photographs(directory / "photos")
    done = snakemake(directory, with_tiny_networks(readme_config()), cores=2, timeout=3600)
    assert done.code == 0, done.text
    return directory


def test_every_model_explains_every_photograph(run):
    for method in ("gradcam", "ig_abs"):
        for model in readme_config()["models"]:
            maps, card = stacks.read_batch(run / f"results/maps/{method}/{model}/batch_maps.npy")
            assert card["images"] == PHOTOGRAPHS and maps.shape == (48, 224, 224)
            assert np.isfinite(maps).all()


def test_groups_and_factors_of_seven_models_are_tested(run):
    structure = io.read_table(run / "results/inference/structure.csv")
    assert all(row["main_effects_p"] and not row["untested"] for row in structure)
    rows = io.read_table(run / "results/inference/factors.csv")
    for method in ("gradcam", "ig_abs"):
        for factor in ("family", "parameters"):
            own = [row for row in rows if (row["method"], row["factor"]) == (method, factor)]
            assert own and all(row["p"] for row in own if row["test"] != "partial_mantel")
    assert (run / "results/report.html").stat().st_size > 0
