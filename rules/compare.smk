"""Comparison: every pair of models on every image, then the images summarised."""


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


def given_matrix(wildcards):
    """Return a user-supplied matrix."""
    return user_file(PLAN.matrices[wildcards.metric]["path"])


def given_matrix_content(wildcards):
    """Return a hash of a user-supplied matrix."""
    return content_of(PLAN.matrices[wildcards.metric]["path"])


def given_matrix_kind(wildcards):
    """Return whether a user-supplied matrix holds dissimilarities or similarities."""
    return PLAN.matrices[wildcards.metric]["kind"]


rule compare_models:
    """Compare two blocks of models image by image, with the chance values of all pairs."""
    input:
        a=batches_a,
        b=batches_b,
    output:
        pairs="results/pairs/{method}/{metric}/{a}~{b}.npz",
    log:
        "logs/pairs/{method}/{metric}/{a}~{b}.log",
    benchmark:
        "benchmarks/pairs/{method}/{metric}/{a}~{b}.tsv"
    conda:
        "../envs/compare.yaml"
    params:
        seed=PLAN.seed,
        a=block_a,
        b=block_b,
        metric=metric_of,
        options=metric_options,
        source=metric_code,
    script:
        "../scripts/compare_models.py"


rule aggregate_matrix:
    """Summarise the images of every pair into matrices, with bootstrap intervals."""
    input:
        pairs=pair_files,
        predictions=predictions_if_agreeing,
    output:
        table=f"{MATRIX}/images.npz",
        mean=f"{MATRIX}/mean.csv",
        std=f"{MATRIX}/std.csv",
        n=f"{MATRIX}/n.csv",
        dissimilarity=table(
            f"{MATRIX}/dissimilarity.csv",
            "dissimilarity",
            method="{method}",
            metric="{metric}",
            images="{subset}",
        ),
        low=f"{MATRIX}/low.csv",
        high=f"{MATRIX}/high.csv",
        chance=f"{MATRIX}/chance.csv",
        calibrated=f"{MATRIX}/calibrated.csv",
        raw=f"{MATRIX}/raw.csv",
        bootstrap=f"{MATRIX}/bootstrap.npz",
    log:
        "logs/matrices/{method}/{metric}/{subset}.log",
    benchmark:
        "benchmarks/matrices/{method}/{metric}/{subset}.tsv"
    wildcard_constraints:
        method=one_of(METHODS),
    conda:
        "../envs/compare.yaml"
    params:
        seed=PLAN.seed,
        key=key_of,
        models=models_of_method,
        metric=metric_of,
        originals=originals_of,
        aggregate=PLAN.aggregate,
        resamples=PLAN.inference.bootstrap,
        source=fingerprint("scripts/aggregate_matrix.py"),
    script:
        "../scripts/aggregate_matrix.py"


rule import_matrix:
    """Take a user-supplied matrix, as one of the method `imported`."""
    input:
        given=given_matrix,
    output:
        dissimilarity=f"results/matrices/{GIVEN_MATRICES}/{{metric}}/all/dissimilarity.csv",
        bootstrap=f"results/matrices/{GIVEN_MATRICES}/{{metric}}/all/bootstrap.npz",
    log:
        f"logs/matrices/{GIVEN_MATRICES}/{{metric}}/all.log",
    wildcard_constraints:
        metric=one_of(PLAN.matrices),
    conda:
        "../envs/compare.yaml"
    params:
        contents=given_matrix_content,
        kind=given_matrix_kind,
        source=fingerprint("scripts/import_matrix.py"),
    script:
        "../scripts/import_matrix.py"
