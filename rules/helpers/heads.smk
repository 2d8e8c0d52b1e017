"""Inputs and parameters of the rules of heads."""

ALIGNS = PLAN.pruning is not None and PLAN.pruning.by == "ais_alignment"


def pruning_key(key):
    """Return a key of `pruning`, if the config has that section."""
    return getattr(PLAN.pruning, key, None)


def original_of(wildcards):
    """Return the model that a pruned variant was."""
    return MODELS[wildcards.model].pruned_from


def draw_of(wildcards):
    """Return the number of a pruned variant."""
    return MODELS[wildcards.model].draw


def channels_of_original(wildcards):
    """Return the ranked channels of the model that a pruned variant was."""
    return f"results/pruning/{original_of(wildcards)}/channels.csv"


def sidecar_of_original(wildcards):
    """Return the sidecar of the model that a pruned variant was."""
    return f"results/checkpoints/{original_of(wildcards)}.json"


def similarity_if(needed):
    """Return the human similarities between images, if they are needed and given."""
    return user_file(PLAN.images.similarity) if needed else []
