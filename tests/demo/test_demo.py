"""What a finished `make demo` must show; run after it, on its results."""

from pathlib import Path

import numpy as np
import pytest

from lookalike.core import io
from lookalike.findings.models import summarise_localisation
from lookalike.findings.tables import read_table
from lookalike.maps import stacks

RESULTS = Path(__file__).parent.parent.parent / "results"
CONVOLUTIONAL = ("ResNet", "ResNet-b", "RegNet", "EfficientNet", "ConvNeXt", "MambaOut")
METHODS = ("gradcam", "ig", "ig_abs", "kernelshap")


@pytest.mark.parametrize("row", io.read_table(RESULTS / "models.csv"), ids=lambda row: row["model"])
def test_every_model_has_learnt(row):
    assert float(row["accuracy"]) >= (0.95 if row["model"] in CONVOLUTIONAL else 0.85)
    assert float(row["accuracy_before"]) < 0.4


@pytest.mark.parametrize("method", METHODS)
def test_maps_find_the_shape(method):
    table = summarise_localisation(read_table(RESULTS / f"localisation/{method}.csv"))
    for model in CONVOLUTIONAL:
        assert table[model]["clear"], model
        assert table[model]["mean"] > 1.5 * table["area"]["mean"], model
        assert table[model]["mean"] > 1.4 * table["centre"]["mean"], model


@pytest.mark.parametrize("model", CONVOLUTIONAL)
def test_integrated_gradients_are_complete(model):
    gaps = read_table(RESULTS / f"maps/ig/{model}/diagnostics.csv")["completeness_gap"]
    assert np.median(gaps) < 0.01
    assert np.mean(gaps) < 0.05


def test_the_replicate_is_clearly_nearer_than_the_mean_pair_for_gradcam():
    replicates = read_table(RESULTS / "inference/replicates.csv")
    rows = replicates[replicates["method"] == "gradcam"]
    assert len(rows)
    assert (rows["difference_high"] < 0).all()


def test_no_map_is_missing_or_not_finite():
    for path in (RESULTS / "maps").glob("*/*/batch_maps.npy"):
        maps, card = stacks.read_batch(path)
        assert len(card["images"]) == 30
        assert np.isfinite(maps).all(), path
