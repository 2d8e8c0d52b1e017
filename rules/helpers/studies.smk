"""Inputs and parameters of the rules of studies."""

# Maps of its own, or those of every method.
VALIDATED = ["given"] if PLAN.validation.maps else list(METHODS)


def validated_maps(wildcards):
    """Return the maps whose classes are to be told apart."""
    if PLAN.validation.maps:
        return [user_file(PLAN.validation.maps)]
    models = METHODS[wildcards.source].models
    return [raw_maps_of(wildcards.source, model) for model in models]
