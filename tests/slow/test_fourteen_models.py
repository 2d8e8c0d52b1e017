"""The headline experiment at full size, except for its images, epochs and downloads. It takes up to
half an hour, so it runs apart from the suite.
"""

from pathlib import Path

import numpy as np
import pytest
import yaml
from conftest import snakemake

from lookalike.core import io
from lookalike.maps import stacks

EXAMPLE = Path(__file__).parents[2] / "examples/imagenette_14_models.yaml"
TRANSFORMERS_ON_14 = {"DeiT_S", "DeiT_T"}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The folder of a run with random weights on two drawn images."""
    config = yaml.safe_load(EXAMPLE.read_text())
    config["images"] |= {"source": "demo", "n": 2, "demo": {"train": 5, "val": 5}}
    config["models"] = {
        name: recipe | {"finetune": False, "pretrained": False}
        for name, recipe in config["models"].items()
    }
    directory = tmp_path_factory.mktemp("fourteen")
    done = snakemake(directory, config, cores=2, timeout=7200)
    assert done.code == 0, done.text
    print(directory)
    return directory


def test_every_model_has_maps_of_its_native_grid_by_every_method(run):
    rows = io.read_table(run / "results/models.csv")
    assert len(rows) == 14
    for row in rows:
        assert row["native_grid"] == ("14x14" if row["model"] in TRANSFORMERS_ON_14 else "7x7"), (
            row["model"]
        )
        for method in ("gradcam", "ig", "ig_abs", "kernelshap"):
            maps, card = stacks.read_batch(
                run / f"results/maps/{method}/{row['model']}/batch_maps.npy"
            )
            assert maps.shape == (2, 224, 224)
            assert all(np.ptp(saliency) > 0 for saliency in maps), (method, row["model"])
            if method == "gradcam":
                assert "x".join(map(str, card["native_shape"])) == row["native_grid"]


def test_all_matrices_are_complete_and_all_figures_drawn(run):
    for method in ("gradcam", "ig", "ig_abs", "kernelshap"):
        for metric in ("cosine", "rbf", "ssim"):
            matrix, names = io.read_matrix(
                run / f"results/matrices/{method}/{metric}/all/dissimilarity.csv"
            )
            assert len(names) == 14
            assert np.isfinite(matrix).all()
            figures = run / f"results/figures/{method}/{metric}/all"
            assert {path.suffix for path in figures.iterdir()} == {".svg", ".png"}
            assert len(list(figures.iterdir())) == 2 * (4 + 4)
    assert (run / "results/report.html").stat().st_size > 1e6


def test_nothing_is_left_to_do(run):
    assert (
        "Nothing to be done"
        in snakemake(run, yaml.safe_load((run / "given.yaml").read_text())).text
    )
