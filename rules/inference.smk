"""Inference: what the numbers can carry."""


rule compare_replicates:
    """Compare the dissimilarity of each model and its replicate with that of the other pairs."""
    input:
        matrices=every_matrix(f"{MATRIX}/dissimilarity.csv", computed=True),
        numbers=every_matrix(f"{MATRIX}/n.csv", computed=True),
        bootstraps=every_matrix(f"{MATRIX}/bootstrap.npz", computed=True),
    output:
        replicates=table("results/inference/replicates.csv", "replicates", table="replicates"),
        seeds=table("results/inference/seeds.csv", "seeds", table="seeds"),
    log:
        "logs/inference/replicates.log",
    conda:
        "../envs/compare.yaml"
    resources:
        mem_mb=memory_of("compare_replicates"),
        runtime=minutes_of("compare_replicates"),
    params:
        matrices=text_of(COMPUTED_KEYS),
        replicates=PLAN.replicates,
        variants=PLAN.pruned,
        source=fingerprint("scripts/compare_replicates.py"),
    script:
        "../scripts/compare_replicates.py"


rule correlate_metrics:
    """Correlate the rankings of all metrics of a method, to find those that say the same."""
    input:
        tables=tables_of_method,
    output:
        correlations="results/inference/redundancy/{method}.csv",
    log:
        "logs/inference/redundancy/{method}.log",
    conda:
        "../envs/compare.yaml"
    resources:
        mem_mb=memory_of("correlate_metrics"),
        runtime=minutes_of("correlate_metrics"),
    params:
        metrics=metrics_of_method,
        source=fingerprint("scripts/correlate_metrics.py"),
    script:
        "../scripts/correlate_metrics.py"


rule test_structure:
    """Test whether maps depend on the image, and models are more than exchangeable labels."""
    input:
        table=f"{MATRIX}/images.npz",
        units=UNITS,
    output:
        structure="results/inference/structure/{method}/{metric}/{subset}.csv",
        influence="results/inference/influence/{method}/{metric}/{subset}.csv",
    log:
        "logs/inference/structure/{method}/{metric}/{subset}.log",
    benchmark:
        "benchmarks/inference/structure/{method}/{metric}/{subset}.tsv"
    wildcard_constraints:
        method=methods_of(COMPUTED_KEYS),
    conda:
        "../envs/compare.yaml"
    resources:
        mem_mb=memory_of("test_structure"),
        runtime=minutes_of("test_structure"),
    params:
        seed=PLAN.seed,
        key=key_of,
        metric=metric_of,
        dependent=PLAN.dependent,
        aggregate=PLAN.aggregate,
        resamples=PLAN.inference.bootstrap,
        permutations=PLAN.permutations,
        source=fingerprint("scripts/test_structure.py"),
    script:
        "../scripts/test_structure.py"


rule measure_explainer_error:
    """Compare maps of the same model and image, explained twice, with those of different models."""
    input:
        again=[
            f"results/maps/{run}/{model}/again.npz"
            for run, models in MODELS_AGAIN.items()
            for model in models
        ],
        batches=[path for name in AGAIN for path in batches(name, models_again(name))],
        cards=[path for name in AGAIN for path in batch_cards(name, models_again(name))],
        tables=fill(f"{MATRIX}/images.npz", AGAIN_KEYS),
    output:
        error=table("results/inference/explainer_error.csv", "explainer_error", table="error"),
    log:
        "logs/inference/explainer_error.log",
    benchmark:
        "benchmarks/inference/explainer_error.tsv"
    conda:
        "../envs/compare.yaml"
    resources:
        mem_mb=memory_of("measure_explainer_error"),
        runtime=minutes_of("measure_explainer_error"),
    params:
        seed=PLAN.seed,
        runs=PLAN.explained_again,
        models=MODELS_AGAIN,
        matrices=text_of(AGAIN_KEYS),
        metrics=AGAIN_METRICS,
        dependent=PLAN.dependent,
        resamples=PLAN.inference.bootstrap,
        source=fingerprint("scripts/measure_explainer_error.py", *AGAIN_CODE),
    script:
        "../scripts/measure_explainer_error.py"


rule compare_predictions:
    """Measure for every two models on which share of the images they predict differently."""
    input:
        predictions=expand("results/predictions/{model}.npz", model=PLAN.predicting),
    output:
        disagreement="results/inference/disagreement.csv",
    log:
        "logs/inference/disagreement.log",
    conda:
        "../envs/compare.yaml"
    resources:
        mem_mb=memory_of("compare_predictions"),
        runtime=minutes_of("compare_predictions"),
    params:
        models=PLAN.predicting,
        scores=PLAN.predicts_scores,
        source=fingerprint("scripts/compare_predictions.py"),
    script:
        "../scripts/compare_predictions.py"


rule test_factors:
    """Test which factors of the models go with the matrices, and tabulate what rests on which
    images and classes."""
    input:
        matrices=every_matrix(f"{MATRIX}/dissimilarity.csv"),
        numbers=every_matrix(f"{MATRIX}/n.csv"),
        bootstraps=every_matrix(f"{MATRIX}/bootstrap.npz"),
        models="results/models.csv",
        disagreement="results/inference/disagreement.csv" if PLAN.predicting else [],
        tables=every_matrix(f"{MATRIX}/images.npz", computed=True),
        units=UNITS if COMPUTED_KEYS else [],
        structure="results/inference/structure.csv" if COMPUTED_KEYS else [],
        influence=every_matrix(
            "results/inference/influence/{method}/{metric}/{subset}.csv", computed=True
        ),
    output:
        factors=table("results/inference/factors.csv", "tests", table="factors"),
        influence=table("results/inference/influence.csv", "influence", table="influence"),
    log:
        "logs/inference/factors.log",
    benchmark:
        "benchmarks/inference/factors.tsv"
    conda:
        "../envs/compare.yaml"
    resources:
        mem_mb=memory_of("test_factors"),
        runtime=minutes_of("test_factors"),
    params:
        seed=PLAN.seed,
        matrices=text_of(PLAN.keys),
        dependent=PLAN.dependent,
        factors=PLAN.factors,
        aggregate=PLAN.aggregate,
        hypotheses=PLAN.inference.hypotheses,
        permutations=PLAN.inference.permutations,
        enough=PLAN.permutations,
        source=fingerprint("scripts/test_factors.py"),
    script:
        "../scripts/test_factors.py"


rule tabulate_tests:
    """Bring the tests of structure into one table, and correct those reported together."""
    input:
        tests=every_matrix(
            "results/inference/structure/{method}/{metric}/{subset}.csv", computed=True
        ),
        redundancy=expand("results/inference/redundancy/{method}.csv", method=CORRELATED),
    output:
        tests=table("results/inference/structure.csv", "tests", table="structure"),
    log:
        "logs/inference/structure.log",
    conda:
        "../envs/compare.yaml"
    resources:
        mem_mb=memory_of("tabulate_tests"),
        runtime=minutes_of("tabulate_tests"),
    params:
        matrices=text_of(COMPUTED_KEYS),
        correlated=CORRELATED,
        source=fingerprint("scripts/tabulate_tests.py"),
    script:
        "../scripts/tabulate_tests.py"


rule compare_matrices:
    """Compare all matrices over one subset with one another, and their trees."""
    input:
        matrices=matrices_of_subset,
        bootstraps=bootstraps_of_subset,
        redundancy=expand("results/inference/redundancy/{method}.csv", method=CORRELATED),
    output:
        agreement="results/inference/agreement/{subset}.csv",
    log:
        "logs/inference/agreement/{subset}.log",
    benchmark:
        "benchmarks/inference/agreement/{subset}.tsv"
    conda:
        "../envs/compare.yaml"
    resources:
        mem_mb=memory_of("compare_matrices"),
        runtime=minutes_of("compare_matrices"),
    params:
        seed=PLAN.seed,
        matrices=keys_of_subset,
        correlated=CORRELATED,
        dependent=PLAN.dependent,
        linkage=LINKAGES[0],
        permutations=PLAN.inference.permutations,
        source=fingerprint("scripts/compare_matrices.py"),
    script:
        "../scripts/compare_matrices.py"
