"""Comparison: every pair of models on every image, then the images summarised."""


rule compare_models:
    """Compare two blocks of models image by image, with chance values beside."""
    input:
        a=lambda wildcards: batches(wildcards.method, BLOCKS[wildcards.method][wildcards.a]),
        b=lambda wildcards: batches(wildcards.method, BLOCKS[wildcards.method][wildcards.b]),
    output:
        pairs="results/pairs/{method}/{metric}/{a}~{b}.npz",
    log:
        "logs/pairs/{method}/{metric}/{a}~{b}.log",
    conda:
        "../envs/compare.yaml"
    params:
        seed=SEED,
        a=lambda wildcards: BLOCKS[wildcards.method][wildcards.a],
        b=lambda wildcards: BLOCKS[wildcards.method][wildcards.b],
        metric=lambda wildcards: METRICS[wildcards.metric]["metric"],
        options=lambda wildcards: METRICS[wildcards.metric]["options"],
        source=lambda wildcards: fingerprint("scripts/compare_models.py", f"lookalike/metrics/{METRICS[wildcards.metric]['metric']}.py"),
    script:
        "../scripts/compare_models.py"


rule aggregate_matrix:
    """Summarise the images of every pair into matrices, with bootstrap intervals."""
    input:
        pairs=pair_files,
        predictions=predictions_if_agreeing,
    output:
        mean="results/matrices/{method}/{metric}/{subset}/mean.csv",
        std="results/matrices/{method}/{metric}/{subset}/std.csv",
        n="results/matrices/{method}/{metric}/{subset}/n.csv",
        dissimilarity="results/matrices/{method}/{metric}/{subset}/dissimilarity.csv",
        low="results/matrices/{method}/{metric}/{subset}/low.csv",
        high="results/matrices/{method}/{metric}/{subset}/high.csv",
        chance="results/matrices/{method}/{metric}/{subset}/chance.csv",
        calibrated="results/matrices/{method}/{metric}/{subset}/calibrated.csv",
        raw="results/matrices/{method}/{metric}/{subset}/raw.csv",
        bootstrap="results/matrices/{method}/{metric}/{subset}/bootstrap.npz",
    log:
        "logs/matrices/{method}/{metric}/{subset}.log",
    wildcard_constraints:
        method=one_of(METHODS),
    conda:
        "../envs/compare.yaml"
    params:
        seed=SEED,
        metric=lambda wildcards: METRICS[wildcards.metric]["metric"],
        originals=lambda wildcards: {name: MODELS[name]["replicate_of"] or name for name in METHODS[wildcards.method]["models"]},
        aggregate=config["aggregate"],
        resamples=config["inference"]["bootstrap"],
        source=fingerprint("scripts/aggregate_matrix.py"),
    script:
        "../scripts/aggregate_matrix.py"


rule import_matrix:
    """Take somebody's matrix of dissimilarities or similarities, as one of the method `imported`, with no bootstrap replicates."""
    input:
        given=lambda wildcards: config["matrices"][wildcards.metric]["path"],
    output:
        dissimilarity=f"results/matrices/{GIVEN_MATRICES}/{{metric}}/all/dissimilarity.csv",
        bootstrap=f"results/matrices/{GIVEN_MATRICES}/{{metric}}/all/bootstrap.npz",
    log:
        f"logs/matrices/{GIVEN_MATRICES}/{{metric}}.log",
    wildcard_constraints:
        metric=one_of(config["matrices"]),
    conda:
        "../envs/compare.yaml"
    params:
        kind=lambda wildcards: config["matrices"][wildcards.metric]["kind"],
        source=fingerprint("scripts/import_matrix.py"),
    script:
        "../scripts/import_matrix.py"
