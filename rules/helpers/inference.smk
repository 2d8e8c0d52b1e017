"""Inputs and parameters of the rules of inference."""

# Methods of which metrics are correlated, to count those of one ranking once.
CORRELATED = [method for method in METHODS if len(PLAN.metrics_of(method)) > 1]

# Methods whose explanations are run again, and their matrices that findings use.
AGAIN = [name for methods in PLAN.explained_again.values() for name in methods]
MODELS_AGAIN = {
    run: [model for model in PLAN.explained[run] if model in PLAN.predicting]
    for run in PLAN.explained_again
}
AGAIN_KEYS = [
    key for key in COMPUTED_KEYS if key.method in AGAIN and key.subset == PLAN.first_subset
]
AGAIN_METRICS = {
    key.metric: [PLAN.metrics[key.metric].metric, PLAN.metrics[key.metric].options]
    for key in AGAIN_KEYS
}
AGAIN_CODE = sorted({f"lookalike/metrics/{metric}.py" for metric, _ in AGAIN_METRICS.values()})


def models_again(method):
    """Return the independent models that a method explains."""
    return MODELS_AGAIN[METHODS[method].explanation]


def tables_of_method(wildcards):
    """Return the tables of images of all metrics of a method, over its first subset."""
    subset = METHODS[wildcards.method].subsets[0]
    metrics = PLAN.metrics_of(wildcards.method)
    return [f"results/matrices/{wildcards.method}/{name}/{subset}/images.npz" for name in metrics]


def metrics_of_method(wildcards):
    """Return the metrics of a method, in the order of their tables."""
    return PLAN.metrics_of(wildcards.method)


def matrices_of_subset(wildcards):
    """Return all matrices over a subset of the images."""
    return every_matrix(f"{MATRIX}/dissimilarity.csv", subset=wildcards.subset)


def bootstraps_of_subset(wildcards):
    """Return the bootstrap replicates of all matrices over a subset."""
    return every_matrix(f"{MATRIX}/bootstrap.npz", subset=wildcards.subset)


def keys_of_subset(wildcards):
    """Return the matrices over a subset, in the order of their files."""
    return text_of(PLAN.keys_of(subset=wildcards.subset))
