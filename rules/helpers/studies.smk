"""Inputs and parameters of the rules of studies."""

# Maps of its own, or those of every method.
VALIDATED = ["given"] if PLAN.validation.maps else list(METHODS)
POWER = "results/studies/power/{method}/{metric}/{subset}"
# Matrices whose images and models are the pilot.
POWERED = PLAN.keys_of(computed=True, subset=PLAN.first_subset) if "power" in PLAN.studies else []


def validated_maps(wildcards):
    """Return the maps whose classes are to be told apart."""
    if PLAN.validation.maps:
        return [user_file(PLAN.validation.maps)]
    models = METHODS[wildcards.source].models
    return [raw_maps_of(wildcards.source, model) for model in models]


def title_of_power(wildcards):
    """Return the title of the figure of one pilot."""
    return f"power, with {wildcards.method}, {wildcards.metric} as the pilot"
