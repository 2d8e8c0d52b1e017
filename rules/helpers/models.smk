"""Inputs and parameters of the rules of models."""


def cards_of_given():
    """Return the cards of the user-supplied maps of each model, by one of its methods; of many
    models, the folders that hold them.
    """
    found = []
    for model in PLAN.given:
        names = sorted(MODELS[model].maps, key=lambda name: name not in MANY_BLOCKS)
        found += batch_cards(names[0], [model]) or batches(names[0], [model])
    return list(dict.fromkeys(found))


def facts_of_models():
    """Return what models.csv says of every model without looking at it."""
    columns = ("timm", "family", "replicate_of", "pruned_from", "factors", "layer")
    return {
        name: {column: getattr(model, column) for column in columns}
        for name, model in MODELS.items()
    }
