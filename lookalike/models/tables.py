"""The table of models: what the config says of them, and what was measured."""

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


def tabulate_models(models, measured):
    """Return the rows of `models.csv`.

    Parameters
    ----------
    models : dict
        From a name to `timm`, `family`, `replicate_of`, `pruned_from` and `factors` of the config;
        each factor becomes a column.
    measured : dict
        From a name to what `measure_model` or `measure_maps` returned.

    Returns
    -------
    list of dict
        None where something is not known.
    """
    factors = dict.fromkeys(factor for about in models.values() for factor in about["factors"])
    rows = []
    for name, about in models.items():
        given = (
            {"model": name}
            | {key: about[key] for key in GIVEN[1:]}
            | {factor: about["factors"].get(factor) for factor in factors}
        )
        rows.append(given | dict.fromkeys(MEASURED) | measured[name])
    return rows


def measure_model(sidecar, predictions, layer):
    """Return what is measured of a model that runs here.

    Parameters
    ----------
    sidecar : dict
        Of the checkpoint.
    predictions : dict of ndarray
        On the explained images.
    layer : dict
        `layer`, `channels` and `grid` of its target layer, as text; empty where there is none.

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
        "native_grid": layer["grid"],
        "classes": None if "head" in sidecar else len(sidecar["classes"]),
        "accuracy_before": accuracy["before"],
        "accuracy": accuracy["after"],
        "explained_accuracy": float(hits.mean()) if knows_labels else None,
    }


def measure_maps(card):
    """Return what is measured of a model whose maps are given, from the card of its first batch."""
    return {"native_grid": grid_text(card["native_shape"])}


def grid_text(shape):
    """Return height and width of a grid as text; None where it is not known or differs from map to
    map.
    """
    return None if shape is None else f"{shape[0]}x{shape[1]}"
