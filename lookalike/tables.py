"""Tables about models."""


def describe_model(name, about, sidecar, predictions):
    """Return a model's row of `models.csv`.

    Parameters
    ----------
    name : str
    about : dict
        `timm`, `family` and `replicate_of` of the config.
    sidecar : dict
        Of the checkpoint.
    predictions : dict of ndarray
        On the explained images.

    Returns
    -------
    dict
        Accuracies are on the validation split, `explained_accuracy` on the explained images; None where not known.
    """
    accuracy = sidecar["accuracy"] or {"before": None, "after": None}
    hits = predictions["classes"][predictions["predicted"]] == predictions["labels"]
    knows_labels = set(predictions["labels"].tolist()) <= set(predictions["classes"].tolist())
    return {
        "model": name,
        **about,
        "parameters": sidecar["parameters"],
        "classes": len(sidecar["classes"]),
        "accuracy_before": accuracy["before"],
        "accuracy": accuracy["after"],
        "explained_accuracy": float(hits.mean()) if knows_labels else None,
    }
