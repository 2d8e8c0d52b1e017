"""Inputs and parameters of the rules of models."""


def facts_of_models():
    """Return what models.csv says of every model without looking at it."""
    columns = ("timm", "family", "replicate_of", "pruned_from", "factors", "layer")
    return {
        name: {column: getattr(model, column) for column in columns}
        for name, model in MODELS.items()
    }
