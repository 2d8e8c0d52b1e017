"""Comparison: every pair of models on every image, then the images summarised."""


rule compare_models:
    """Compare two blocks of models image by image, with the chance values of all pairs."""
    input:
        a=batches_a,
        b=batches_b,
        cards_a=cards_a,
        cards_b=cards_b,
    output:
        pairs="results/pairs/{method}/{metric}/{a}~{b}.npz",
    log:
        "logs/pairs/{method}/{metric}/{a}~{b}.log",
    benchmark:
        "benchmarks/pairs/{method}/{metric}/{a}~{b}.tsv"
    conda:
        "../envs/compare.yaml"
    resources:
        mem_mb=memory_of("compare_models"),
        runtime=minutes_of("compare_models"),
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
        units=UNITS,
        audits=audits_of_method,
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
        calibrated_low=f"{MATRIX}/calibrated_low.csv",
        calibrated_high=f"{MATRIX}/calibrated_high.csv",
        raw=f"{MATRIX}/raw.csv",
        design_effect=f"{MATRIX}/design_effect.csv",
        bootstrap=f"{MATRIX}/bootstrap.npz",
    log:
        "logs/matrices/{method}/{metric}/{subset}.log",
    benchmark:
        "benchmarks/matrices/{method}/{metric}/{subset}.tsv"
    wildcard_constraints:
        method=methods_of(COMPUTED_KEYS),
    conda:
        "../envs/compare.yaml"
    resources:
        mem_mb=memory_of("aggregate_matrix"),
        runtime=minutes_of("aggregate_matrix"),
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
    """Take a user-supplied matrix as dissimilarities, with notes on what was not taken as it is."""
    input:
        given=given_matrix,
    output:
        dissimilarity=f"{MATRIX}/dissimilarity.csv",
        n=f"{MATRIX}/n.csv",
        notes=f"{MATRIX}/notes.json",
        bootstrap=f"{MATRIX}/bootstrap.npz",
    log:
        "logs/matrices/{method}/{metric}/{subset}.log",
    wildcard_constraints:
        method=methods_of(GIVEN_KEYS),
    conda:
        "../envs/compare.yaml"
    resources:
        mem_mb=memory_of("import_matrix"),
        runtime=minutes_of("import_matrix"),
    params:
        contents=given_matrix_content,
        kind=given_matrix_kind,
        names=given_matrix_names,
        n=given_matrix_images,
        source=fingerprint("scripts/import_matrix.py"),
    script:
        "../scripts/import_matrix.py"
