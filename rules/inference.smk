"""Inference: what the numbers can carry."""


rule compare_replicates:
    """Compare the dissimilarity of each model and its replicate with that of the other pairs."""
    input:
        matrices=every_matrix("results/matrices/{method}/{metric}/{subset}/dissimilarity.csv", computed=True),
        numbers=every_matrix("results/matrices/{method}/{metric}/{subset}/n.csv", computed=True),
        bootstraps=every_matrix("results/matrices/{method}/{metric}/{subset}/bootstrap.npz", computed=True),
    output:
        replicates="results/inference/replicates.csv",
    log:
        "logs/inference/replicates.log",
    conda:
        "../envs/compare.yaml"
    params:
        replicates={name: MODELS[name]["replicate_of"] for name in REPLICATES},
        variants=PRUNED,
        source=fingerprint("scripts/compare_replicates.py"),
    script:
        "../scripts/compare_replicates.py"


rule correlate_metrics:
    """Correlate the rankings of all metrics of a method, to find those that say the same."""
    input:
        pairs=lambda wildcards: [pair for metric in metrics_of(wildcards.method) for pair in pair_files_of(wildcards.method, metric)],
    output:
        correlations="results/inference/redundancy/{method}.csv",
    log:
        "logs/inference/redundancy/{method}.log",
    conda:
        "../envs/compare.yaml"
    params:
        source=fingerprint("scripts/correlate_metrics.py"),
    script:
        "../scripts/correlate_metrics.py"


rule test_structure:
    """Test whether a matrix has any structure: whether models are more than exchangeable labels in every image."""
    input:
        pairs=pair_files,
        predictions=predictions_if_agreeing,
    output:
        structure="results/inference/structure/{method}/{metric}/{subset}.csv",
    log:
        "logs/inference/structure/{method}/{metric}/{subset}.log",
    wildcard_constraints:
        method=one_of(METHODS),
    conda:
        "../envs/compare.yaml"
    params:
        seed=SEED,
        alike=ALIKE,
        aggregate=config["aggregate"],
        permutations=PERMUTATIONS,
        source=fingerprint("scripts/test_structure.py"),
    script:
        "../scripts/test_structure.py"


rule compare_predictions:
    """Tell for every two models on which share of the images they predict differently."""
    input:
        predictions=[f"results/predictions/{model}.npz" for model in PREDICTING],
    output:
        disagreement="results/inference/disagreement.csv",
    log:
        "logs/inference/disagreement.log",
    conda:
        "../envs/compare.yaml"
    params:
        models=PREDICTING,
        scores=PREDICTS_SCORES,
        source=fingerprint("scripts/compare_predictions.py"),
    script:
        "../scripts/compare_predictions.py"


rule test_factors:
    """Test which factors of the models, and whether their predictions, go with a matrix."""
    input:
        unpack(images_behind),
        dissimilarity="results/matrices/{method}/{metric}/{subset}/dissimilarity.csv",
        models="results/models.csv",
        disagreement="results/inference/disagreement.csv" if PREDICTING else [],
    output:
        factors="results/inference/factors/{method}/{metric}/{subset}.csv",
    log:
        "logs/inference/factors/{method}/{metric}/{subset}.log",
    conda:
        "../envs/compare.yaml"
    params:
        seed=SEED,
        alike=ALIKE,
        factors=list(dict.fromkeys(factor for recipe in MODELS.values() for factor in recipe["factors"])),
        permutations=PERMUTATIONS,
        source=fingerprint("scripts/test_factors.py"),
    script:
        "../scripts/test_factors.py"


rule tabulate_tests:
    """Bring the tests of all matrices into one table, and correct those that are reported together for being several."""
    input:
        tests=lambda wildcards: tests_of(wildcards.kind),
    output:
        tests="results/inference/{kind}.csv",
    log:
        "logs/inference/{kind}.log",
    wildcard_constraints:
        kind=one_of(TESTS),
    conda:
        "../envs/compare.yaml"
    params:
        tests=lambda wildcards: TESTS[wildcards.kind]["tests"],
        family=lambda wildcards: TESTS[wildcards.kind]["family"],
        source=fingerprint("scripts/tabulate_tests.py"),
    script:
        "../scripts/tabulate_tests.py"


rule compare_matrices:
    """Compare all matrices with one another, and their trees: whether methods and metrics agree upon who is near to whom."""
    input:
        matrices=lambda wildcards: every_matrix("results/matrices/{method}/{metric}/{subset}/dissimilarity.csv", subset=wildcards.subset),
        bootstrap=lambda wildcards: every_matrix("results/matrices/{method}/{metric}/{subset}/bootstrap.npz", subset=wildcards.subset),
    output:
        agreement="results/inference/agreement/{subset}.csv",
    log:
        "logs/inference/agreement/{subset}.log",
    conda:
        "../envs/compare.yaml"
    params:
        seed=SEED,
        alike=ALIKE,
        linkage=LINKAGES[0],
        permutations=config["inference"]["permutations"],
        source=fingerprint("scripts/compare_matrices.py"),
    script:
        "../scripts/compare_matrices.py"
