"""Inputs and parameters of the rules of comparison."""


def block_a(wildcards):
    """Return the models of the first block."""
    return BLOCKS[wildcards.method][wildcards.a]


def block_b(wildcards):
    """Return the models of the second block."""
    return BLOCKS[wildcards.method][wildcards.b]


def batches_a(wildcards):
    """Return the maps of the first block."""
    return batches(wildcards.method, block_a(wildcards))


def batches_b(wildcards):
    """Return the maps of the second block."""
    return batches(wildcards.method, block_b(wildcards))


def cards_a(wildcards):
    """Return the cards of the maps of the first block."""
    return batch_cards(wildcards.method, block_a(wildcards))


def cards_b(wildcards):
    """Return the cards of the maps of the second block."""
    return batch_cards(wildcards.method, block_b(wildcards))


def metric_of(wildcards):
    """Return the metric's name in the registry."""
    return PLAN.metrics[wildcards.metric].metric


def metric_options(wildcards):
    """Return the options of a metric."""
    return PLAN.metrics[wildcards.metric].options


def metric_code(wildcards):
    """Return the fingerprint of a comparison by a metric."""
    return fingerprint("scripts/compare_models.py", f"lookalike/metrics/{metric_of(wildcards)}.py")


def predictions_if_agreeing(wildcards):
    """Return the predictions that decide which images belong to a subset."""
    models = METHODS[wildcards.method].models if wildcards.subset == "agreeing" else []
    return [f"results/predictions/{model}.npz" for model in models]


def originals_of(wildcards):
    """Return for each model the one that it is a replicate of, or itself."""
    models = METHODS[wildcards.method].models
    return {name: PLAN.replicates.get(name, name) for name in models}


def is_computed(wildcards):
    """Return whether a matrix is not user-supplied."""
    return tuple(key_of(wildcards)) not in GIVEN_KEYS


def metric_if_computed(wildcards):
    """Return the metric's name in the registry, which that of a user-supplied matrix is not."""
    return metric_of(wildcards) if is_computed(wildcards) else ""


def table_of_images(wildcards):
    """Return the values of single images, which a user-supplied matrix does not have."""
    method, metric, subset = key_of(wildcards)
    return (
        f"results/matrices/{method}/{metric}/{subset}/images.npz" if is_computed(wildcards) else []
    )


def given_matrix_of(wildcards):
    """Return what the config says of a user-supplied matrix."""
    return GIVEN_KEYS[wildcards.method, wildcards.metric, wildcards.subset]


def given_matrix(wildcards):
    """Return a user-supplied matrix."""
    return user_file(given_matrix_of(wildcards).path)


def given_matrix_content(wildcards):
    """Return a hash of a user-supplied matrix."""
    return content_of(given_matrix_of(wildcards).path)


def given_matrix_kind(wildcards):
    """Return whether a user-supplied matrix holds dissimilarities or similarities."""
    return given_matrix_of(wildcards).kind


def given_matrix_names(wildcards):
    """Return the names of the models that a user-supplied matrix holds none of, if it does not."""
    return given_matrix_of(wildcards).names


def given_matrix_images(wildcards):
    """Return the number of images behind a user-supplied matrix, if it is known."""
    return given_matrix_of(wildcards).n
