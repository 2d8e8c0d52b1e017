"""The table of models."""

import numpy as np

from lookalike.models.tables import measure_maps, measure_model, tabulate_models

ABOUT = {"timm": None, "family": "CNN", "replicate_of": None, "pruned_from": None}
SIDECAR = {
    "parameters": 12,
    "features": 32,
    "classes": ["cat", "dog"],
    "accuracy": {"before": 0.5, "after": 1.0},
}
PREDICTIONS = {
    "classes": np.array(["cat", "dog"]),
    "predicted": np.array([0, 1, 1, 0]),
    "labels": np.array(["cat", "dog", "cat", "cat"]),
}
LAYER = {"layer": "stages.3", "channels": 32, "grid": [7, 7]}


def test_factors_become_columns_and_unknown_cells_stay_empty():
    models = {"a": ABOUT | {"factors": {"depth": 50}}, "b": ABOUT | {"factors": {"data": "in21k"}}}
    first, second = tabulate_models(
        models,
        {
            "a": measure_model(SIDECAR, PREDICTIONS, LAYER),
            "b": measure_maps({"native_shape": [14, 7]}),
        },
    )
    assert list(first) == list(second)
    assert (first["depth"], first["data"], second["depth"], second["data"]) == (
        50,
        None,
        None,
        "in21k",
    )
    assert (first["native_grid"], first["layer"], first["channels"], first["features"]) == (
        "7x7",
        "stages.3",
        32,
        32,
    )
    assert (second["native_grid"], second["parameters"], second["accuracy"]) == ("14x7", None, None)


def test_accuracy_on_the_explained_images_wants_their_classes():
    assert measure_model(SIDECAR, PREDICTIONS, LAYER)["explained_accuracy"] == 0.75
    foreign = PREDICTIONS | {"labels": np.array(["cat", "dog", "fox", "cat"])}
    assert measure_model(SIDECAR, foreign, LAYER)["explained_accuracy"] is None


def test_maps_of_mixed_sizes_have_no_native_grid():
    assert measure_maps({"native_shape": None}) == {"native_grid": None}
