"""The table of models: what the config says about them, and what was measured."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lookalike.core.errors import near_names
from lookalike.core.types import Row

if TYPE_CHECKING:
    import numpy as np

GIVEN = ("model", "timm", "family", "replicate_of", "pruned_from")
MEASURED = (
    "parameters",
    "features",
    "layer",
    "channels",
    "native_grid",
    "classes",
    "accuracy_before",
    "accuracy",
    "explained_accuracy",
)
COLUMNS = GIVEN + MEASURED


def tabulate_models(
    models: dict[str, dict[str, Any]], measured: dict[str, dict[str, Any]]
) -> list[Row]:
    """Return the rows of `models.csv`.

    Parameters
    ----------
    models : dict
        By name, `timm`, `family`, `replicate_of`, `pruned_from` and `factors` of the config; each
        factor becomes a column.
    measured : dict
        By name, what `measure_model` or `measure_maps` returned; nothing of a model that only
        user-supplied matrices hold.

    Returns
    -------
    list of dict
        None where a value is not known.
    """
    factors = dict.fromkeys(factor for about in models.values() for factor in about["factors"])
    rows = []
    for name, about in models.items():
        given = (
            {"model": name}
            | {key: about[key] for key in GIVEN[1:]}
            | {factor: about["factors"].get(factor) for factor in factors}
        )
        rows.append(given | dict.fromkeys(MEASURED) | measured.get(name, {}))
    return rows


def choose_layer(model: str, described: dict[str, Any], layer: str | None = None) -> dict[str, Any]:
    """Return what was measured on the target layer of a model.

    Parameters
    ----------
    model : str
        Its name.
    described : dict
        As `describe_layers` returns it.
    layer : str, optional
        Name that the config gives; by default the target layer is taken.

    Returns
    -------
    dict
        `layer`, `channels` and `grid`; None where nothing was measured. For a layer that the config
        names, the reason is then printed.
    """
    name = layer or described["target"]
    if name in described["layers"]:
        return {"layer": name} | described["layers"][name]
    if layer:
        print(
            f"{model}: layer {layer!r} does not exist, does not run exactly once, or its output "
            f"lies on no grid{near_names(layer, described['layers'])}"
        )
    return {"layer": None, "channels": None, "grid": None}


def measure_model(
    sidecar: dict[str, Any], predictions: "dict[str, np.ndarray]", layer: dict[str, Any]
) -> dict[str, Any]:
    """Return what was measured on a model that runs here.

    Parameters
    ----------
    sidecar : dict
        Of the checkpoint.
    predictions : dict of ndarray
        On the explained images.
    layer : dict
        `layer`, `channels` and `grid` of its target layer, as `choose_layer` returns them.

    Returns
    -------
    dict
        Accuracies are on the validation split, `explained_accuracy` on the explained images; None
        where not known.
    """
    accuracy = sidecar["accuracy"] or {"before": None, "after": None}
    hits = predictions["classes"][predictions["predicted"]] == predictions["labels"]
    knows_labels = set(predictions["labels"].tolist()) <= set(predictions["classes"].tolist())
    return {
        "parameters": sidecar["parameters"],
        # A head may read more than the backbone's last features.
        "features": sidecar["head"]["n_features"] if "head" in sidecar else sidecar["features"],
        "layer": layer["layer"],
        "channels": layer["channels"],
        "native_grid": grid_text(layer["grid"]),
        "classes": None if "head" in sidecar else len(sidecar["classes"]),
        "accuracy_before": accuracy["before"],
        "accuracy": accuracy["after"],
        "explained_accuracy": float(hits.mean()) if knows_labels else None,
    }


def measure_maps(card: dict[str, Any]) -> dict[str, Any]:
    """Return what is known of a model whose maps are given, from the card of its first batch."""
    return {"native_grid": grid_text(card["native_shape"])}


def grid_text(shape: Sequence[int] | None) -> str | None:
    """Return height and width of a grid as text; None where it is not known or not the same for all
    maps.
    """
    return None if shape is None else f"{shape[0]}x{shape[1]}"
